import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { simulatedGuest } from '../../main/demo/simulated-guest.ts';
import { OpenStackClient } from '../../main/openstack-client.ts';
import type { Shown } from './showcase.ts';
import type { TestWindow } from './window.ts';

/** Images, flavors, people and what else a cloud in use has, and the pages on which they are seen. */
export async function things(window: TestWindow): Promise<readonly Shown[]> {
  const admin = await window.instance.admin();
  const { path } = await simulatedGuest(join(window.instance.directory, 'images'));
  const bytes = readFileSync(path);
  const make = async (name: string, more: object): Promise<string> => {
    const { id } = await admin.post('image', '/images', {
      name,
      disk_format: 'qcow2',
      container_format: 'bare',
      ...more,
    });
    await admin.upload(String(id), new Blob([bytes]).stream(), bytes.length);
    return String(id);
  };
  await make('Debian 12 (bookworm) 12', {
    visibility: 'public',
    os_distro: 'debian',
    os_admin_user: 'debian',
    min_disk: 3,
    min_ram: 512,
    protected: true,
    tags: ['base', 'lts'],
    hw_qemu_guest_agent: 'yes',
  });
  await make('build-runner-with-a-rather-long-name-2026-11-21T14-30-00Z-nightly', {
    visibility: 'shared',
    os_distro: 'ubuntu',
  });
  const { images } = (await admin.get('image', '/images')) as { images: { id: string; name: string }[] };
  const guest = images.find((one) => one.name.includes('tiny'))?.id ?? '';
  await furnish(window);
  return [
    { name: 'flavors', route: '/flavors' },
    { name: 'flavor', route: '/flavors/build' },
    {
      name: 'flavor-create',
      route: '/flavors',
      before: (page) => page.getByRole('button', { name: 'Create flavor' }).click(),
    },
    { name: 'keypairs', route: '/keypairs' },
    {
      name: 'keypair-private',
      route: '/keypairs',
      before: async (page) => {
        await page.getByRole('button', { name: 'Create key pair' }).first().click();
        await page.getByLabel('Name').fill(`laptop ${Date.now() % 1000}`);
        await page.getByRole('button', { name: 'Create', exact: true }).click();
        await page.getByRole('button', { name: 'Save as file' }).waitFor();
      },
    },
    { name: 'servergroups', route: '/servergroups' },
    {
      name: 'servergroup-create',
      route: '/servergroups',
      before: (page) => page.getByRole('button', { name: 'Create server group' }).click(),
    },
    { name: 'aggregates', route: '/aggregates' },
    { name: 'hypervisor', route: '/hypervisor' },
    { name: 'identity-projects', route: '/projects' },
    {
      name: 'identity-project-create',
      route: '/projects',
      before: (page) => page.getByRole('button', { name: 'Create project' }).click(),
    },
    { name: 'identity-users', route: '/users' },
    {
      name: 'identity-user-create',
      route: '/users',
      before: (page) => page.getByRole('button', { name: 'Create user' }).click(),
    },
    { name: 'identity-roles', route: '/roles' },
    { name: 'identity-credentials', route: '/application-credentials' },
    { name: 'access', route: '/access' },
    { name: 'settings', route: '/settings' },
    { name: 'about', route: '/about' },
    {
      name: 'about-uninstall',
      route: '/about',
      before: (page) => page.getByRole('button', { name: 'Uninstall …' }).click(),
    },
    { name: 'quotas', route: '/quotas' },
    { name: 'quotas-defaults', route: '/quotas?tab=defaults' },
    { name: 'images', route: '/images' },
    { name: 'images-catalogue', route: '/images?tab=catalogue' },
    { name: 'image', route: `/images/${guest}` },
    { name: 'image-servers', route: `/images/${guest}?tab=servers` },
    {
      name: 'image-upload',
      route: '/images',
      before: async (page) => {
        await page.getByRole('button', { name: 'Upload image' }).click();
        await page.locator('input[type=file]').setInputFiles({
          name: 'appliance-4.2.qcow2',
          mimeType: 'application/octet-stream',
          buffer: Buffer.concat([
            Buffer.from('QFI\xfb\0\0\0\x03', 'latin1'),
            Buffer.alloc(16),
            Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]),
            Buffer.alloc(4096),
          ]),
        });
        await page.getByText('Its first bytes say: qcow2.').waitFor();
      },
    },
    {
      name: 'image-import',
      route: '/images',
      before: (page) => page.getByRole('button', { name: 'Import from URL' }).click(),
    },
  ];
}

