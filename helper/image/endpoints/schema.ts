import { endpoint, type Endpoint } from '../../http/index.ts';
import { CONTAINER_FORMATS, DISK_FORMATS, ImageView } from '../schemas/image.ts';
import { SchemaDocument } from '../schemas/document.ts';
import { TaskView } from '../schemas/import.ts';
import { MemberView } from '../schemas/member.ts';
import { AssociationView, NamespaceView, ObjectView, PropertyView, TagView } from '../schemas/metadef.ts';

interface Document {
  readonly name: string;
  readonly properties: object;
  readonly [more: string]: unknown;
}

const links = [
  { rel: 'self', href: '{self}' },
  { rel: 'describedby', href: '{schema}' },
];

/** The schema of one image, as clients read it to learn which attributes there are. */
const image: Document = {
  name: 'image',
  properties: {
    ...ImageView.properties,
    disk_format: { ...ImageView.properties.disk_format, enum: [null, ...DISK_FORMATS] },
    container_format: { ...ImageView.properties.container_format, enum: [null, ...CONTAINER_FORMATS] },
  },
  additionalProperties: { type: 'string' },
  links: [...links, { rel: 'enclosure', href: '{file}' }],
};

/** The schema of one thing, from that of its answers. */
const one = (name: string, view: { readonly properties: object }): Document => ({
  name,
  properties: view.properties,
  additionalProperties: false,
});

/** The schema of a page of things. */
const page = (name: string, items: Document, key = name): Document => ({
  name,
  properties: {
    [key]: { type: 'array', items },
    first: { type: 'string' },
    next: { type: 'string' },
    schema: { type: 'string' },
  },
  links: [
    { rel: 'first', href: '{first}' },
    { rel: 'next', href: '{next}' },
    { rel: 'describedby', href: '{schema}' },
  ],
});

const member = one('member', MemberView);
const task = one('task', TaskView);
const namespace = one('namespace', NamespaceView);
const association = one('resource_type_association', AssociationView);
const object = one('object', ObjectView);
const property = one('property', PropertyView);
const tag = one('tag', TagView);

const DOCUMENTS: Readonly<Record<string, Document>> = {
  image,
  images: page('images', image),
  member,
  members: page('members', member),
  task,
  tasks: page('tasks', task),
  'metadefs/namespace': namespace,
  'metadefs/namespaces': page('namespaces', namespace),
  'metadefs/resource_type': association,
  'metadefs/resource_types': page('resource_type_associations', association),
  'metadefs/object': object,
  'metadefs/objects': page('objects', object),
  'metadefs/property': property,
  'metadefs/properties': {
    name: 'properties',
    properties: { properties: { type: 'object', additionalProperties: property } },
  },
  'metadefs/tag': tag,
  'metadefs/tags': page('tags', tag),
};

/** JSON schemas of the API's own bodies (api-ref: image/v2, 'Image Schemas'; v2-metadefs, 'Schemas'). */
export const schemaEndpoints = (): readonly Endpoint[] =>
  Object.entries(DOCUMENTS).map(([path, document]) =>
    endpoint({
      id: `schemas:${path}`,
      method: 'GET',
      path: `/schemas/${path}`,
      policy: 'get_images',
      response: SchemaDocument,
      ok: 200,
      handler: () => document,
    }),
  );
