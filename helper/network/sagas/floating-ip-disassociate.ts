import { defineSaga } from '../../saga/index.ts';
import {
  applyRouters,
  cutConnections,
  floatingIpLocks,
  floatingIpResource,
  markDone,
  markFailed,
  type FloatingIpInput,
} from './floating-ip-way.ts';
import type { RouterServices } from './router-update.ts';

/** Stops leading a floating IP, whose row stays, and cuts its connections. */
export const floatingIpDisassociate = defineSaga<FloatingIpInput, RouterServices>({
  name: 'floating-ip-disassociate',
  title: 'Take floating IP off its port',
  service: 'network',
  resource: floatingIpResource,
  locks: floatingIpLocks,
  steps: [applyRouters, cutConnections],
  onFinished: ({ db }, { floatingIpId }) => markDone(db, floatingIpId),
  onFailed: ({ db }, { floatingIpId }) => markFailed(db, floatingIpId),
});
