/** iSCSI targets of a server's volumes: there before its guest needs them, and again after the host's reboot. */
import type { ServerServices } from './services.ts';

type Services = Pick<ServerServices, 'volume'>;

/** Before a disk is plugged in, or its server's guest starts. */
export async function keepExports({ volume }: Services, attachmentIds: readonly string[]): Promise<void> {
  for (const id of attachmentIds) if (volume.isExported(id)) await volume.exportTo(id);
}

/** Once no guest has the disk any more. */
export async function endExports({ volume }: Services, attachmentIds: readonly string[]): Promise<void> {
  for (const id of attachmentIds) if (volume.isExported(id)) await volume.endExport(id);
}

/** For a step's `skip`. */
export const notExported = ({ volume }: Services, attachmentId: string): false | string =>
  !volume.isExported(attachmentId) && 'the volume is a file of this host';
