import { chmod, copyFile, cp, mkdir, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { CommandRunner } from '../../helper/host/command/interface.ts';
import type { CpioEntry } from './cpio.ts';
import { neededLibraries } from './elf.ts';

/** Where the content of the guest comes from. */
export interface Sources {
  /** The unpacked Debian packages. */
  readonly packages: string;
  /** resources/guest. */
  readonly recipe: string;
  readonly commands: CommandRunner;
}

const PROGRAMS = ['dropbear', 'dropbearkey', 'dbclient', 'resize2fs', 'mke2fs'];
/** Names under which mke2fs makes what they say; OpenStack's tests and people know these. */
const MKFS = ['mkfs.ext2', 'mkfs.ext3', 'mkfs.ext4'];
const PROGRAM_DIRECTORIES = ['bin', 'sbin', 'usr/bin', 'usr/sbin'];
const LIBRARY_DIRECTORIES = [
  'lib',
  'usr/lib',
  'lib64',
  'usr/lib64',
  'lib/x86_64-linux-gnu',
  'usr/lib/x86_64-linux-gnu',
];
const LOADER = 'ld-linux-x86-64.so.2';

/** Applets that need root's rights also when the user deskcloud runs them. */
const SETUID_APPLETS = new Set(['su', 'passwd']);

const DISK_MODULES = ['virtio_pci', 'virtio_blk', 'virtio_scsi', 'sd_mod', 'ata_piix', 'ata_generic', 'nvme'];
const MODULES = [
  ...DISK_MODULES,
  'virtio_net',
  'virtio_rng',
  'virtio_balloon',
  'virtio_console',
  'qemu_fw_cfg',
  'e1000',
  'e1000e',
  'sr_mod',
  'isofs',
  'vfat',
  'nls_ascii',
  'nls_cp437',
  'nls_utf8',
  'nls_iso8859-1',
  'button',
  'evdev',
  '8021q',
  'tun',
  'bridge',
  'veth',
  'vxlan',
  'dummy',
];

const INITRAMFS_APPLETS =
  'blockdev cat dd dmesg find findfs ls modprobe mount printf readlink sh sleep sort switch_root xargs'.split(
    ' ',
  );

const DIRECTORIES =
  'bin sbin usr/bin usr/sbin usr/local/bin lib lib64 mnt dev proc sys run tmp root home/deskcloud etc/dropbear var/log var/lib/deskcloud'.split(
    ' ',
  );

async function firstExisting(paths: readonly string[], what: string): Promise<string> {
  for (const path of paths) if (await stat(path).catch(() => undefined)) return path;
  throw new Error(
    `none of the Debian packages brings ${what}; the guest's recipe must be adapted to this release`,
  );
}

const findProgram = (packages: string, name: string): Promise<string> =>
  firstExisting(
    PROGRAM_DIRECTORIES.map((directory) => join(packages, directory, name)),
    `the program ${name}`,
  );

const findLibrary = (packages: string, name: string): Promise<string> =>
  firstExisting(
    LIBRARY_DIRECTORIES.map((directory) => join(packages, directory, name)),
    `the library ${name}`,
  );

/** The kernel's image, its version, and the directory of its modules. */
export async function findKernel(
  packages: string,
): Promise<{ image: string; version: string; modules: string }> {
  const image = (await readdir(join(packages, 'boot'))).find((name) => name.startsWith('vmlinuz-'));
  if (image === undefined) throw new Error('the kernel package brings no /boot/vmlinuz-*');
  const version = image.slice('vmlinuz-'.length);
  const modules = await firstExisting(
    ['lib', 'usr/lib'].map((directory) => join(packages, directory, 'modules', version)),
    `modules for kernel ${version}`,
  );
  return { image: join(packages, 'boot', image), version, modules };
}

/** Module files by module name, each with the files it depends on; relative to the modules' directory. */
async function readDependencies(sources: Sources): Promise<Map<string, readonly string[]>> {
  const { modules, version } = await findKernel(sources.packages);
  // depmod wants <base>/lib/modules/<version>.
  const base = dirname(dirname(dirname(modules)));
  await sources.commands.run(
    [await findProgram(sources.packages, 'busybox'), 'depmod', '-b', base, version],
    {
      timeoutMs: 120_000,
    },
  );
  const dependencies = new Map<string, readonly string[]>();
  for (const line of (await readFile(join(modules, 'modules.dep'), 'utf8')).split('\n')) {
    const files = line
      .replace(':', '')
      .split(/\s+/)
      .filter((file) => file !== '');
    const name = basename(files[0] ?? '').replace(/\.ko.*$/, '');
    if (files.length > 0) dependencies.set(name.replaceAll('-', '_'), files);
  }
  return dependencies;
}

/** Copies modules, those they need, and their index below `root`. Modules built into this kernel are passed over. */
async function installModules(sources: Sources, root: string, names: readonly string[]): Promise<void> {
  const { modules, version } = await findKernel(sources.packages);
  const dependencies = await readDependencies(sources);
  const files = new Set(names.flatMap((name) => dependencies.get(name.replaceAll('-', '_')) ?? []));
  const target = join(root, 'lib/modules', version);
  await mkdir(target, { recursive: true });
  for (const file of files) {
    await mkdir(join(target, dirname(file)), { recursive: true });
    await copyFile(join(modules, file), join(target, file));
  }
  for (const index of ['modules.order', 'modules.builtin']) {
    await copyFile(join(modules, index), join(target, index)).catch(() => undefined);
  }
  await sources.commands.run([await findProgram(sources.packages, 'busybox'), 'depmod', '-b', root, version]);
}

async function installPrograms(sources: Sources, root: string): Promise<void> {
  const queue: string[] = [LOADER];
  for (const name of PROGRAMS) {
    const program = await findProgram(sources.packages, name);
    await copyFile(program, join(root, 'usr/sbin', name));
    queue.push(...neededLibraries(await readFile(program)));
  }
  const done = new Set<string>();
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (done.has(name)) continue;
    done.add(name);
    const library = await findLibrary(sources.packages, name);
    await copyFile(library, join(root, name === LOADER ? 'lib64' : 'lib', name));
    queue.push(...neededLibraries(await readFile(library)));
  }
  await symlink('/usr/sbin/dbclient', join(root, 'usr/bin/ssh'));
  for (const name of MKFS) await symlink('/usr/sbin/mke2fs', join(root, 'usr/sbin', name));
}

