import { Type } from 'typebox';
import { Reply, endpoint, nextLink, pageOf, type Endpoint } from '../../http/index.ts';
import { filterOf } from '../app/filter.ts';
import type { Images } from '../app/image.ts';
import { imageView } from '../app/view.ts';
import { IMPORT_METHODS, STORE } from '../schemas/import.ts';
import { ImageCreate, ImageList, ImagePatch, ImageView } from '../schemas/image.ts';

const DEFAULT_PAGE = 25;
const MAX_PAGE = 1000;

/** Images: what is written down about them (api-ref: image/v2, 'Images' and 'Image tags'). */
export const imageEndpoints = (images: Images): readonly Endpoint[] => [
  endpoint({
    id: 'images:list',
    method: 'GET',
    path: '/images',
    policy: 'get_images',
    query: Type.Record(Type.String(), Type.String()),
    response: ImageList,
    ok: 200,
    handler: ({ auth, query, queryAll }) => {
      const page = pageOf(query, { max: MAX_PAGE, zeroIsEmpty: true });
      const limit = query['limit'] === undefined ? DEFAULT_PAGE : page.limit;
      const { images: found, next } = images.list(filterOf(auth, query, queryAll), { ...page, limit });
      const { marker: _marker, ...first } = query;
      const firstQuery = new URLSearchParams(first).toString();
      return {
        images: found.map(imageView),
        first: firstQuery === '' ? '/v2/images' : `/v2/images?${firstQuery}`,
        ...(next === undefined ? {} : { next: nextLink('', '/v2/images', query, next) }),
        schema: '/v2/schemas/images',
      };
    },
  }),
  endpoint({
    id: 'images:create',
    method: 'POST',
    path: '/images',
    policy: 'add_image',
    body: ImageCreate,
    response: ImageView,
    ok: 201,
    handler: ({ auth, body, may, base }) => {
      const image = images.create(auth, body, may);
      return new Reply({
        body: imageView(image),
        headers: {
          location: `${base}/images/${image.id}`,
          'openstack-image-import-methods': IMPORT_METHODS.join(','),
          'openstack-image-store-ids': STORE,
        },
      });
    },
  }),
  endpoint({
    id: 'images:show',
    method: 'GET',
    path: '/images/{image_id}',
    policy: 'get_image',
    response: ImageView,
    ok: 200,
    target: ({ auth, params }) => images.get(auth, params.image_id),
    handler: ({ target }) => imageView(target),
  }),
  endpoint({
    id: 'images:update',
    method: 'PATCH',
    path: '/images/{image_id}',
    policy: 'modify_image',
    body: ImagePatch,
    response: ImageView,
    ok: 200,
    target: ({ auth, params }) => images.getOwn(auth, params.image_id),
    handler: ({ auth, params, body, may }) => imageView(images.patch(auth, params.image_id, body, may)),
  }),
  endpoint({
    id: 'images:delete',
    method: 'DELETE',
    path: '/images/{image_id}',
    policy: 'delete_image',
    ok: 204,
    target: ({ auth, params }) => images.getOwn(auth, params.image_id),
    handler: ({ auth, params }) => images.delete(auth, params.image_id),
  }),
  ...([true, false] as const).map((active) =>
    endpoint({
      id: active ? 'images:reactivate' : 'images:deactivate',
      method: 'POST',
      path: active ? '/images/{image_id}/actions/reactivate' : '/images/{image_id}/actions/deactivate',
      policy: active ? 'reactivate' : 'deactivate',
      ok: 204,
      target: ({ auth, params }) => images.getOwn(auth, params.image_id),
      handler: ({ auth, params }) => images.setActive(auth, params.image_id, active),
    }),
  ),
  endpoint({
    id: 'image-tags:add',
    method: 'PUT',
    path: '/images/{image_id}/tags/{tag}',
    policy: 'modify_image',
    ok: 204,
    target: ({ auth, params }) => images.getOwn(auth, params.image_id),
    handler: ({ auth, params }) => images.addTag(auth, params.image_id, params.tag),
  }),
  endpoint({
    id: 'image-tags:remove',
    method: 'DELETE',
    path: '/images/{image_id}/tags/{tag}',
    policy: 'modify_image',
    ok: 204,
    target: ({ auth, params }) => images.getOwn(auth, params.image_id),
    handler: ({ auth, params }) => images.removeTag(auth, params.image_id, params.tag),
  }),
];
