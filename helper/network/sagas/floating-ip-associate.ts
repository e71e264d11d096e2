import { defineSaga } from '../../saga/index.ts';
import {
  applyRouters,
  cutConnections,
  floatingIpLocks,
  floatingIpResource,
  markFailed,
  type FloatingIpInput,
} from './floating-ip-way.ts';
import type { RouterServices } from './router-update.ts';

/** Leads a floating IP to a port; if it led elsewhere before, those connections are cut and neighbours told. */
export const floatingIpAssociate = defineSaga<FloatingIpInput, RouterServices>({
  name: 'floating-ip-associate',
  title: 'Lead floating IP to a port',
  service: 'network',
  resource: floatingIpResource,
  locks: floatingIpLocks,
  steps: [applyRouters, cutConnections],
  onFailed: ({ db }, { floatingIpId }) => markFailed(db, floatingIpId),
});
