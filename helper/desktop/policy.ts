import { admin, all, anyone, either, type Check, type PolicyRules } from '../http/index.ts';

/** Over the desktop's own Unix socket, whose file mode says who may. */
const desktop: Check = (auth) => auth.desktop === true;

export const desktopRules: PolicyRules = {
  'deskcloud:status': anyone,
  'deskcloud:setup': either(desktop, admin),
  'deskcloud:storage': either(desktop, admin),
  'deskcloud:external': either(desktop, admin),
  'deskcloud:devices': either(desktop, admin),
  'deskcloud:operations': anyone,
  'deskcloud:operations:retry': either(desktop, admin),
  'deskcloud:credentials': all(desktop, admin),
  'deskcloud:stop': desktop,
  'deskcloud:settings': desktop,
};
