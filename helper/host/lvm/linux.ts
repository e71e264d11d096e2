import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { CommandError, type Argv, type CommandOptions, type CommandRunner } from '../command/interface.ts';
import { PROGRAM_PATHS } from '../setup/tools.ts';
import {
  growingFrom,
  LvmError,
  type LogicalVolume,
  type LvmHost,
  type Mark,
  type NewVolume,
  type ThinPool,
  type VolumeGroup,
} from './interface.ts';
import { checkNames } from './names.ts';

/** LVM waits for others who change the same group. */
const CHANGE: CommandOptions = { timeoutMs: 120_000 };
/** Writing zeros over a large volume on a slow disk. */
const WRITE: CommandOptions = { timeoutMs: 4 * 3600 * 1000 };
/** How much is zeroed in one go, so that it can be ended in between. */
const STEP = 64 * 1024 * 1024;
const TAG = 'deskcloud';

const REPORT = ['--reportformat', 'json', '--units', 'b', '--nosuffix'] as const;
const Groups = Type.Object({
  report: Type.Array(
    Type.Object({
      vg: Type.Array(
        Type.Object({ vg_size: Type.String(), vg_free: Type.String(), vg_extent_size: Type.String() }),
      ),
    }),
  ),
});
const Volumes = Type.Object({
  report: Type.Array(
    Type.Object({
      lv: Type.Array(
        Type.Object({
          lv_name: Type.String(),
          lv_size: Type.String(),
          lv_tags: Type.String(),
          lv_attr: Type.String(),
          lv_active: Type.String(),
          pool_lv: Type.String(),
          data_percent: Type.String(),
        }),
      ),
    }),
  ),
});

/** A logical volume of anybody, as lvs shows it. */
interface Found {
  readonly volume: LogicalVolume;
  readonly ours: boolean;
  /** Where it is a thin pool. */
  readonly thin: ThinPool | undefined;
}

export interface LinuxLvmOptions {
  /** Tag of this instance on all that it makes. */
  readonly owner: string;
  readonly commands: CommandRunner;
  /** Where the kernel lists what it has; '/proc/misc' by default. */
  readonly misc?: string;
}

/** LVM by its own programs. */
export class LinuxLvmHost implements LvmHost {
  readonly #owner: string;
  readonly #commands: CommandRunner;
  readonly #misc: string;

  constructor({ owner, commands, misc = '/proc/misc' }: LinuxLvmOptions) {
    this.#owner = `${TAG}.owner=${owner}`;
    this.#commands = commands;
    this.#misc = misc;
  }

  path(group: string, name: string): string {
    checkNames(group, name);
    return `/dev/${group}/${name}`;
  }

  async look(group: string, pool?: string): Promise<VolumeGroup> {
    checkNames(group, ...(pool === undefined ? [] : [pool]));
    await this.#mustWork(pool !== undefined);
    const [found] = await this.#group(group);
    const all = await this.#volumes(group);
    const there = all.find(({ volume }) => volume.name === pool);
    if (there !== undefined && there.thin === undefined)
      throw new LvmError(
        'unavailable',
        `${group}/${pool ?? ''} is a logical volume and no thin pool. Name another thin pool (volume.backends, thinPool); one that is not there is made.`,
      );
    return {
      ...found,
      volumes: all.filter(({ ours }) => ours).map(({ volume }) => volume),
      ...(there?.thin === undefined ? {} : { pool: there.thin }),
    };
  }

  async ensurePool(group: string, pool: string): Promise<void> {
    if ((await this.look(group, pool)).pool !== undefined) return;
    // What is left is for the pool's metadata to grow, and for their spare copy.
    const size = ['--type', 'thin-pool', '--extents', '95%FREE', '--name', pool];
    await this.#change(['lvcreate', '--yes', ...size, '--zero', 'y', '--addtag', this.#owner, group]);
    // A guest hears at once that there is no room, and waits for it (as with files), in place of hanging for a minute.
    await this.#change(['lvchange', '--errorwhenfull', 'y', `${group}/${pool}`]);
  }

