import {
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { record } from '../record.ts';
import {
  growingFrom,
  LvmError,
  type LogicalVolume,
  type LvmHost,
  type Mark,
  type NewVolume,
  type VolumeGroup,
} from './interface.ts';
import { checkNames } from './names.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const EXTENT = 4 * MIB;
/** What another project left on the disks that a thick volume is made of: at so many places, and at its end. */
export const LEFT_BEHIND = Buffer.from('left behind by another project. '.repeat(16));
const EVERY = 64 * MIB;

type Kept = Pick<LogicalVolume, 'name' | 'pool' | 'marks'>;

/** {@link LvmHost} over sparse files, for the simulated host and fast tests. Every group is there, with 100 GiB. */
export class FakeLvmHost implements LvmHost {
  readonly #directory: string;
  /** What {@link look} says in place of an answer; a test may set it. */
  problem: string | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  path(group: string, name: string): string {
    checkNames(group, name);
    return join(this.#directory, group, name);
  }

  look(group: string, pool?: string): Promise<VolumeGroup> {
    return this.#do(() => {
      if (this.problem !== undefined) throw new LvmError('unavailable', this.problem);
      const volumes = this.#all(group).map((one) => this.#shown(group, one));
      const taken = (thin: boolean): number =>
        volumes
          .filter((one) => (one.pool !== undefined) === thin)
          .reduce((sum, { name, sizeBytes }) => sum + (thin ? this.#written(group, name) : sizeBytes), 0);
      const hasPool = pool !== undefined && existsSync(this.path(group, `${pool}.pool`));
      const totalBytes = 100 * GIB;
      return {
        totalBytes,
        freeBytes: totalBytes - taken(false) - (hasPool ? 50 * GIB : 0),
        extentBytes: EXTENT,
        volumes,
        ...(hasPool
          ? { pool: { sizeBytes: 50 * GIB, freeBytes: 50 * GIB - taken(true), zeroes: true } }
          : {}),
      };
    });
  }

  ensurePool(group: string, pool: string): Promise<void> {
    return this.#do(() => {
      mkdirSync(join(this.#directory, group), { recursive: true });
      writeFileSync(this.path(group, `${pool}.pool`), '');
    });
  }

  create({ group, name, sizeBytes, pool }: NewVolume): Promise<void> {
    return this.#do(() => {
      const there = this.#all(group).find((one) => one.name === name);
      if (there !== undefined && !there.marks.includes('unfinished'))
        throw new LvmError('failed', `There is a logical volume ${group}/${name} already; remove it first.`);
      const path = this.path(group, name);
      mkdirSync(join(this.#directory, group), { recursive: true });
      rmSync(path, { force: true });
      writeFileSync(path, '', { mode: 0o600 });
      this.#grow(path, sizeBytes, pool === undefined);
      this.#keep(group, name, { name, marks: ['unfinished'], ...(pool === undefined ? {} : { pool }) });
      const size = pool === undefined ? ['--size'] : ['--thinpool', pool, '--virtualsize'];
      this.#record('lvcreate', ...size, `${sizeBytes}b`, '--name', name, group);
    });
  }

  zero(group: string, name: string, fromByte: number, signal?: AbortSignal): Promise<void> {
    return this.#do(() => {
      const { sizeBytes } = this.#own(group, name);
      if (signal?.aborted === true) throw new LvmError('failed', 'Writing zeros was cancelled.');
      if (fromByte >= sizeBytes) return;
      const path = this.path(group, name);
      truncateSync(path, fromByte);
      if (fromByte <= 16 * MIB) {
        // Without the tables of what was there: whoever copies it then knows where it has nothing.
        writeFileSync(`${path}.zero`, readFileSync(path), { mode: 0o600 });
        renameSync(`${path}.zero`, path);
      }
      truncateSync(path, sizeBytes);
      this.#record('blkdiscard', '--zeroout', '--offset', String(fromByte), path);
    });
  }

  extend(group: string, name: string, sizeBytes: number): Promise<void> {
    return this.#do(() => {
      const volume = this.#own(group, name);
      if (volume.sizeBytes >= sizeBytes) return;
      this.#grow(this.path(group, name), sizeBytes, volume.pool === undefined);
      this.#record('lvextend', '--size', `${sizeBytes}b`, `${group}/${name}`);
    });
  }

  async takeBack(group: string, name: string): Promise<void> {
    const from = growingFrom(this.#own(group, name));
    if (from === undefined) return;
    truncateSync(this.path(group, name), from);
    await this.unmark(group, name, `growing-from-${from}`);
  }

  mark(group: string, name: string, mark: Mark): Promise<void> {
    return this.#do(() => {
      const { marks, pool } = this.#own(group, name);
      if (marks.includes(mark)) return;
      this.#keep(group, name, { name, marks: [...marks, mark], ...(pool === undefined ? {} : { pool }) });
    });
  }

  unmark(group: string, name: string, mark: Mark): Promise<void> {
    return this.#do(() => {
      const { marks, pool } = this.#own(group, name);
      const left = marks.filter((one) => one !== mark);
      this.#keep(group, name, { name, marks: left, ...(pool === undefined ? {} : { pool }) });
    });
  }

  rename(group: string, name: string, to: string): Promise<void> {
    return this.#do(() => {
      const there = new Set(this.#all(group).map((one) => one.name));
      if (!there.has(name) && there.has(to)) return;
      const { marks, pool } = this.#own(group, name);
      if (there.has(to)) throw new LvmError('failed', `There is a logical volume ${group}/${to} already.`);
      renameSync(this.path(group, name), this.path(group, to));
      this.#keep(group, name, { name: to, marks, ...(pool === undefined ? {} : { pool }) });
      this.#record('lvrename', group, name, to);
    });
  }

  activate(group: string, name: string): Promise<void> {
    return this.#do(() => void this.#own(group, name));
  }

  remove(group: string, name: string): Promise<void> {
    return this.#do(() => {
      if (!this.#all(group).some((one) => one.name === name)) return;
      rmSync(this.path(group, name), { force: true });
      this.#keep(group, name, undefined);
      this.#record('lvremove', `${group}/${name}`);
    });
  }

  #do<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => resolve(work()));
  }

  #grow(path: string, wanted: number, dirty: boolean): void {
    const before = statSync(path).size;
    const size = Math.ceil(wanted / EXTENT) * EXTENT;
    truncateSync(path, size);
    if (!dirty) return;
    const file = openSync(path, 'r+');
    const places = [before, size - LEFT_BEHIND.length];
    for (let at = Math.ceil((before + 1) / EVERY) * EVERY; at < size; at += EVERY) places.push(at);
    for (const at of places) writeSync(file, LEFT_BEHIND, 0, LEFT_BEHIND.length, at);
    closeSync(file);
  }

  #written(group: string, name: string): number {
    return statSync(this.path(group, name)).blocks * 512;
  }

  #book(group: string): string {
    checkNames(group);
    return join(this.#directory, `${group}.json`);
  }

  #all(group: string): readonly Kept[] {
    const path = this.#book(group);
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Kept[]) : [];
  }

  #keep(group: string, name: string, kept: Kept | undefined): void {
    const others = this.#all(group).filter((one) => one.name !== name);
    const all = [...others, ...(kept === undefined ? [] : [kept])].sort((a, b) => (a.name < b.name ? -1 : 1));
    writeFileSync(`${this.#book(group)}.new`, JSON.stringify(all));
    renameSync(`${this.#book(group)}.new`, this.#book(group));
  }

  #shown(group: string, kept: Kept): LogicalVolume {
    return { group, ...kept, sizeBytes: statSync(this.path(group, kept.name)).size, active: true };
  }

  #own(group: string, name: string): LogicalVolume {
    const found = this.#all(group).find((one) => one.name === name);
    if (found === undefined) throw new LvmError('missing', `There is no logical volume ${group}/${name}.`);
    return this.#shown(group, found);
  }

  #record(...argv: string[]): void {
    record({ kind: 'command', argv, exitCode: 0, durationMs: 0 });
  }
}
