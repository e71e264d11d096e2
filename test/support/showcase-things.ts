import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { simulatedGuest } from '../../main/demo/simulated-guest.ts';
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
  return [
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
