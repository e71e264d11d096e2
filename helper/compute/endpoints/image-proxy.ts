import { Type } from 'typebox';
import { badRequest, notFound } from '../../errors/error.ts';
import { endpoint, mv, pageOf, type Endpoint, type RequestContext } from '../../http/index.ts';
import type { ImageDetails } from '../../image/face.ts';
import type { ComputeDeps } from '../deps.ts';
import { filteredPage, imageFilter } from './image-filter.ts';
import { isoTime } from '../app/server-view.ts';
import { Links, Metadata, nullable, strict } from '../schemas/common.ts';

/** Up to here compute speaks for the image service. */
const OLD = { max: mv('2.35') } as const;

const STATUS: Readonly<Record<string, string>> = {
  active: 'ACTIVE',
  queued: 'SAVING',
  saving: 'SAVING',
  importing: 'SAVING',
  uploading: 'SAVING',
  deactivated: 'UNKNOWN',
};

const ImageLinks = Type.Array(
  Type.Object(
    { rel: Type.String(), href: Type.String(), type: Type.Optional(Type.String()) },
    { additionalProperties: false },
  ),
);
const Brief = strict({ id: Type.String(), name: nullable(Type.String()), links: ImageLinks });
const Full = Type.Object(
  {
    id: Type.String(),
    name: nullable(Type.String()),
    links: ImageLinks,
    status: Type.String(),
    created: Type.String(),
    updated: Type.String(),
    minDisk: Type.Integer(),
    minRam: Type.Integer(),
    progress: Type.Integer(),
    metadata: Type.Record(Type.String(), Type.String()),
    'OS-EXT-IMG-SIZE:size': nullable(Type.Integer()),
    server: Type.Optional(strict({ id: Type.String(), links: Links })),
  },
  { additionalProperties: false },
);
const Query = Type.Object(
  { limit: Type.Optional(Type.String()), marker: Type.Optional(Type.String()) },
  { additionalProperties: true },
);
const MetadataBody = strict({ metadata: Metadata });
const MetaBody = strict({ meta: Metadata });

const linksOf = ({ origin, base }: Pick<RequestContext, 'origin' | 'base'>, id: string) => [
  { rel: 'self', href: `${base}/images/${id}` },
  { rel: 'bookmark', href: `${origin}/compute/images/${id}` },
  { rel: 'alternate', type: 'application/vnd.openstack.image', href: `${origin}/image/images/${id}` },
];

const brief = (context: Pick<RequestContext, 'origin' | 'base'>, image: ImageDetails) => ({
  id: image.id,
  name: image.name,
  links: linksOf(context, image.id),
});

function full(context: Pick<RequestContext, 'origin' | 'base'>, image: ImageDetails) {
  const status = STATUS[image.status] ?? 'UNKNOWN';
  const server = image.properties['instance_uuid'];
  return {
    ...brief(context, image),
    status,
    created: isoTime(image.createdAt),
    updated: isoTime(image.updatedAt),
    minDisk: image.minDisk,
    minRam: image.minRam,
    progress: status === 'ACTIVE' ? 100 : 25,
    metadata: image.properties,
    'OS-EXT-IMG-SIZE:size': image.size,
    ...(server === undefined
      ? {}
      : {
          server: {
            id: server,
            links: [
              { rel: 'self', href: `${context.base}/servers/${server}` },
              { rel: 'bookmark', href: `${context.origin}/compute/servers/${server}` },
            ],
          },
        }),
  };
}

