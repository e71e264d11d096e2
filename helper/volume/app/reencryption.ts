import { badRequest } from '../../errors/error.ts';
import type { Caller } from '../../http/index.ts';
import type { VolumeReencryptInput } from '../sagas/volume-reencrypt.ts';
import { snapshotsOf } from '../store/snapshot.ts';
import type { VolumeType } from '../store/type.ts';
import type { Volume } from '../store/volume.ts';
import type { VolumeContext } from './context.ts';
import { keyForNew } from './key.ts';
import { diskOf } from './volume-disk.ts';
import { isMultiattach } from './volume-request.ts';

/**
 * What a retype needs that changes how a volume is encrypted, with its new key, in the caller's transaction. The data
 * are copied, as cinder does in a migration.
 * @throws {CloudError} badRequest where that is not allowed.
 */
export function reencryptInput(
  context: VolumeContext,
  caller: Caller,
  volume: Volume,
  type: VolumeType,
  policy: string | null | undefined,
): VolumeReencryptInput {
  const { db, now } = context;
  if (policy !== 'on-demand')
    throw badRequest('Invalid volume: Retype requires migration but is not allowed.');
  if (volume.status !== 'available')
    throw badRequest(
      'Invalid volume: Retype that changes the encryption needs the volume to be available; detach it first.',
    );
  if (snapshotsOf(db, volume.id).length > 0)
    throw badRequest('Invalid volume: Volume must not have snapshots.');
  const owner = { projectId: volume.project_id, userId: caller.auth.userId, at: now() };
  const newKeyId = keyForNew(db, type, undefined, owner);
  if (newKeyId !== null && isMultiattach(type))
    throw badRequest('Invalid volume: Multiattach cannot be used with encryption.');
  const { backend, path, format, keyId } = diskOf(context, volume);
  return {
    volumeId: volume.id,
    projectId: volume.project_id,
    sizeGib: volume.size,
    extraSpecs: type.extra_specs,
    oldTypeId: volume.volume_type_id,
    newTypeId: type.id,
    backend,
    disk: { path, format, keyId: keyId ?? null },
    newKeyId,
  };
}
