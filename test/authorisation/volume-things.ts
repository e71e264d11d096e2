import type { Json } from '../../main/openstack-client.ts';
import type { Things } from './things.ts';

/** Volumes, a type, QoS specs, a group, and a volume that fails, which leaves a message. */
export async function makeVolumes(things: Things): Promise<void> {
  const volume = { name: 'a', size: 1, metadata: { fuzz: 'x' } };
  const make = (path: string, key: string, body: Json, kind = key, as: 'admin' | 'member' = 'member') =>
    things.make(as, 'volume', path, { [key]: body }, kind);
  for (const kind of ['offered_volume', 'reserved_volume', 'backed_up_volume', 'volume_attachment'])
    await make('/volumes', 'volume', volume, kind);
  await make('/volumes', 'volume', volume);
  const nowhere = { name: 'a', extra_specs: { fuzz: 'x', volume_backend_name: 'none' } };
  const type = await make('/types', 'volume_type', nowhere, 'type', 'admin');
  // What comes of it is a message.
  await make('/volumes', 'volume', { size: 1, volume_type: type['id'] }, 'failed_volume');
  await make('/qos-specs', 'qos_specs', { name: 'a' }, 'qos_spec', 'admin');
  await makeVolumeGroup(things);
  things.set('volume extension', 'os-services');
}

/** What needs volumes that are ready, and a server. */
export async function makeVolumeParts(things: Things): Promise<void> {
  const make = (path: string, key: string, body: Json, kind = key) =>
    things.make('member', 'volume', path, { [key]: body }, kind);
  await make('/snapshots', 'snapshot', { volume_id: things.id('volume'), metadata: { fuzz: 'x' } });
  await make('/volume-transfers', 'transfer', { volume_id: things.id('offered_volume') }, 'volume_transfer');
  await makeGroupSnapshot(things);
  await make('/backups', 'backup', { volume_id: things.id('backed_up_volume'), metadata: { fuzz: 'x' } });
  await make('/attachments', 'attachment', { volume_uuid: things.id('reserved_volume') });
  await things.make(
    'member',
    'compute',
    `/servers/${things.id('server')}/os-volume_attachments`,
    { volumeAttachment: { volumeId: things.id('volume_attachment') } },
    'attached',
  );
}

/** A group of volumes, without any, with its type and a snapshot. */
async function makeVolumeGroup(things: Things): Promise<void> {
  const type = await things.make(
    'admin',
    'volume',
    '/group_types',
    { group_type: { name: 'a', group_specs: { fuzz: 'x' } } },
    'group_type',
  );
  things.set('group_spec', 'fuzz');
  await things.make(
    'member',
    'volume',
    '/groups',
    { group: { group_type: type['id'], volume_types: ['__DEFAULT__'] } },
    'volume group',
  );
  things.set('consistencygroup', things.id('volume group') ?? '');
}

/** Once the group is there. */
async function makeGroupSnapshot(things: Things): Promise<void> {
  const group_snapshot = { group_id: things.id('volume group') };
  await things.make('member', 'volume', '/group_snapshots', { group_snapshot }, 'group_snapshot');
  things.set('cgsnapshot', things.id('group_snapshot') ?? '');
}
