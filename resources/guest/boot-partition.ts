import { copyFile, mkdir, open, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandRunner } from '../../helper/host/command/interface.ts';
import { MIB } from './disk.ts';

/** The first MiB of a disk, before the boot partition, in sectors. */
const HIDDEN_SECTORS = 2048;
/** Seconds since 1970 that every file carries, so that a second build gives the same bytes. */
export const BUILD_TIME = 1_750_000_000;

export interface BootPartition {
  /** A directory for intermediate files. */
  readonly workDir: string;
  readonly sizeMiB: number;
  /** Path of the kernel's image. */
  readonly kernel: string;
  readonly initramfs: Buffer;
  readonly commandLine: string;
}

/**
 * Makes a FAT partition that syslinux boots from, without any mount, and returns its path. It must begin at 1 MiB.
 * Needs mtools and syslinux.
 */
export async function makeBootPartition(commands: CommandRunner, boot: BootPartition): Promise<string> {
  const image = join(boot.workDir, 'boot.fat');
  const files = join(boot.workDir, 'boot');
  await mkdir(files);
  await copyFile(boot.kernel, join(files, 'vmlinuz'));
  await writeFile(join(files, 'initrd'), boot.initramfs);
  await writeFile(
    join(files, 'syslinux.cfg'),
    `DEFAULT linux\nPROMPT 0\nLABEL linux\n  KERNEL vmlinuz\n  INITRD initrd\n  APPEND ${boot.commandLine}\n`,
  );
  const empty = await open(image, 'w');
  await empty.truncate(boot.sizeMiB * MIB);
  await empty.close();
  // Heads and sectors of which a track is 1 MiB.
  const geometry = ['-h', '64', '-s', '32', '-t', `${boot.sizeMiB}`, '-H', `${HIDDEN_SECTORS}`];
  const fixedTime = ['env', 'TZ=UTC', `SOURCE_DATE_EPOCH=${BUILD_TIME}`] as const;
  await commands.run([
    ...fixedTime,
    'mformat',
    '-i',
    image,
    '-N',
    'de5cc10d',
    '-v',
    'DESKBOOT',
    ...geometry,
    '::',
  ]);
  for (const name of ['vmlinuz', 'initrd', 'syslinux.cfg']) {
    await utimes(join(files, name), BUILD_TIME, BUILD_TIME);
    await commands.run([...fixedTime, 'mcopy', '-m', '-i', image, join(files, name), `::${name}`]);
  }
  await commands.run([...fixedTime, 'syslinux', '--install', image]);
  return image;
}
