import { defineSaga } from '../../saga/index.ts';
import {
  applyRouters,
  cutConnections,
  floatingIpLocks,
  floatingIpResource,
  type FloatingIpInput,
} from './floating-ip-way.ts';
import type { RouterServices } from './router-update.ts';

/** Stops leading a floating IP whose row is gone, and cuts its connections. */
export const floatingIpDelete = defineSaga<FloatingIpInput, RouterServices>({
  name: 'floating-ip-delete',
  title: 'Delete floating IP',
  service: 'network',
  resource: floatingIpResource,
  locks: floatingIpLocks,
  cancellable: false,
  steps: [applyRouters, cutConnections],
});