  async create({ group, name, sizeBytes, pool }: NewVolume): Promise<void> {
    checkNames(group, name, ...(pool === undefined ? [] : [pool]));
    const there = await this.#find(group, name);
    if (there !== undefined && !(there.ours && there.volume.marks.includes('unfinished')))
      throw new LvmError('failed', `There is a logical volume ${group}/${name} already; remove it first.`);
    if (there !== undefined) await this.remove(group, name);
    const size =
      pool === undefined
        ? ['--type', 'linear', '--size', `${sizeBytes}b`]
        : ['--type', 'thin', '--virtualsize', `${sizeBytes}b`, '--thinpool', pool];
    // Nothing of what was there before is looked at: it is overwritten anyway.
    const plain = ['--wipesignatures', 'n', '--setactivationskip', 'n', '--activate', 'y'];
    const tags = ['--addtag', this.#owner, '--addtag', tagOf('unfinished')];
    await this.#change(['lvcreate', '--yes', ...size, ...plain, ...tags, '--name', name, group]);
  }

  async zero(group: string, name: string, fromByte: number, signal?: AbortSignal): Promise<void> {
    const { sizeBytes } = await this.#own(group, name);
    if (fromByte >= sizeBytes) return;
    const range = ['--offset', String(fromByte), '--length', String(sizeBytes - fromByte)];
    await this.#run(
      ['blkdiscard', '--zeroout', '--step', String(STEP), ...range, this.path(group, name)],
      signal === undefined ? WRITE : { ...WRITE, signal },
    );
  }

  async extend(group: string, name: string, sizeBytes: number): Promise<void> {
    const volume = await this.#own(group, name);
    if (volume.sizeBytes >= sizeBytes) return;
    await this.#change(['lvextend', '--yes', '--size', `${sizeBytes}b`, `${group}/${name}`]);
  }

  async takeBack(group: string, name: string): Promise<void> {
    const volume = await this.#own(group, name);
    const from = growingFrom(volume);
    if (from === undefined) return;
    if (volume.sizeBytes > from)
      await this.#change(['lvreduce', '--force', '--yes', '--size', `${from}b`, `${group}/${name}`]);
    await this.unmark(group, name, `growing-from-${from}`);
  }

