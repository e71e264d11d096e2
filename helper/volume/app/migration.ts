import { transaction } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import type { Caller } from '../../http/index.ts';
import { volumeRetype, type VolumeRetypeInput } from '../sagas/volume-retype.ts';
import { snapshotsOf } from '../store/snapshot.ts';
import type { VolumeType } from '../store/type.ts';
import { updateVolume, type Volume } from '../store/volume.ts';
import type { VolumeContext } from './context.ts';
import type { Types } from './type.ts';
import { diskOf } from './volume-disk.ts';
import type { Volumes } from './volume.ts';

/** Volumes that an administrator moves from one back end to another. */
export class Migrations {
  readonly #context: VolumeContext;
  readonly #volumes: Volumes;
  readonly #types: Types;

  constructor(context: VolumeContext, parts: { readonly volumes: Volumes; readonly types: Types }) {
    this.#context = context;
    this.#volumes = parts.volumes;
    this.#types = parts.types;
  }

  /** Moves a volume to the back end that an administrator names, also under a guest. */
  migrate(caller: Caller, id: string, host: string | null | undefined): void {
    const { db, sagas, pools, now } = this.#context;
    transaction(db, () => {
      const volume = this.#volumes.get(caller.auth, id);
      if (host === undefined || host === null)
        throw badRequest('Invalid input received: One and only one of cluster and host must be set.');
      const pool = pools.states().find((one) => one.name === host || one.name.split('#')[0] === host);
      if (pool === undefined)
        throw badRequest(`Invalid host: No available service named ${host.slice(0, 80)}`);
      if (!['available', 'in-use'].includes(volume.status) || volume.target_backend !== null)
        throw badRequest(
          `Invalid volume: Volume ${id} status must be available or in-use, must not be migrating, have snapshots, be replicated, be part of a group and destination host/cluster must be different than the current one`,
        );
      if (snapshotsOf(db, id).length > 0)
        throw badRequest('Invalid volume: Volume must not have snapshots to be migrated.');
      if (pool.backend === volume.backend)
        throw badRequest('Invalid volume: destination host must be different than the current one.');
      const type = this.#types.byId(volume.volume_type_id);
      updateVolume(db, id, {
        previous_status: volume.status,
        // From now on nothing else begins with it.
        target_backend: pool.backend,
        migration_status: 'starting',
        updated_at: now(),
      });
      const movement = { kind: 'to', backend: pool.backend } as const;
      const input = retypeInput(this.#context, volume, type, { movement, action: 'migrate volume' });
      sagas.enqueue(volumeRetype, input, whoOf(caller, volume));
    });
  }

  /**
   * What nova says to cinder when it has swapped volumes. Here the migration itself sees to its end, so that there is
   * never one that waits for this; after a swap that a person began, cinder has nothing to do, too.
   * @returns the id that the server's volume has from now on.
   * @throws {CloudError} badRequest, in cinder's words, when one of the two is on its way.
   */
  complete(caller: Caller, id: string, newId: string): string {
    const volume = this.#volumes.get(caller.auth, id);
    const next = this.#volumes.get(caller.auth, newId);
    const [old, other] = [volume, next].map((one) => one.migration_status !== null);
    if (old !== true && other !== true) return next.id;
    if (old !== true) throw badRequest('Invalid volume: Source volume not mid-migration.');
    if (other !== true) throw badRequest('Invalid volume: Destination volume not mid-migration.');
    throw badRequest(
      `Invalid volume: Destination has migration_status ${next.migration_status}, expected target:${volume.id}.`,
    );
  }
}

/** All that the operation has to know of a volume. */
export function retypeInput(
  context: VolumeContext,
  volume: Volume,
  type: VolumeType,
  rest: Pick<VolumeRetypeInput, 'movement' | 'action'>,
): VolumeRetypeInput {
  const { path, format, keyId } = diskOf(context, volume);
  return {
    volumeId: volume.id,
    projectId: volume.project_id,
    sizeGib: volume.size,
    zone: null,
    extraSpecs: type.extra_specs,
    oldTypeId: volume.volume_type_id,
    newTypeId: type.id,
    backend: volume.backend ?? '',
    guest: onlyGuest(context, volume),
    multiattach: volume.multiattach === 1,
    disk: { path, format, keyId: keyId ?? null },
    previousStatus: volume.status,
    ...rest,
  };
}

/** The only user of a volume, where that is a server of this cloud. */
function onlyGuest({ db, compute }: VolumeContext, { attachments }: Volume): VolumeRetypeInput['guest'] {
  const [only, ...others] = attachments;
  const serverId = only && others.length === 0 ? compute().serverOf(db, only.id) : undefined;
  return only === undefined || serverId === undefined ? null : { serverId, attachmentId: only.id };
}

/** In whose name something is done. */
export const whoOf = ({ auth, requestId }: Caller, volume: Volume) => ({
  requestId,
  projectId: auth.projectId ?? volume.project_id,
  userId: auth.userId,
});
