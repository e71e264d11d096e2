import { words, type Expectations } from './expectation.ts';

/** Who may do what at Deskcloud's own API. */
export const DESKCLOUD: Expectations = {
  anyone: words(`
    operations:list operations:search events:stream status:show`),
  reader: words(`
    operations:show`),
  adminOfSeen: words(`
    operations:retry`),
  admin: words(`
    network_devices:list network_devices:look network_devices:watch
    setup:show storage:show settings:show settings:change external:show credentials:show helper:stop-keep helper:stop-shutdown`),
};
