import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { CommandRunner } from '../../helper/host/command/interface.ts';
import { LinuxCommandRunner } from '../../helper/host/command/linux.ts';
import { BUILD_TIME, makeBootPartition } from './boot-partition.ts';
import { cpioArchive } from './cpio.ts';
import { writeDisk, type Partition } from './disk.ts';
import { resolveKernel, resolvePackages, unpackPackages, type ResolvedPackage } from './packages.ts';
import { fillRoot, findKernel, initramfsEntries, listTree, type Sources } from './rootfs.ts';

/** A built guest image and what a flavor must have to run it. */
export interface TinyGuest {
  /** The qcow2 file. */
  readonly path: string;
  /** Of the file, hexadecimal. */
  readonly sha256: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly minDiskGiB: number;
  readonly minRamMiB: number;
}

export interface BuildOptions {
  /** Where the image goes; its name carries a digest of the recipe and of the packages' versions. */
  readonly outDir: string;
  readonly onProgress?: (progress: BuildProgress) => void;
}

export interface BuildProgress {
  /** From 0 to 1. */
  readonly fraction: number;
  /** What is being done now. */
  readonly text: string;
}

/** Log in on a console with this name as the password too; by SSH with the server's key as this user or root. */
export const TINY_GUEST_USER = 'deskcloud';

const RECIPE = import.meta.dirname;
const PACKAGES = ['busybox-static', 'dropbear-bin', 'e2fsprogs', 'syslinux-common'];
const BOOT_MIB = 31;
const ROOT_MIB = 96;
const ROOT_UUID = 'de5cc10d-0000-4000-8000-000000000001';
const COMMAND_LINE = 'console=tty0 console=ttyS0,115200 quiet panic=10 tsc=reliable no_timer_check';

/**
 * Builds the tiny guest from Debian's packages, or finds it built already in `outDir`. Needs no root: apt-get,
 * dpkg-deb, syslinux, mtools, e2fsprogs and qemu-img.
 *
 * @throws {Error} naming the missing program, package or file.
 */
export async function buildTinyGuest(options: BuildOptions): Promise<TinyGuest> {
  const commands = new LinuxCommandRunner();
  const progress = (fraction: number, text: string): void => options.onProgress?.({ fraction, text });
  progress(0, 'asking apt for the packages');
  const kernel = await resolveKernel(commands);
  const packages = [kernel, ...(await resolvePackages(commands, PACKAGES))];
  const outDir = resolve(options.outDir);
  const path = join(outDir, `deskcloud-guest-${await recipeDigest(packages)}.qcow2`);
  if ((await stat(path).catch(() => undefined)) === undefined) {
    await mkdir(outDir, { recursive: true });
    // Beside the result, so that it is finished by a rename.
    const workDir = await mkdtemp(join(outDir, 'build-'));
    try {
      await build(commands, packages, workDir, progress);
      await rename(join(workDir, 'guest.qcow2'), path);
    } finally {
      await rm(workDir, { recursive: true, force: true });
    }
  }
  progress(1, 'guest image ready');
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const { size } = await stat(path);
  return { path, sha256: hash.digest('hex'), size, minDiskGiB: 1, minRamMiB: 128 };
}

/** Where tests keep the images that they build: $DESKCLOUD_TEST_CACHE, or below the user's cache. */
export const TEST_CACHE =
  process.env['DESKCLOUD_TEST_CACHE'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'deskcloud', 'tests');

/** The tiny guest for tests: built once for all of them. */
export async function ensureTinyGuest(cacheDir: string = TEST_CACHE): Promise<TinyGuest> {
  return buildTinyGuest({ outDir: join(cacheDir, 'guest') });
}

async function recipeDigest(packages: readonly ResolvedPackage[]): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(packages));
  for (const { path, kind } of await listTree(RECIPE)) {
    if (kind !== 'file' || path.includes('.test.') || path.endsWith('.md')) continue;
    hash.update(`\0${path}\0`).update(await readFile(join(RECIPE, path)));
  }
  return hash.digest('hex').slice(0, 12);
}

