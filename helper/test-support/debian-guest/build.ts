import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeBootPartition } from '../../../resources/guest/boot-partition.ts';
import { writeDisk } from '../../../resources/guest/disk.ts';
import { TEST_CACHE } from '../../../resources/guest/build.ts';
import { resolveKernel } from '../../../resources/guest/packages.ts';
import type { CommandRunner } from '../../host/command/interface.ts';
import { LinuxCommandRunner } from '../../host/command/linux.ts';

/** A full Debian with systemd and real cloud-init. */
export interface DebianGuest {
  /** The qcow2 file, of 2 GiB virtual size. */
  readonly path: string;
  readonly minDiskGiB: number;
  readonly minRamMiB: number;
  /** cloud-init puts the server's key here. */
  readonly user: string;
}

const RECIPE = import.meta.dirname;
const PACKAGES = [
  'linux-image-cloud-amd64',
  'systemd-sysv',
  'dbus',
  'udev',
  'cloud-init',
  'cloud-guest-utils',
  'e2fsprogs',
  'fdisk',
  'isc-dhcp-client',
  'iproute2',
  'iputils-ping',
  'netbase',
  'openssh-server',
  'qemu-guest-agent',
  'sudo',
];
const BOOT_MIB = 63;
const ROOT_MIB = 1984;

/**
 * The full Debian guest for tests, built by mmdebstrap (root needed, about two minutes) and kept in `cacheDir` until
 * the recipe or the kernel's version changes.
 */
export async function ensureDebianGuest(cacheDir = TEST_CACHE): Promise<DebianGuest> {
  const commands = new LinuxCommandRunner();
  const outDir = join(cacheDir, 'debian-guest');
  const digest = createHash('sha256').update(JSON.stringify(await resolveKernel(commands)));
  for (const file of ['build.ts', 'customize.sh']) digest.update(await readFile(join(RECIPE, file)));
  const path = join(outDir, `debian-guest-${digest.digest('hex').slice(0, 12)}.qcow2`);
  if ((await stat(path).catch(() => undefined)) === undefined) {
    await mkdir(outDir, { recursive: true });
    const workDir = await mkdtemp(join(outDir, 'build-'));
    try {
      await build(commands, workDir);
      await rename(join(workDir, 'guest.qcow2'), path);
    } finally {
      await rm(workDir, { recursive: true, force: true });
    }
  }
  return { path, minDiskGiB: 2, minRamMiB: 512, user: 'debian' };
}

async function build(commands: CommandRunner, workDir: string): Promise<void> {
  const minutes = 60_000;
  const root = join(workDir, 'root');
  const release = await readFile('/etc/os-release', 'utf8');
  const suite = /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1];
  if (suite === undefined)
    throw new Error('/etc/os-release names no Debian release; this guest is built on Debian');
  await commands.run(
    [
      'mmdebstrap',
      '--quiet',
      '--variant=minbase',
      `--include=${PACKAGES.join(',')}`,
      '--dpkgopt=path-exclude=/usr/share/doc/*',
      '--dpkgopt=path-exclude=/usr/share/man/*',
      '--dpkgopt=path-exclude=/usr/share/locale/*',
      `--customize-hook=${join(RECIPE, 'customize.sh')}`,
      suite,
      root,
    ],
    { timeoutMs: 15 * minutes },
  );
  const rootImage = join(workDir, 'root.ext4');
  await commands.run(
    [
      'mke2fs',
      '-q',
      '-t',
      'ext4',
      '-L',
      'rootfs',
      '-E',
      'lazy_itable_init=0',
      '-d',
      root,
      rootImage,
      `${ROOT_MIB}M`,
    ],
    { timeoutMs: 5 * minutes },
  );
  const boot = join(root, 'boot');
  const names = await readdir(boot);
  const find = (prefix: string): string => {
    const name = names.find((candidate) => candidate.startsWith(prefix));
    if (name === undefined) throw new Error(`the new Debian has no /boot/${prefix}*`);
    return join(boot, name);
  };
  const bootImage = await makeBootPartition(commands, {
    workDir,
    sizeMiB: BOOT_MIB,
    kernel: find('vmlinuz-'),
    initramfs: await readFile(find('initrd.img-')),
    commandLine: 'root=LABEL=rootfs ro console=tty0 console=ttyS0,115200 net.ifnames=0 panic=10',
  });
  const raw = join(workDir, 'guest.raw');
  await writeDisk(
    raw,
    await readFile('/usr/lib/SYSLINUX/mbr.bin'),
    [
      { startMiB: 1, sizeMiB: BOOT_MIB, type: 0x0e, bootable: true, content: bootImage },
      { startMiB: 1 + BOOT_MIB, sizeMiB: ROOT_MIB, type: 0x83, bootable: false, content: rootImage },
    ],
    0xde5cc10e,
  );
  await commands.run(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raw, join(workDir, 'guest.qcow2')], {
    timeoutMs: 5 * minutes,
  });
}

if (import.meta.main) process.stdout.write(`${JSON.stringify(await ensureDebianGuest())}\n`);