/** /images of microversions up to 2.35 (2.38 for metadata): what the image service has, in compute's words. */
export const imageProxyEndpoints = ({ db, image }: ComputeDeps): readonly Endpoint[] => {
  const policy = 'os_compute_api:images';
  const list = (context: RequestContext): readonly ImageDetails[] => {
    const query = context.query as Readonly<Record<string, string>>;
    const page = pageOf(query, { max: 1000 });
    return filteredPage(
      (part) => image.list(db, context.auth, part, query['name']),
      imageFilter(query),
      page,
    );
  };
  const change = (
    context: RequestContext,
    id: string,
    work: (old: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
  ): Readonly<Record<string, string>> => {
    const properties = work(image.show(db, context.auth, id).properties);
    image.setProperties(db, context.auth, id, properties);
    return properties;
  };
  return [
    endpoint({
      ...OLD,
      id: 'images:index',
      method: 'GET',
      path: '/images',
      policy,
      query: Query,
      response: strict({ images: Type.Array(Brief) }),
      ok: 200,
      handler: (context) => ({ images: list(context).map((one) => brief(context, one)) }),
    }),
    endpoint({
      ...OLD,
      id: 'images:detail',
      method: 'GET',
      path: '/images/detail',
      policy,
      query: Query,
      response: strict({ images: Type.Array(Full) }),
      ok: 200,
      handler: (context) => ({ images: list(context).map((one) => full(context, one)) }),
    }),
    endpoint({
      ...OLD,
      id: 'images:show',
      method: 'GET',
      path: '/images/{image_id}',
      policy,
      response: strict({ image: Full }),
      ok: 200,
      handler: (context) => ({
        image: full(context, image.show(db, context.auth, context.params.image_id)),
      }),
    }),
    endpoint({
      ...OLD,
      id: 'images:delete',
      method: 'DELETE',
      path: '/images/{image_id}',
      policy,
      ok: 204,
      handler: ({ auth, params }) => image.remove(db, auth, params.image_id),
    }),
    endpoint({
      max: mv('2.38'),
      id: 'image-metadata:index',
      method: 'GET',
      path: '/images/{image_id}/metadata',
      policy,
      response: strict({ metadata: Type.Record(Type.String(), Type.String()) }),
      ok: 200,
      handler: ({ auth, params }) => ({ metadata: image.show(db, auth, params.image_id).properties }),
    }),
    endpoint({
      max: mv('2.38'),
      id: 'image-metadata:create',
      method: 'POST',
      path: '/images/{image_id}/metadata',
      policy,
      body: MetadataBody,
      response: strict({ metadata: Type.Record(Type.String(), Type.String()) }),
      ok: 200,
      handler: (context) => ({
        metadata: change(context, context.params.image_id, (old) => ({ ...old, ...context.body.metadata })),
      }),
    }),
    endpoint({
      max: mv('2.38'),
      id: 'image-metadata:update_all',
      method: 'PUT',
      path: '/images/{image_id}/metadata',
      policy,
      body: MetadataBody,
      response: strict({ metadata: Type.Record(Type.String(), Type.String()) }),
      ok: 200,
      handler: (context) => ({
        metadata: change(context, context.params.image_id, () => context.body.metadata),
      }),
    }),
    endpoint({
      max: mv('2.38'),
      id: 'image-metadata:show',
      method: 'GET',
      path: '/images/{image_id}/metadata/{key}',
      policy,
      response: strict({ meta: Type.Record(Type.String(), Type.String()) }),
      ok: 200,
      handler: ({ auth, params }) => {
        const { properties } = image.show(db, auth, params.image_id);
        if (!Object.hasOwn(properties, params.key)) throw notFound('Metadata item was not found');
        return { meta: { [params.key]: properties[params.key] } };
      },
    }),
    endpoint({
      max: mv('2.38'),
      id: 'image-metadata:update',
      method: 'PUT',
      path: '/images/{image_id}/metadata/{key}',
      policy,
      body: MetaBody,
      response: strict({ meta: Type.Record(Type.String(), Type.String()) }),
      ok: 200,
      handler: (context) => {
        const { meta } = context.body;
        const { key, image_id } = context.params;
        const value = meta[key];
        if (value === undefined) throw badRequest('Request body and URI mismatch');
        if (Object.keys(meta).length > 1) throw badRequest('Request body contains too many items');
        change(context, image_id, (old) => ({ ...old, [key]: value }));
        return { meta: { [key]: value } };
      },
    }),
    endpoint({
      max: mv('2.38'),
      id: 'image-metadata:delete',
      method: 'DELETE',
      path: '/images/{image_id}/metadata/{key}',
      policy,
      ok: 204,
      handler: (context) => {
        const { key, image_id } = context.params;
        change(context, image_id, (old) => {
          if (!Object.hasOwn(old, key)) throw notFound('Metadata item was not found');
          return Object.fromEntries(Object.entries(old).filter(([name]) => name !== key));
        });
      },
    }),
  ];
};