async function build(
  commands: CommandRunner,
  packages: readonly ResolvedPackage[],
  workDir: string,
  progress: (fraction: number, text: string) => void,
): Promise<void> {
  progress(0.1, `downloading ${packages.length} Debian packages`);
  const sources: Sources = {
    packages: await unpackPackages(commands, packages, workDir),
    recipe: RECIPE,
    commands,
  };
  progress(0.5, 'filling the root file system');
  const root = join(workDir, 'root');
  await mkdir(root);
  await fillRoot(sources, root);
  const rootImage = await makeRootPartition(commands, root, workDir);
  progress(0.7, 'making the boot partition');
  const bootImage = await makeBoot(sources, workDir);
  progress(0.9, 'putting the disk together');
  const partitions: Partition[] = [
    { startMiB: 1, sizeMiB: BOOT_MIB, type: 0x0e, bootable: true, content: bootImage },
    // Last on the disk, so that it can grow.
    { startMiB: 1 + BOOT_MIB, sizeMiB: ROOT_MIB, type: 0x83, bootable: false, content: rootImage },
  ];
  const bootCode = await readFile(join(sources.packages, 'usr/lib/syslinux/mbr/mbr.bin'));
  await writeDisk(join(workDir, 'guest.raw'), bootCode, partitions, 0xde5cc10d);
  const [raw, qcow2] = [join(workDir, 'guest.raw'), join(workDir, 'guest.qcow2')];
  await commands.run(['qemu-img', 'convert', '-f', 'raw', '-O', 'qcow2', raw, qcow2]);
}

async function makeRootPartition(commands: CommandRunner, root: string, workDir: string): Promise<string> {
  const image = join(workDir, 'root.ext4');
  const extended = `hash_seed=${ROOT_UUID},root_owner=0:0,lazy_itable_init=0`;
  // No reserve for root ('-m 0'): the disk is small, and nothing here is safer for it.
  const format = '-q -t ext4 -b 4096 -m 0 -L deskcloud'.split(' ');
  const fixedTime = `E2FSPROGS_FAKE_TIME=${BUILD_TIME}`;
  await commands.run([
    'env',
    fixedTime,
    'mke2fs',
    ...format,
    '-U',
    ROOT_UUID,
    '-E',
    extended,
    '-d',
    root,
    image,
    `${ROOT_MIB}M`,
  ]);
  // Owners and times are written into the file system itself: whoever builds need not be root.
  const edits: string[] = [];
  for (const { path } of [{ path: '' }, ...(await listTree(root))]) {
    const owner = path.startsWith('home/deskcloud') ? 1000 : 0;
    edits.push(`sif /${path} uid ${owner}`, `sif /${path} gid ${owner}`);
    for (const time of ['atime', 'mtime', 'ctime', 'crtime'])
      edits.push(`sif /${path} ${time} @${BUILD_TIME}`);
    for (const time of ['atime', 'mtime', 'ctime', 'crtime']) edits.push(`sif /${path} ${time}_extra 0`);
  }
  const capability = join(workDir, 'capability');
  await writeFile(capability, rawNetworkCapability());
  edits.push(`ea_set -f ${capability} /bin/busybox security.capability`);
  const script = join(workDir, 'debugfs.commands');
  await writeFile(script, `${edits.join('\n')}\n`);
  await commands.run(['env', fixedTime, 'debugfs', '-w', '-f', script, image]);
  return image;
}

/**
 * The extended attribute that lets everybody use ping and arping: CAP_NET_RAW, permitted and effective. (The shell runs
 * busybox's programs inside itself, so a set-uid file beside it would not be looked at.)
 * Source: struct vfs_cap_data, revision 2, in the kernel's include/uapi/linux/capability.h.
 */
function rawNetworkCapability(): Buffer {
  const data = Buffer.alloc(20);
  data.writeUInt32LE(0x02000001, 0);
  data.writeUInt32LE(1 << 13, 4);
  return data;
}

async function makeBoot(sources: Sources, workDir: string): Promise<string> {
  const modules = join(workDir, 'initramfs');
  await mkdir(modules);
  const archive = cpioArchive(await initramfsEntries(sources, modules));
  return makeBootPartition(sources.commands, {
    workDir,
    sizeMiB: BOOT_MIB,
    kernel: (await findKernel(sources.packages)).image,
    initramfs: gzipSync(archive, { level: 9 }),
    commandLine: COMMAND_LINE,
  });
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: 'string' } } });
  if (values.out === undefined) {
    process.stderr.write('usage: node resources/guest/build.ts --out DIR\n');
    process.exitCode = 2;
  } else {
    const guest = await buildTinyGuest({
      outDir: values.out,
      onProgress: ({ fraction, text }) => {
        process.stderr.write(
          `${Math.round(fraction * 100)
            .toString()
            .padStart(3)} % ${text}\n`,
        );
      },
    });
    process.stdout.write(`${JSON.stringify(guest, null, 2)}\n`);
  }
}
