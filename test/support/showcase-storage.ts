import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { emptyQcow2 } from '../../helper/host/disk/qcow2-writer.ts';
import { createFile } from '../../helper/host/disk/publish.ts';
import { OpenStackClient } from '../../main/openstack-client.ts';
import type { Shown } from './showcase.ts';
import type { TestWindow } from './window.ts';

/** Waits until a volume or snapshot is at rest. */
async function settled(client: OpenStackClient, path: string, key: string): Promise<void> {
  for (;;) {
    const body = (await client.get('volume', path)) as Record<string, { status: string }>;
    if (['available', 'in-use', 'error'].includes(body[key]?.status ?? '')) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Volumes of many kinds in the demo's project, and the pages on which they are seen. */
export async function storagePages(window: TestWindow, serverId: string): Promise<readonly Shown[]> {
  const admin = await window.instance.admin();
  const demo = await OpenStackClient.login({
    ...(await window.instance.client.credentials()),
    projectName: 'demo',
  });
  const { images } = (await admin.get('image', '/images')) as { images: { id: string; name: string }[] };
  const guest = images.find((one) => one.name.includes('tiny'))?.id ?? '';
  const made = await admin.post('volume', '/types', {
    volume_type: {
      name: 'fast',
      description: 'On the solid-state disk',
      extra_specs: { volume_backend_name: 'file' },
    },
  });
  const fast = (made as { volume_type: { id: string } }).volume_type.id;
  const specs = await admin.post('volume', '/qos-specs', {
    qos_specs: { name: 'gentle', consumer: 'front-end', total_iops_sec: '500', total_bytes_sec: '52428800' },
  });
  const { id: qos } = (specs as { qos_specs: { id: string } }).qos_specs;
  await admin.get('volume', `/qos-specs/${qos}/associate?vol_type_id=${fast}`);
  await admin.post('volume', '/types', {
    volume_type: { name: 'archive', 'os-volume-type-access:is_public': false, extra_specs: {} },
  });
  const volume = async (name: string, size: number, more: object = {}): Promise<string> => {
    const made = await demo.post('volume', '/volumes', { volume: { name, size, ...more } });
    const { id } = (made as { volume: { id: string } }).volume;
    await settled(demo, `/volumes/${id}`, 'volume');
    return id;
  };
  const data = await volume('postgres-data', 20, {
    volume_type: 'fast',
    description: 'The shop’s database',
    metadata: { team: 'shop', backup: 'nightly' },
  });
  await volume('build-cache-with-a-rather-long-name-of-the-nightly-runner-2026-11-21', 100);
  const system = await volume('debian-root', 10, { imageRef: guest });
  const broken = await volume('left-over', 1);
  await admin.post('volume', `/volumes/${broken}/action`, { 'os-reset_status': { status: 'error' } });
  await demo.post('compute', `/servers/${serverId}/os-volume_attachments`, {
    volumeAttachment: { volumeId: data },
  });
  await settled(demo, `/volumes/${data}`, 'volume');
  for (const [of, name] of [
    [data, 'before-the-migration'],
    [system, 'fresh install'],
  ] as const) {
    const made = await demo.post('volume', '/snapshots', {
      snapshot: { volume_id: of, name, force: true },
    });
    await settled(demo, `/snapshots/${(made as { snapshot: { id: string } }).snapshot.id}`, 'snapshot');
  }
  for (const [name, incremental] of [
    ['monday', false],
    ['tuesday', true],
  ] as const) {
    const made = await demo.post('volume', '/backups', {
      backup: { volume_id: system, name, incremental },
    });
    await settled(demo, `/backups/${(made as { backup: { id: string } }).backup.id}`, 'backup');
    await settled(demo, `/volumes/${system}`, 'volume');
  }
  await groups(admin, demo, volume);
  const disks = join(window.instance.directory, 'state', 'volumes', 'file');
  await createFile(join(disks, 'old-shop-2019.qcow2'), emptyQcow2({ sizeBytes: 12 * 1024 ** 3 }));
  writeFileSync(join(disks, 'notes.txt'), 'no disk');
  const asked = (name: string, action: string): Shown => ({
    name,
    route: '/volumes',
    before: async (page) => {
      await page.getByRole('button', { name: 'Actions: debian-root' }).click();
      await page.getByRole('menuitem', { name: action }).click();
      await page.getByRole('dialog').waitFor();
    },
  });
  return [
    { name: 'volumes', route: '/volumes' },
    {
      name: 'volumes-menu',
      route: '/volumes',
      before: (page) => page.getByRole('button', { name: 'Actions: debian-root' }).click(),
    },
    {
      name: 'volumes-create-menu',
      route: '/volumes',
      before: (page) => page.getByRole('button', { name: 'Create volume' }).click(),
    },
    {
      name: 'volumes-chosen',
      route: '/volumes',
      before: (page) => page.getByRole('checkbox', { name: 'Select all rows' }).click(),
    },
    { name: 'volume-create', route: `/volumes?new=image&from=${guest}` },
    { name: 'volume', route: `/volumes/${data}` },
    { name: 'volume-of-image', route: `/volumes/${system}` },
    { name: 'volume-shots', route: `/volumes/${data}?tab=snapshots` },
    { name: 'volume-operations', route: `/volumes/${data}?tab=operations` },
    asked('volume-attach', 'Attach to server'),
    asked('volume-edit', 'Edit …'),
    asked('volume-extend', 'Extend …'),
    asked('volume-retype', 'Change type …'),
    asked('volume-delete', 'Delete'),
    { name: 'volume-snapshots', route: '/volume-snapshots' },
    { name: 'volume-backups', route: '/backups' },
    {
      name: 'volume-backup',
      route: '/backups',
      before: (page) => page.getByRole('button', { name: 'tuesday', exact: true }).click(),
    },
    {
      name: 'volume-backup-create',
      route: '/backups',
      before: async (page) => {
        await page.getByRole('button', { name: 'Create backup' }).click();
        await page.getByRole('dialog').getByLabel('Volume').selectOption({ label: 'debian-root · 10 GiB' });
      },
    },
    { name: 'volume-groups', route: '/volume-groups' },
    {
      name: 'volume-group-create',
      route: '/volume-groups',
      before: async (page) => {
        await page.getByRole('button', { name: 'Create group' }).click();
        await page.getByRole('dialog').getByText('debian-root').click();
      },
    },
    {
      name: 'volume-group-open',
      route: '/volume-groups',
      before: (page) => page.getByRole('button', { name: 'database', exact: true }).click(),
    },
    { name: 'volume-group-snapshots', route: '/volume-groups?tab=snapshots' },
    { name: 'volume-group-types', route: '/volume-groups?tab=types' },
    { name: 'volume-existing-disks', route: '/existing-disks' },
    {
      name: 'volume-take-in',
      route: '/existing-disks',
      before: (page) => page.getByRole('button', { name: 'Take in' }).first().click(),
    },
    { name: 'volume-types', route: '/volume-types' },
    { name: 'volume-type', route: `/volume-types/${fast}` },
    { name: 'volume-types-qos', route: '/volume-types?tab=qos' },
    {
      name: 'launch-volume',
      route: '/servers/launch',
      before: async (page) => {
        await page.getByText('Image, onto a new volume').click();
        await page.getByRole('button', { name: 'Add new volume' }).click();
      },
    },
    { name: 'server-storage', route: `/servers/${serverId}?tab=storage` },
  ];
}

/** A group of two volumes and a snapshot of it. */
async function groups(
  admin: OpenStackClient,
  demo: OpenStackClient,
  volume: (name: string, size: number) => Promise<string>,
): Promise<void> {
  const { group_type: type } = (await admin.post('volume', '/group_types', {
    group_type: {
      name: 'consistent',
      description: 'All volumes at one moment',
      group_specs: { consistent_group_snapshot_enabled: '<is> True' },
    },
  })) as { group_type: { id: string } };
  const ids = [await volume('orders-data', 20), await volume('orders-log', 5)];
  const { volume: first } = (await demo.get('volume', `/volumes/${ids[0] ?? ''}`)) as {
    volume: { volume_type: string };
  };
  const { group } = (await demo.post('volume', '/groups', {
    group: {
      name: 'database',
      description: 'Orders',
      group_type: type.id,
      volume_types: [first.volume_type],
    },
  })) as { group: { id: string } };
  await settled(demo, `/groups/${group.id}`, 'group');
  await demo.put('volume', `/groups/${group.id}`, { group: { add_volumes: ids.join(',') } });
  const { group_snapshot: shot } = (await demo.post('volume', '/group_snapshots', {
    group_snapshot: { group_id: group.id, name: 'before-the-upgrade' },
  })) as { group_snapshot: { id: string } };
  await settled(demo, `/group_snapshots/${shot.id}`, 'group_snapshot');
}
