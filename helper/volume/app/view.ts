import { type Caller, isAdmin, mv } from '../../http/index.ts';
import { timeText } from '../schemas/common.ts';
import type { Snapshot } from '../store/snapshot.ts';
import type { Volume, VolumeRow } from '../store/volume.ts';
import { linksOf } from './list-query.ts';

/** What every answer says of a volume, in the words of the request's microversion. */
export function volumeView(caller: Caller, volume: Volume): Record<string, unknown> {
  const { version } = caller;
  const admin = isAdmin(caller.auth);
  return {
    id: volume.id,
    status: volume.status,
    size: volume.size,
    availability_zone: volume.availability_zone,
    created_at: timeText(volume.created_at),
    updated_at: timeText(volume.updated_at),
    name: volume.name,
    description: volume.description,
    volume_type: volume.type_name,
    snapshot_id: volume.snapshot_id,
    source_volid: volume.source_volid,
    metadata: shownMetadata(volume),
    links: linksOf(caller, 'volumes', volume.id),
    user_id: volume.user_id,
    bootable: volume.bootable === 1 ? 'true' : 'false',
    encrypted: volume.encryption_key_id !== null,
    replication_status: null,
    consistencygroup_id: volume.consistencygroup_id,
    multiattach: volume.multiattach === 1,
    attachments: attachmentsView(volume, admin),
    ...(admin ? { migration_status: volume.migration_status } : {}),
    ...(version >= mv('3.13') ? { group_id: volume.group_id } : {}),
    ...(version >= mv('3.21') && admin ? { provider_id: null } : {}),
    ...(version >= mv('3.48') ? { shared_targets: false, service_uuid: null } : {}),
    ...(version >= mv('3.61') && admin ? { cluster_name: null } : {}),
    ...(version >= mv('3.63') ? { volume_type_id: volume.volume_type_id } : {}),
    ...(version >= mv('3.64') && volume.encryption_key_id !== null
      ? { encryption_key_id: volume.encryption_key_id }
      : {}),
    ...(version >= mv('3.65') ? { consumes_quota: volume.consumes_quota === 1 } : {}),
  };
}

/** With what cinder's extensions add when a volume is looked at. */
export function volumeDetail(caller: Caller, volume: Volume): Record<string, unknown> {
  const admin = isAdmin(caller.auth);
  return {
    ...volumeView(caller, volume),
    'os-vol-tenant-attr:tenant_id': volume.project_id,
    ...(admin
      ? {
          'os-vol-host-attr:host': volume.host,
          'os-vol-mig-status-attr:migstat': volume.migration_status,
          'os-vol-mig-status-attr:name_id': null,
        }
      : {}),
    ...(Object.keys(volume.image_metadata).length > 0
      ? { volume_image_metadata: volume.image_metadata }
      : {}),
  };
}

export const volumeSummary = (caller: Caller, volume: VolumeRow): Record<string, unknown> => ({
  id: volume.id,
  name: volume.name,
  links: linksOf(caller, 'volumes', volume.id),
});

/** The owner's, and what of the administrator's may be seen. */
export function shownMetadata(volume: Volume): Readonly<Record<string, string>> {
  const attached = volume.attachments.find((one) => one.attach_status === 'attached');
  return {
    ...volume.metadata,
    ...(attached === undefined ? {} : { attached_mode: attached.attach_mode }),
    ...(volume.readonly === null ? {} : { readonly: volume.readonly === 1 ? 'True' : 'False' }),
  };
}

const attachmentsView = (volume: Volume, admin: boolean) =>
  volume.attachments
    .filter((one) => one.attach_status === 'attached' || one.attach_status === 'detaching')
    .map((one) => ({
      id: volume.id,
      attachment_id: one.id,
      volume_id: volume.id,
      server_id: one.instance_uuid,
      host_name: admin ? one.attached_host : null,
      device: one.mountpoint,
      attached_at: one.attached_at === null ? null : timeText(one.attached_at),
    }));

/** @param detail whether it is looked at by itself or in a detailed list. */
export function snapshotView(caller: Caller, snapshot: Snapshot, detail: boolean): Record<string, unknown> {
  const { version } = caller;
  return {
    id: snapshot.id,
    created_at: timeText(snapshot.created_at),
    updated_at: timeText(snapshot.updated_at),
    name: snapshot.name,
    description: snapshot.description,
    volume_id: snapshot.volume_id,
    status: snapshot.status,
    size: snapshot.volume_size,
    metadata: snapshot.metadata,
    ...(version >= mv('3.14') ? { group_snapshot_id: snapshot.group_snapshot_id } : {}),
    ...(version >= mv('3.41') ? { user_id: snapshot.user_id } : {}),
    ...(version >= mv('3.65') ? { consumes_quota: snapshot.consumes_quota === 1 } : {}),
    ...(detail
      ? {
          'os-extended-snapshot-attributes:progress': snapshot.progress,
          'os-extended-snapshot-attributes:project_id': snapshot.project_id,
        }
      : {}),
  };
}
