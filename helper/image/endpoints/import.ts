import { forbidden, notFound, unsupportedMediaType } from '../../errors/error.ts';
import { endpoint, nextLink, pageOf, type Endpoint } from '../../http/index.ts';
import type { Images } from '../app/image.ts';
import type { Imports } from '../app/import.ts';
import type { Quotas } from '../app/quota.ts';
import { imageTaskView, taskSummary, taskView, type Tasks } from '../app/task.ts';
import {
  IMPORT_METHODS,
  ImageImport,
  ImageTaskList,
  ImportInfo,
  STORE,
  StoreList,
  TaskList,
  TaskQuery,
  TaskView,
  UsageView,
} from '../schemas/import.ts';

const store = { id: STORE, description: 'The disk of this machine', default: 'true' };

/** Import, its tasks, and what the service says of itself (api-ref: image/v2, 'Interoperable image import', 'Tasks'). */
export const importEndpoints = (
  images: Images,
  imports: Imports,
  tasks: Tasks,
  quotas: Quotas,
): readonly Endpoint[] => [
  endpoint({
    id: 'image-data:stage',
    method: 'PUT',
    path: '/images/{image_id}/stage',
    policy: 'modify_image',
    body: 'stream',
    ok: 204,
    target: ({ auth, params }) => images.getOwn(auth, params.image_id),
    handler: async ({ auth, params, stream, signal, header }) => {
      const type = header('content-type');
      if (type !== undefined && type !== 'application/octet-stream') {
        throw unsupportedMediaType(
          `Unsupported Content-Type ${type.slice(0, 80)}; application/octet-stream is expected.`,
        );
      }
      await imports.stage(auth, params.image_id, stream, signal);
    },
  }),
  endpoint({
    id: 'images:import',
    method: 'POST',
    path: '/images/{image_id}/import',
    policy: 'modify_image',
    body: ImageImport,
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => images.getOwn(auth, params.image_id),
    handler: ({ auth, params, body, may, requestId }) =>
      imports.start(auth, params.image_id, body, may, requestId),
  }),
  endpoint({
    id: 'images:tasks',
    method: 'GET',
    path: '/images/{image_id}/tasks',
    policy: 'get_tasks',
    response: ImageTaskList,
    ok: 200,
    target: ({ auth, params }) => images.get(auth, params.image_id),
    handler: ({ params }) => ({ tasks: tasks.ofImage(params.image_id).map(imageTaskView) }),
  }),
  endpoint({
    id: 'tasks:list',
    method: 'GET',
    path: '/tasks',
    policy: 'tasks_api_access',
    query: TaskQuery,
    response: TaskList,
    ok: 200,
    handler: ({ auth, query }) => {
      const { limit, marker, ...rest } = query;
      const page = pageOf(
        { ...(limit === undefined ? {} : { limit }), ...(marker === undefined ? {} : { marker }) },
        { max: 1000, zeroIsEmpty: true },
      );
      const found = tasks.list(auth, rest, page);
      const first = new URLSearchParams({ ...rest, ...(limit === undefined ? {} : { limit }) }).toString();
      return {
        tasks: found.tasks.map(taskSummary),
        first: first === '' ? '/v2/tasks' : `/v2/tasks?${first}`,
        ...(found.next === undefined ? {} : { next: nextLink('', '/v2/tasks', query, found.next) }),
        schema: '/v2/schemas/tasks',
      };
    },
  }),
  endpoint({
    id: 'tasks:show',
    method: 'GET',
    path: '/tasks/{task_id}',
    policy: 'tasks_api_access',
    response: TaskView,
    ok: 200,
    handler: ({ auth, params }) => taskView(tasks.get(auth, params.task_id)),
  }),
  endpoint({
    id: 'info:import',
    method: 'GET',
    path: '/info/import',
    policy: 'get_images',
    response: ImportInfo,
    ok: 200,
    handler: () => ({
      'import-methods': {
        description: 'Import methods available.',
        type: 'array',
        value: IMPORT_METHODS,
      },
    }),
  }),
  endpoint({
    id: 'info:stores',
    method: 'GET',
    path: '/info/stores',
    policy: 'get_images',
    response: StoreList,
    ok: 200,
    handler: () => ({ stores: [store] }),
  }),
  endpoint({
    id: 'info:stores-detail',
    method: 'GET',
    path: '/info/stores/detail',
    policy: 'stores_info_detail',
    response: StoreList,
    ok: 200,
    handler: () => ({ stores: [{ ...store, type: 'file', weight: 0, properties: {} }] }),
  }),
  endpoint({
    id: 'stores:delete-image',
    method: 'DELETE',
    path: '/stores/{store_id}/{image_id}',
    policy: 'delete_image_location',
    ok: 204,
    target: ({ auth, params }) => images.get(auth, params.image_id),
    handler: ({ params, target }) => {
      if (params.store_id !== STORE || target.sha256 === null) {
        throw notFound(`Image ${target.id} is not stored in the store '${params.store_id.slice(0, 80)}'.`);
      }
      throw forbidden(
        'Cannot delete image data from the only store that contains it. Delete the image instead.',
      );
    },
  }),
  endpoint({
    id: 'info:usage',
    method: 'GET',
    path: '/info/usage',
    policy: 'get_images',
    response: UsageView,
    ok: 200,
    handler: ({ auth }) => ({ usage: quotas.usage(auth.projectId ?? '') }),
  }),
];
