import { admin, either, projectMember, projectReader, type Check, type PolicyRules } from '../http/index.ts';

const isMember: Check = (auth, target) =>
  auth.projectId !== undefined && target['member_id'] === auth.projectId;

/** An image that the caller may see: its own project's, a public or community one, or one shared with its project. */
const visible: Check = (auth, target) =>
  projectReader(auth, target) ||
  (auth.roles.has('reader') &&
    (target['visibility'] === 'public' || target['visibility'] === 'community' || isMember(auth, target)));

/** A namespace that the caller may see: its own project's or a public one. */
const seesNamespace: Check = (auth, target) =>
  projectReader(auth, target) || (auth.roles.has('reader') && target['visibility'] === 'public');
const reader: Check = either(admin, (auth) => auth.roles.has('reader'));

/** glance/policies/metadef.py of upstream. */
const metadefRules: PolicyRules = {
  get_metadef_namespaces: reader,
  get_metadef_namespace: seesNamespace,
  add_metadef_namespace: admin,
  modify_metadef_namespace: admin,
  delete_metadef_namespace: admin,
  get_metadef_objects: seesNamespace,
  get_metadef_object: seesNamespace,
  add_metadef_object: admin,
  modify_metadef_object: admin,
  delete_metadef_object: admin,
  get_metadef_properties: seesNamespace,
  get_metadef_property: seesNamespace,
  add_metadef_property: admin,
  modify_metadef_property: admin,
  remove_metadef_property: admin,
  get_metadef_tags: seesNamespace,
  get_metadef_tag: seesNamespace,
  add_metadef_tag: admin,
  add_metadef_tags: admin,
  modify_metadef_tag: admin,
  delete_metadef_tag: admin,
  delete_metadef_tags: admin,
  list_metadef_resource_types: reader,
  get_metadef_resource_type: seesNamespace,
  add_metadef_resource_type_association: admin,
  remove_metadef_resource_type_association: admin,
};

/** glance/policies/cache.py of upstream. */
const cacheRules: PolicyRules = { cache_list: admin, cache_image: admin, cache_delete: admin };

/** glance/policies/image.py of upstream. */
export const imageRules: PolicyRules = {
  ...metadefRules,
  ...cacheRules,
  get_images: reader,
  get_image: visible,
  add_image: projectMember,
  modify_image: projectMember,
  delete_image: projectMember,
  upload_image: projectMember,
  download_image: visible,
  publicize_image: admin,
  communitize_image: projectMember,
  set_image_owner: admin,
  add_member: projectMember,
  delete_member: projectMember,
  get_members: visible,
  get_member: visible,
  modify_member: (auth, target) =>
    auth.roles.has('admin') || (auth.roles.has('member') && isMember(auth, target)),
  copy_image: admin,
  get_tasks: projectReader,
  tasks_api_access: admin,
  stores_info_detail: admin,
  deactivate: projectMember,
  reactivate: projectMember,
  delete_image_location: admin,
};
