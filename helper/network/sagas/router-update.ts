import { defineSaga, none, step } from '../../saga/index.ts';
import { setRouterStatus } from '../store/router.ts';
import type { RouterDriver } from './router-driver.ts';

export interface RouterInput {
  readonly routerId: string;
}

export interface RouterServices {
  readonly routers: RouterDriver;
}

export const level = none('the rows say what is wanted; what was made stays, and the next run completes it');

/** Makes a router on the host, or brings it to what its rows say now: interfaces, gateway, routes, translation. */
export const routerUpdate = defineSaga<RouterInput, RouterServices>({
  name: 'router-update',
  title: 'Apply router to the host',
  service: 'network',
  resource: ({ routerId }) => ({ type: 'router', id: routerId }),
  locks: ({ routerId }) => [`router:${routerId}`],
  steps: [
    step({
      kind: 'host',
      name: 'bridges',
      number: 33,
      action: ({ services }, { routerId }) => services.routers.ensureNetworks(routerId),
      undo: level,
    }),
    step({
      kind: 'host',
      name: 'namespace, interfaces, address translation',
      number: 42,
      action: ({ services }, { routerId }) => services.routers.apply(routerId),
      undo: level,
    }),
  ],
  onFailed: ({ db }, { routerId }) => {
    setRouterStatus(db, routerId, 'ERROR');
  },
});
