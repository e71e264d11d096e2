import { words, type Expectations } from './expectation.ts';

/** Who may do what at the image service, by upstream's default policy. */
export const IMAGE: Expectations = {
  anyone: words(`
    images:list info:import info:stores info:usage metadef-namespaces:list metadef-resource-types:list
    schemas:image schemas:images schemas:member schemas:members schemas:task schemas:tasks
    schemas:metadefs/namespace schemas:metadefs/namespaces schemas:metadefs/resource_type
    schemas:metadefs/resource_types schemas:metadefs/object schemas:metadefs/objects
    schemas:metadefs/property schemas:metadefs/properties schemas:metadefs/tag schemas:metadefs/tags`),
  reader: words(`
    images:show image-data:download members:list members:show images:tasks metadef-namespaces:show
    metadef-associations:list metadef-objects:list metadef-objects:show metadef-properties:list
    metadef-properties:show metadef-tags:list metadef-tags:show`),
  memberHere: words(`
    images:create`),
  member: words(`
    images:update images:delete image-tags:add image-tags:remove image-data:upload members:create
    members:update members:delete image-data:stage images:import images:reactivate images:deactivate`),
  adminOfSeen: words(`
    stores:delete-image metadef-namespaces:update
    metadef-namespaces:delete metadef-associations:create metadef-associations:delete
    metadef-objects:create metadef-objects:update metadef-objects:delete metadef-objects:delete-all
    metadef-properties:create metadef-properties:update metadef-properties:delete
    metadef-properties:delete-all metadef-tags:create-all metadef-tags:create metadef-tags:update
    metadef-tags:delete metadef-tags:delete-all`),
  admin: words(`
    cache:list cache:clear cache:queue cache:delete tasks:list tasks:show info:stores-detail
    metadef-namespaces:create`),
};
