/** A device of this host in a real guest, as LVM's volumes are: a loop device behind a link in /dev. Needs root. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { LinuxCommandRunner } from '../command/linux.ts';
import { LinuxDiskHost } from '../disk/linux.ts';
import { qemuOwner } from './linux-host.ts';
import { LinuxDomainHost } from './linux.ts';
import { testGround } from './test-guest.ts';

vi.setConfig({ testTimeout: 60_000 });

const OWNER = 'domblock';
const MIB = 2 ** 20;
const run = (...argv: string[]): string => execFileSync(argv[0]!, argv.slice(1), { encoding: 'utf8' }).trim();

test('is plugged into a running guest, copied, made larger, and mirrored to', async () => {
  const ground = await testGround(OWNER, await qemuOwner());
  const host = new LinuxDomainHost({ owner: OWNER });
  const disks = new LinuxDiskHost(new LinuxCommandRunner());
  const [file, links] = [join(ground.directory, 'behind'), `/dev/${OWNER}-${process.pid}`];
  const own = ground.spec(1).disks[0]!;
  const spec = ground.spec(9, { disks: [own] });
  writeFileSync(file, Buffer.alloc(4 * MIB, 'device'));
  const device = run('losetup', '--find', '--show', file);
  mkdirSync(links);
  const path = join(links, 'volume-1');
  symlinkSync(device, path);
  const source = { kind: 'block' as const, path };
  const block = { target: 'vdb', bus: 'virtio', device: 'disk', format: 'raw', source } as const;
  try {
    expect(await disks.sizeOf({ path, format: 'raw' })).toBe(4 * MIB);
    await host.define(spec);
    await host.start(spec.uuid);
    await host.attachDisk(spec.uuid, block);
    const xml = run('virsh', 'dumpxml', `${OWNER}-${spec.name}`);
    expect(xml).toContain(`<source dev='${path}'`);
    const copy = join(ground.directory, 'copy.qcow2');
    await host.copyDisk(spec.uuid, 'vdb', copy);
    await disks.convert({
      source: copy,
      sourceFormat: 'qcow2',
      destination: `${copy}.raw`,
      destinationFormat: 'raw',
    });
    expect(readFileSync(`${copy}.raw`).equals(readFileSync(file))).toBe(true);
    // The host makes it larger first; then the guest is told.
    truncateSync(file, 8 * MIB);
    run('losetup', '--set-capacity', device);
    await host.growDisk(spec.uuid, 'vdb', 8 * MIB);
    expect(run('virsh', 'domblkinfo', `${OWNER}-${spec.name}`, 'vdb')).toMatch(
      new RegExp(`Capacity:\\s+${8 * MIB}`),
    );
    await host.destroy(spec.uuid);
    // A mirror is as large as what it mirrors.
    truncateSync(file, MIB);
    run('losetup', '--set-capacity', device);
    await host.start(spec.uuid);
    const target = { ...block, target: own.target };
    expect(await host.mirrorDisk(spec.uuid, target)).toBe(true);
    await host.turnDisk(spec.uuid, target);
    await host.destroy(spec.uuid);
    const image = join(ground.directory, 'disk-2.raw');
    expect(readFileSync(file).equals(readFileSync(join(ground.directory, 'disk-1.raw')))).toBe(true);
    writeFileSync(image, Buffer.alloc(MIB, 'image'));
    await disks.writeInto({ source: image, sourceFormat: 'raw', destination: path, zeroed: false });
    expect(readFileSync(file).equals(readFileSync(image))).toBe(true);
  } finally {
    await host.destroy(spec.uuid);
    await host.undefine(spec.uuid);
    await host.close();
    run('losetup', '--detach', device);
    rmSync(links, { recursive: true });
    await ground.remove();
    rmSync(`/var/log/libvirt/qemu/${OWNER}-${spec.name}.log`, { force: true });
  }
});