  async mark(group: string, name: string, mark: Mark): Promise<void> {
    if ((await this.#own(group, name)).marks.includes(mark)) return;
    await this.#change(['lvchange', '--addtag', tagOf(mark), `${group}/${name}`]);
  }

  async unmark(group: string, name: string, mark: Mark): Promise<void> {
    if (!(await this.#own(group, name)).marks.includes(mark)) return;
    await this.#change(['lvchange', '--deltag', tagOf(mark), `${group}/${name}`]);
  }

  async rename(group: string, name: string, to: string): Promise<void> {
    checkNames(group, name, to);
    const all = await this.#volumes(group);
    const found = all.find(({ volume }) => volume.name === name);
    if (found === undefined && all.some(({ volume, ours }) => ours && volume.name === to)) return;
    this.#ours(group, name, found);
    await this.#change(['lvrename', '--yes', group, name, to]);
  }

  async activate(group: string, name: string): Promise<void> {
    if ((await this.#own(group, name)).active) return;
    await this.#change(['lvchange', '--activate', 'y', `${group}/${name}`]);
  }

  async remove(group: string, name: string): Promise<void> {
    checkNames(group, name);
    const found = await this.#find(group, name);
    if (found === undefined) return;
    this.#ours(group, name, found);
    await this.#change(['lvremove', '--yes', `${group}/${name}`]);
  }

  /** Cause and remedy, before LVM says it in its own words. */
  async #mustWork(thin: boolean): Promise<void> {
    const missing = (thin ? ['lvs', 'blkdiscard', 'thin_check'] : ['lvs', 'blkdiscard']).find(
      (program) => !PROGRAM_PATHS.some((path) => existsSync(join(path, program))),
    );
    if (missing !== undefined)
      throw new LvmError(
        'unavailable',
        `LVM's program ${missing} is not installed. Install it with: sudo apt-get install --no-install-recommends lvm2 thin-provisioning-tools`,
      );
    if (this.#hasDeviceMapper()) return;
    // Many kernels have it as a module that nobody has used yet; where there is no such module, the next look says it.
    await this.#commands.run(['modprobe', 'dm-mod']).catch(() => undefined);
    if (this.#hasDeviceMapper()) return;
    throw new LvmError(
      'unavailable',
      `This kernel has no device-mapper (${this.#misc} does not list it, and the module dm-mod cannot be loaded), and without it there is no LVM. Start a kernel that has it, as Debian's are, or keep volumes in files (volume.backends, kind: file).`,
    );
  }

  #hasDeviceMapper(): boolean {
    try {
      return /\bdevice-mapper$/m.test(readFileSync(this.#misc, 'utf8'));
    } catch {
      return false;
    }
  }

  async #group(group: string) {
    const argv: Argv = ['vgs', ...REPORT, '--options', 'vg_size,vg_free,vg_extent_size', group];
    let text: string;
    try {
      text = (await this.#commands.run(argv, CHANGE)).stdout;
    } catch (error) {
      if (!(error instanceof CommandError) || !/not found/.test(error.stderr)) throw explained(error);
      throw new LvmError(
        'unavailable',
        `There is no volume group '${group}'. Make it of a disk or partition that is free: sudo vgcreate ${group} /dev/DISK; or name another one (volume.backends, volumeGroup).`,
        { cause: error },
      );
    }
    return Value.Parse(Groups, JSON.parse(text)).report.flatMap(({ vg }) =>
      vg.map((one) => ({
        totalBytes: Number(one.vg_size),
        freeBytes: Number(one.vg_free),
        extentBytes: Number(one.vg_extent_size),
      })),
    ) as [Pick<VolumeGroup, 'totalBytes' | 'freeBytes' | 'extentBytes'>];
  }

  async #volumes(group: string): Promise<Found[]> {
    const options = 'lv_name,lv_size,lv_tags,lv_attr,lv_active,pool_lv,data_percent';
    const { stdout } = await this.#run(['lvs', ...REPORT, '--options', options, group], CHANGE);
    return Value.Parse(Volumes, JSON.parse(stdout))
      .report.flatMap(({ lv }) => lv)
      .map((one) => {
        const tags = one.lv_tags.split(',');
        const sizeBytes = Number(one.lv_size);
        const isPool = one.lv_attr.startsWith('t');
        const volume = {
          group,
          name: one.lv_name,
          sizeBytes,
          active: one.lv_active === 'active',
          ...(one.pool_lv === '' ? {} : { pool: one.pool_lv }),
          marks: tags.flatMap((tag) => markOf(tag) ?? []),
        };
        const thin = {
          sizeBytes,
          freeBytes: Math.floor(sizeBytes * (1 - Number(one.data_percent) / 100)),
          zeroes: one.lv_attr[7] === 'z',
        };
        return { volume, ours: tags.includes(this.#owner) && !isPool, thin: isPool ? thin : undefined };
      })
      .sort((a, b) => (a.volume.name < b.volume.name ? -1 : 1));
  }

  async #find(group: string, name: string): Promise<Found | undefined> {
    return (await this.#volumes(group)).find(({ volume }) => volume.name === name);
  }

  /** @throws {LvmError} for what is not there, or has not our tag. */
  async #own(group: string, name: string): Promise<LogicalVolume> {
    checkNames(group, name);
    return this.#ours(group, name, await this.#find(group, name));
  }

  #ours(group: string, name: string, found: Found | undefined): LogicalVolume {
    if (found === undefined) throw new LvmError('missing', `There is no logical volume ${group}/${name}.`);
    if (!found.ours)
      throw new LvmError(
        'not-ours',
        `The logical volume ${group}/${name} has not the tag ${this.#owner}: it is not this cloud's, and stays as it is.`,
      );
    return found.volume;
  }

  async #change(argv: Argv): Promise<void> {
    await this.#run(argv, CHANGE);
  }

  async #run(argv: Argv, options: CommandOptions) {
    try {
      return await this.#commands.run(argv, options);
    } catch (error) {
      throw explained(error);
    }
  }
}

const tagOf = (mark: Mark): string => `${TAG}.${mark}`;

function markOf(tag: string): Mark | undefined {
  if (tag === tagOf('unfinished')) return 'unfinished';
  const from = /^deskcloud\.growing-from-(\d+)$/.exec(tag)?.[1];
  return from === undefined ? undefined : `growing-from-${Number(from)}`;
}

function explained(error: unknown): unknown {
  if (!(error instanceof CommandError)) return error;
  const { stderr, message } = error;
  if (/insufficient free (space|extents)|No space left/i.test(stderr))
    return new LvmError(
      'full',
      `The volume group has not room enough: ${message}. Add a disk to it (vgextend), or delete volumes.`,
      { cause: error },
    );
  if (/in use|contains a filesystem in use|is used by another device/i.test(stderr))
    return new LvmError(
      'in-use',
      `Somebody on this host still has the volume open: ${message}. 'lsof' and 'dmsetup ls --tree' say who; end it and try again.`,
      { cause: error },
    );
  return new LvmError('failed', message, { cause: error });
}