async function installBusybox(sources: Sources, root: string): Promise<void> {
  const busybox = await findProgram(sources.packages, 'busybox');
  await copyFile(busybox, join(root, 'bin/busybox'));
  await copyFile(busybox, join(root, 'bin/busybox-setuid'));
  await chmod(join(root, 'bin/busybox-setuid'), 0o4755);
  const { stdout } = await sources.commands.run([busybox, '--list-full']);
  // What the guest has in full does not get busybox's smaller one too, which would be found first.
  const others = new Set(['', 'busybox', ...PROGRAMS, ...MKFS]);
  for (const path of stdout.split('\n').filter((line) => !others.has(basename(line)))) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    const target = SETUID_APPLETS.has(basename(path)) ? '/bin/busybox-setuid' : '/bin/busybox';
    await symlink(target, join(root, path));
  }
}

/** Fills `root` with the guest's root file system. Owners are set later, on the file system itself. */
export async function fillRoot(sources: Sources, root: string): Promise<void> {
  for (const directory of DIRECTORIES) {
    await mkdir(join(root, directory), { recursive: true });
  }
  await cp(join(sources.recipe, 'rootfs'), root, { recursive: true });
  await installBusybox(sources, root);
  await installPrograms(sources, root);
  await installModules(sources, root, MODULES);
  await symlink('/run', join(root, 'var/run'));
  await symlink('/run/deskcloud/resolv.conf', join(root, 'etc/resolv.conf'));
  await symlink('/run/deskcloud/issue', join(root, 'etc/issue'));
  await symlink('/proc/mounts', join(root, 'etc/mtab'));
  for (const { path, kind } of await listTree(root)) {
    if (kind === 'link' || path === 'bin/busybox-setuid') continue;
    await chmod(join(root, path), modeOf(path, kind));
  }
}

const PROGRAM_PATH = /^(s?bin|usr\/s?bin|usr\/lib\/deskcloud|etc\/init\.d|etc\/acpi\/PWRF|lib64)\//;

function modeOf(path: string, kind: 'directory' | 'file'): number {
  if (path === 'etc/shadow') return 0o600;
  if (path === 'root' || path === 'home/deskcloud') return 0o700;
  return kind === 'directory' || PROGRAM_PATH.test(path) ? 0o755 : 0o644;
}

export interface TreeEntry {
  readonly path: string;
  readonly kind: 'directory' | 'file' | 'link';
}

/**
 * Everything below `root`, sorted, directories before their content. Symbolic links are never followed: those of a guest
 * lead into the host's own file system.
 */
export async function listTree(root: string, below = ''): Promise<TreeEntry[]> {
  const tree: TreeEntry[] = [];
  const found = await readdir(join(root, below), { withFileTypes: true });
  for (const entry of found.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(below, entry.name);
    if (entry.isDirectory()) tree.push({ path, kind: 'directory' }, ...(await listTree(root, path)));
    else tree.push({ path, kind: entry.isSymbolicLink() ? 'link' : 'file' });
  }
  return tree;
}

/** The content of the initramfs: busybox, the drivers of disks, and the script that finds the root partition. */
export async function initramfsEntries(sources: Sources, workDir: string): Promise<CpioEntry[]> {
  await installModules(sources, workDir, DISK_MODULES);
  const entries: CpioEntry[] = ['bin', 'dev', 'proc', 'sys', 'root'].map((path) => ({
    path,
    mode: 0o040755,
  }));
  entries.push({ path: 'dev/console', mode: 0o020600, device: [5, 1] });
  entries.push({
    path: 'init',
    mode: 0o100755,
    data: await readFile(join(sources.recipe, 'initramfs/init')),
  });
  entries.push({
    path: 'bin/busybox',
    mode: 0o100755,
    data: await readFile(await findProgram(sources.packages, 'busybox')),
  });
  for (const applet of INITRAMFS_APPLETS) {
    entries.push({ path: `bin/${applet}`, mode: 0o120777, data: Buffer.from('busybox') });
  }
  for (const { path, kind } of await listTree(workDir)) {
    entries.push(
      kind === 'directory'
        ? { path, mode: 0o040755 }
        : { path, mode: 0o100644, data: await readFile(join(workDir, path)) },
    );
  }
  return entries;
}
