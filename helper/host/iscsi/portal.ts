import type { Config } from '../../config.ts';
import type { IscsiPortal } from './interface.ts';

/** Beside the APIs' port, and not iSCSI's own 3260, which another target daemon may have. */
const DEFAULT_PORT = 9763;

/** Where the settings want the targets to be reached: on the loopback interface, since there is one host. */
export const iscsiPortal = ({ volume }: Pick<Config, 'volume'>): IscsiPortal => ({
  host: '127.0.0.1',
  port: volume.iscsiPort ?? DEFAULT_PORT,
});
