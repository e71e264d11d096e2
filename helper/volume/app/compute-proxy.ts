import { badRequest, CloudError } from '../../errors/error.ts';
import { type Caller, mv, requirePolicy } from '../../http/index.ts';
import type { ComputeVolumes, ProxySnapshot, ProxyVolume } from '../face.ts';
import { volumeRules } from '../policy.ts';
import { timeText } from '../schemas/common.ts';
import type { Snapshot } from '../store/snapshot.ts';
import type { Volume } from '../store/volume.ts';
import type { Snapshots } from './snapshot.ts';
import { shownMetadata } from './view.ts';
import type { Volumes } from './volume.ts';
import type { VolumeLists } from './volume-list.ts';

/** A caller of compute as nova speaks for him: with his token, by the first microversion. */
const through = (caller: Caller): Caller => ({
  ...caller,
  version: mv('3.0'),
  may: (rule, target) => volumeRules[rule]?.(caller.auth, target ?? {}) === true,
});

/** What nova's old microversions do with volumes for their callers. */
export function computeVolumes({
  volumes,
  lists,
  snapshots,
}: {
  readonly volumes: Volumes;
  readonly lists: VolumeLists;
  readonly snapshots: Snapshots;
}): ComputeVolumes {
  const ask = (caller: Caller, rule: string, target?: object): Caller => {
    const mine = through(caller);
    requirePolicy(mine, rule, target === undefined ? undefined : { ...target });
    return mine;
  };
  const paged = ({ limit, offset }: { readonly limit: number; readonly offset: number }) => ({
    limit: String(limit),
    offset: String(offset),
  });
  const volumeOf = (caller: Caller, rule: string, id: string): Volume => {
    const found = volumes.get(caller.auth, id);
    ask(caller, rule, found);
    return found;
  };
  const snapshotOf = (caller: Caller, rule: string, id: string): Snapshot => {
    const found = snapshots.get(caller.auth, id);
    ask(caller, rule, found);
    return found;
  };
  return {
    volumes: (caller, page) => lists.details(ask(caller, 'volume:get_all'), paged(page)).rows.map(volumeBody),
    volume: (caller, id) => volumeBody(volumeOf(caller, 'volume:get', id)),
    createVolume: (caller, request) => volumeBody(volumes.create(ask(caller, 'volume:create'), request, {})),
    deleteVolume: (caller, id) => {
      volumeOf(caller, 'volume:delete', id);
      volumes.delete(through(caller), id, { cascade: false, force: false });
    },
    snapshots: (caller, page) =>
      snapshots.list(ask(caller, 'volume:get_all_snapshots'), paged(page)).rows.map(snapshotBody),
    snapshot: (caller, id) => snapshotBody(snapshotOf(caller, 'volume:get_snapshot', id)),
    createSnapshot: (caller, request) => {
      const mine = ask(caller, 'volume:create_snapshot');
      try {
        return snapshotBody(snapshots.create(mine, request));
      } catch (error) {
        // Upstream's proxy has no 404 here: the volume is named in the body.
        if (error instanceof CloudError && error.kind === 'notFound') throw badRequest(error.message);
        throw error;
      }
    },
    deleteSnapshot: (caller, id) => {
      snapshotOf(caller, 'volume:delete_snapshot', id);
      snapshots.delete(through(caller), id, false);
    },
  };
}

function volumeBody(volume: Volume): ProxyVolume {
  const attached = volume.attachments.find(
    (one) => one.instance_uuid !== null && ['attached', 'detaching'].includes(one.attach_status),
  );
  return {
    id: volume.id,
    status: volume.status,
    size: volume.size,
    availabilityZone: volume.availability_zone,
    createdAt: timeText(volume.created_at),
    attachments: [
      attached?.instance_uuid == null
        ? {}
        : {
            id: volume.id,
            volumeId: volume.id,
            serverId: attached.instance_uuid,
            ...(attached.mountpoint === null ? {} : { device: attached.mountpoint }),
          },
    ],
    displayName: volume.name,
    displayDescription: volume.description,
    volumeType: volume.type_name,
    snapshotId: volume.snapshot_id,
    metadata: shownMetadata(volume),
  };
}

const snapshotBody = (snapshot: Snapshot): ProxySnapshot => ({
  id: snapshot.id,
  volumeId: snapshot.volume_id,
  status: snapshot.status,
  size: snapshot.volume_size,
  createdAt: timeText(snapshot.created_at),
  displayName: snapshot.name,
  displayDescription: snapshot.description,
});
