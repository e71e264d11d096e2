import { existsSync, realpathSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { rolldown } from 'rolldown';
import { PROGRAM_PATHS } from '../../helper/host/setup/tools.ts';
import { cpioArchive, type CpioEntry } from '../../resources/guest/cpio.ts';
import { neededLibraries } from '../../resources/guest/elf.ts';
import { ownPlace } from '../../scripts/own-place.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Besides Node. */
const PROGRAMS = ['lvm', 'pdata_tools', 'qemu-img', 'blkdiscard', 'prlimit', 'env'];
const LINKS: Readonly<Record<string, readonly string[]>> = {
  lvm: ['lvs', 'vgs', 'lvcreate', 'lvremove', 'lvextend', 'lvreduce', 'lvchange', 'lvrename', 'vgcreate'],
  pdata_tools: ['thin_check', 'thin_repair', 'thin_dump'],
  busybox: ['sh', 'mount', 'mkdir', 'modprobe', 'poweroff', 'cat'],
};
const ADDON = 'linux-x64.node';
const LIBRARY_PATHS = ['/lib/x86_64-linux-gnu', '/usr/lib/x86_64-linux-gnu', '/lib64'];
const LOADER = 'ld-linux-x86-64.so.2';
/** Where our programs are, in the guest below /work. */
const PLACE = 'test/bundle';
const MODULES = ['virtio_pci', 'virtio_blk', 'dm-thin-pool'];

/** Of SQLite's package: what this machine needs. */
const SQLITE = new RegExp(`/(package\\.json|lib/.*\\.js|prebuilds/${ADDON})$`);

const INIT = `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/shm /run/lock/lvm
mount -t tmpfs tmpfs /dev/shm
for module in virtio_pci virtio_blk; do modprobe $module; done
export PATH=/bin HOME=/tmp
run() { node /work/${PLACE}/$1.mjs; }
case $(cat /proc/cmdline) in
  *journal=*) ;;
  *) run lvm-guest ;;
esac
mkdir -p /synced /careless
mount -t ext4 /dev/vdc /synced && mount -t ext4 /dev/vdd /careless && run journal-guest
poweroff -f
`;
/** There is no udev in the guest. */
const LVM_CONF = `activation { udev_sync = 0 udev_rules = 0 monitoring = 0 }
backup { backup = 0 archive = 0 }
`;

const file = (path: string, data: Buffer | string, mode = 0o100644): CpioEntry => ({
  path,
  mode,
  data: Buffer.from(data),
});
const link = (path: string, to: string): CpioEntry => ({ path, mode: 0o120777, data: Buffer.from(to) });

function find(places: readonly string[], name: string): string {
  const found = places.map((place) => join(place, name)).find((path) => existsSync(path));
  if (found === undefined) throw new Error(`there is no ${name} in ${places.join(', ')}`);
  return realpathSync(found);
}

/** Programs of this machine, with the libraries that they need. */
async function programs(): Promise<CpioEntry[]> {
  const paths = new Map(PROGRAMS.map((name) => [name, find(PROGRAM_PATHS, name)]));
  paths.set('node', realpathSync(process.execPath)).set('busybox', find(PROGRAM_PATHS, 'busybox'));
  const entries: CpioEntry[] = [];
  const addon = join(ROOT, 'node_modules/better-sqlite3/prebuilds', ADDON);
  const queue = [LOADER, ...neededLibraries(await readFile(addon))];
  for (const [name, path] of paths) {
    const data = await readFile(path);
    entries.push(file(`bin/${name}`, data, 0o100755));
    for (const other of LINKS[name] ?? []) entries.push(link(`bin/${other}`, name));
    queue.push(...neededLibraries(data));
  }
  const done = new Set<string>();
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (done.has(name)) continue;
    done.add(name);
    const data = await readFile(find(LIBRARY_PATHS, name));
    entries.push(file(`${name === LOADER ? 'lib64' : 'lib'}/${name}`, data, 0o100755));
    queue.push(...neededLibraries(data));
  }
  return entries;
}

/** Our programs for the guest, each with all that it imports in one file, which an emulated processor reads in time. */
async function ours(): Promise<CpioEntry[]> {
  const entries: CpioEntry[] = [];
  for (const name of ['lvm-guest', 'journal-guest']) {
    const bundle = await rolldown({
      input: { [name]: join(import.meta.dirname, `${name}.ts`) },
      platform: 'node',
      external: ['better-sqlite3'],
      plugins: [ownPlace(join(ROOT, PLACE), /\/helper\/.*\.ts$/)],
    });
    const { output } = await bundle.generate({ format: 'esm', entryFileNames: '[name].mjs' });
    await bundle.close();
    for (const one of output)
      if (one.type === 'chunk') entries.push(file(`work/${PLACE}/${one.fileName}`, one.code));
  }
  const add = async (path: string, wanted: RegExp): Promise<void> => {
    const below = realpathSync(join(ROOT, path));
    for (const entry of await readdir(below, { recursive: true, withFileTypes: true })) {
      const from = join(entry.parentPath, entry.name);
      if (entry.isFile() && wanted.test(from))
        entries.push(file(`work/${path}/${relative(below, from)}`, await readFile(from)));
    }
  };
  await add('helper/db/migrations', /\.sql$/);
  await add('node_modules/better-sqlite3', SQLITE);
  return entries;
}

/** @param modules the kernel's, as `depmod` has left them. */
async function kernelModules(modules: string): Promise<CpioEntry[]> {
  const lines = (await readFile(join(modules, 'modules.dep'), 'utf8')).split('\n');
  const wanted = new Set<string>();
  for (const line of lines) {
    const [first = '', ...needed] = line.replace(':', '').split(/\s+/).filter(Boolean);
    const name = basename(first).replace(/\.ko.*$/, '');
    if (MODULES.includes(name)) for (const one of [first, ...needed]) wanted.add(one);
  }
  const place = `lib/modules/${basename(modules)}`;
  const entries = [
    file(
      `${place}/modules.dep`,
      lines.filter((line) => wanted.has(line.split(':')[0] ?? '')).join('\n') + '\n',
    ),
  ];
  for (const path of wanted) entries.push(file(`${place}/${path}`, await readFile(join(modules, path))));
  return entries;
}

/** An initramfs in which LVM's contracts run, and which ends by itself. */
export async function lvmGuestImage(modules: string): Promise<Buffer> {
  const entries = [
    file('init', INIT, 0o100755),
    file('etc/lvm/lvm.conf', LVM_CONF),
    // LVM looks for modprobe there.
    link('sbin', 'bin'),
    ...(await programs()),
    ...(await ours()),
    ...(await kernelModules(modules)),
  ];
  const directories = new Set(['proc', 'sys', 'dev', 'tmp', 'run', 'etc']);
  for (const { path } of entries)
    for (let at = dirname(path); at !== '.'; at = dirname(at)) directories.add(at);
  const console_: CpioEntry = { path: 'dev/console', mode: 0o020600, device: [5, 1] };
  return cpioArchive([
    ...[...directories].sort().map((path) => ({ path, mode: 0o040755 })),
    console_,
    ...entries,
  ]);
}
