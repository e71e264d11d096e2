/**
 * Secrets of a server's disks (LUKS, CHAP) in the hypervisor's store, which loses them whenever libvirt's daemon is
 * restarted: they are ensured before whatever needs them, and removed with their attachment.
 */
import type { Db } from '../../db/index.ts';
import { volumesOf } from '../store/server-volume.ts';
import type { ServerServices } from './services.ts';

type Services = Pick<ServerServices, 'secrets' | 'volume'>;

/** Before a disk is plugged in. */
export async function keepSecrets(
  { secrets, volume }: Services,
  attachmentIds: readonly string[],
): Promise<void> {
  for (const id of attachmentIds) for (const secret of volume.secrets(id)) await secrets.ensure(secret);
}

/** Once no guest has the disk any more. */
export async function dropSecrets(
  { secrets, volume }: Services,
  attachmentIds: readonly string[],
): Promise<void> {
  for (const id of attachmentIds) for (const secret of volume.secrets(id)) await secrets.remove(secret.id);
}

export const attachmentsOfServer = (db: Db, serverId: string): readonly string[] =>
  volumesOf(db, serverId).map((row) => row.attachment_id);

/**
 * Gives the hypervisor's store what the servers' disks need, and takes out what is of no attachment any more. At the
 * start, and when libvirt's daemon is back.
 */
export async function reconcileSecrets({ secrets, volume }: Services): Promise<void> {
  const wanted = volume.allSecrets();
  for (const { settled, ...secret } of wanted) if (settled) await secrets.ensure(secret);
  const known = new Set(wanted.map(({ id }) => id));
  for (const { id } of await secrets.list()) if (!known.has(id)) await secrets.remove(id);
}