/** Things that the demo does not make, in the demo's project where they belong to one. */
async function furnish(window: TestWindow): Promise<void> {
  const admin = await window.instance.admin();
  const { projects } = (await admin.get('identity', '/projects?name=demo')) as { projects: { id: string }[] };
  const demo = await OpenStackClient.login({
    ...(await window.instance.client.credentials()),
    projectName: 'demo',
  });
  const flavor = (name: string, vcpus: number, ram: number, disk: number, more: object = {}) =>
    admin.post('compute', '/flavors', { flavor: { name, id: name, vcpus, ram, disk, ...more } });
  await flavor('c1.small', 1, 2048, 20);
  await flavor('c1.medium', 2, 4096, 40);
  await flavor('c1.large', 4, 8192, 80);
  await flavor('build', 8, 16_384, 100, { 'os-flavor-access:is_public': false });
  await admin.post('compute', '/flavors/build/os-extra_specs', {
    extra_specs: { 'hw:cpu_cores': '4', 'hw_rng:allowed': 'True' },
  });
  await admin.post('compute', '/flavors/build/action', { addTenantAccess: { tenant: projects[0]?.id } });
  await demo.post('compute', '/os-server-groups', {
    server_group: { name: 'web-apart', policies: ['soft-anti-affinity'] },
  });
  await demo.post('compute', '/os-server-groups', {
    server_group: { name: 'database-with-its-cache', policies: ['affinity'] },
  });
  const { services } = (await admin.get('compute', '/os-services?binary=nova-compute')) as {
    services: { host: string }[];
  };
  const { aggregate } = (await admin.post('compute', '/os-aggregates', {
    aggregate: { name: 'fast-disks', availability_zone: null },
  })) as { aggregate: { id: number } };
  const action = `/os-aggregates/${aggregate.id}/action`;
  await admin.post('compute', action, { set_metadata: { metadata: { ssd: 'true', rack: 'desk' } } });
  await admin.post('compute', action, { add_host: { host: services[0]?.host } });

  const project = async (name: string, more: object = {}): Promise<string> => {
    const made = await admin.post('identity', '/projects', { project: { name, ...more } });
    return (made as { project: { id: string } }).project.id;
  };
  const shop = await project('webshop', { description: 'Everything that sells' });
  await project('webshop-staging', { parent_id: shop, tags: ['staging'] });
  await project('archive-2024', { enabled: false, description: 'Closed; kept for the books' });
  const { roles } = (await admin.get('identity', '/roles')) as { roles: { id: string; name: string }[] };
  for (const [name, role] of [
    ['alice', 'member'],
    ['bob', 'reader'],
    ['ci-runner', 'member'],
  ] as const) {
    const { user } = (await admin.post('identity', '/users', {
      user: {
        name,
        password: 'not-a-secret',
        default_project_id: projects[0]?.id,
        email: `${name}@example.org`,
      },
    })) as { user: { id: string } };
    const roleId = roles.find((one) => one.name === role)?.id ?? '';
    await admin.put('identity', `/projects/${projects[0]?.id ?? ''}/users/${user.id}/roles/${roleId}`);
  }
  await admin.post('identity', '/groups', { group: { name: 'operators' } });
  for (const name of ['terraform', 'nightly-backup'])
    await demo.post('identity', `/users/${demo.userId}/application_credentials`, {
      application_credential: { name },
    });
}
