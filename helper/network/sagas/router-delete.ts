import { defineSaga, none, step } from '../../saga/index.ts';
import type { RouterInput, RouterServices } from './router-update.ts';

/** Takes away what a deleted router had on the host: metadata listener, namespace, devices, connections. */
export const routerDelete = defineSaga<RouterInput, RouterServices>({
  name: 'router-delete',
  title: 'Remove router from the host',
  service: 'network',
  resource: ({ routerId }) => ({ type: 'router', id: routerId }),
  locks: ({ routerId }) => [`router:${routerId}`],
  cancellable: false,
  steps: [
    step({
      kind: 'host',
      name: 'namespace removed',
      number: 42,
      action: ({ services }, { routerId }) => services.routers.remove(routerId),
      undo: none('deleting only goes forward'),
    }),
  ],
});
