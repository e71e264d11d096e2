import { writeFile } from 'node:fs/promises';
import { FakeDomainHost } from '../host/domain/fake.ts';
import type {
  DomainDisk,
  DomainHint,
  DomainHost,
  DomainSpec,
  DomainStatus,
  PowerState,
} from '../host/domain/interface.ts';

/** File, or name of the target. */
const nameOf = ({ source }: DomainDisk): string => (source.kind === 'iscsi' ? source.iqn : source.path);

/** Domains in memory; they outlive an engine as real ones outlive the helper. */
export class StandInDomains implements DomainHost {
  readonly specs = new Map<string, DomainSpec>();
  readonly states = new Map<string, PowerState>();
  readonly #listeners = new Set<(hint: DomainHint) => void>();
  /** Set to let a guest ignore its power button. */
  deaf = false;
  /** Awaited before a start is done; lets a test hold one. */
  beforeStart: () => Promise<void> = () => Promise.resolve();

  hypervisor = (): ReturnType<DomainHost['hypervisor']> => new FakeDomainHost().hypervisor();
  define(spec: DomainSpec): Promise<string> {
    this.specs.set(spec.uuid, spec);
    if (!this.states.has(spec.uuid)) this.states.set(spec.uuid, 'shutdown');
    return Promise.resolve('<domain/>');
  }
  async start(uuid: string): Promise<void> {
    await this.beforeStart();
    if (!this.specs.has(uuid)) throw new Error(`no domain ${uuid}`);
    this.change(uuid, 'running', 'started');
  }
  shutdown(uuid: string, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    if (!this.deaf) {
      if (this.states.has(uuid)) this.change(uuid, 'shutdown', 'stopped');
      return Promise.resolve(true);
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => resolve(false), Math.min(timeoutMs, 20));
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(new Error('aborted'));
      });
    });
  }
  destroy(uuid: string): Promise<void> {
    if (this.states.has(uuid)) this.change(uuid, 'shutdown', 'stopped');
    return Promise.resolve();
  }
  reboot = (): Promise<void> => Promise.resolve();
  reset = (): Promise<void> => Promise.resolve();
  suspend(uuid: string): Promise<void> {
    this.change(uuid, 'paused', 'suspended');
    return Promise.resolve();
  }
  resume(uuid: string): Promise<void> {
    this.change(uuid, 'running', 'resumed');
    return Promise.resolve();
  }
  undefine(uuid: string): Promise<void> {
    this.specs.delete(uuid);
    this.states.delete(uuid);
    return Promise.resolve();
  }
  status(uuid: string): Promise<DomainStatus | undefined> {
    const powerState = this.states.get(uuid);
    const name = this.specs.get(uuid)?.name ?? '';
    return Promise.resolve(powerState === undefined ? undefined : { uuid, name, powerState });
  }
  list(): Promise<readonly DomainStatus[]> {
    return Promise.resolve(
      [...this.states].map(([uuid, powerState]) => ({
        uuid,
        name: this.specs.get(uuid)?.name ?? '',
        powerState,
      })),
    );
  }
  watch(listener: (hint: DomainHint) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  screenshot = (): ReturnType<DomainHost['screenshot']> => Promise.reject(new Error('not asked for here'));
  setUserPassword = (): Promise<void> => Promise.resolve();
  save(uuid: string): Promise<void> {
    this.change(uuid, 'shutdown', 'stopped');
    return Promise.resolve();
  }
  /** How guests were asked for quiet before their disks were copied. */
  readonly quiesced: (string | undefined)[] = [];
  copyDisk: DomainHost['copyDisk'] = (_uuid, _target, destination, options) => {
    this.quiesced.push(options?.quiesce);
    return writeFile(destination, 'copy');
  };
  copyDisks: DomainHost['copyDisks'] = async (_uuid, copies) => {
    for (const { destination } of copies) await writeFile(destination, 'copy');
  };
  readonly cards: string[] = [];
  attachNic: DomainHost['attachNic'] = (_uuid, nic) => {
    if (!this.cards.includes(nic.portId)) this.cards.push(nic.portId);
    return Promise.resolve();
  };
  detachNic: DomainHost['detachNic'] = (_uuid, nic) => {
    const index = this.cards.indexOf(nic.portId);
    if (index >= 0) this.cards.splice(index, 1);
    return Promise.resolve();
  };
  /** Paths (or targets' names) of disks that were plugged in, by target. */
  readonly pluggedDisks = new Map<string, string>();
  attachDisk: DomainHost['attachDisk'] = (_uuid, disk) => {
    this.pluggedDisks.set(disk.target, nameOf(disk));
    return Promise.resolve();
  };
  detachDisk: DomainHost['detachDisk'] = (_uuid, { target }) => {
    this.pluggedDisks.delete(target);
    return Promise.resolve();
  };
  /** Paths that are written beside a guest's disk, by target. */
  readonly mirrors = new Map<string, string>();
  mirrorDisk: DomainHost['mirrorDisk'] = (uuid, disk) => {
    const { target } = disk;
    const path = nameOf(disk);
    const state = this.states.get(uuid);
    if (state !== 'running' && state !== 'paused') return Promise.resolve(false);
    if (this.pluggedDisks.get(target) !== path) this.mirrors.set(target, path);
    return Promise.resolve(true);
  };
  turnDisk: DomainHost['turnDisk'] = (_uuid, disk) => {
    const { target } = disk;
    const path = nameOf(disk);
    if (this.pluggedDisks.get(target) !== path && this.mirrors.get(target) !== path)
      return Promise.reject(new Error('no copy'));
    this.mirrors.delete(target);
    this.pluggedDisks.set(target, path);
    return Promise.resolve();
  };
  growDisk: DomainHost['growDisk'] = () => Promise.resolve();
  injectNmi = (): Promise<void> => Promise.resolve();
  statistics: DomainHost['statistics'] = () =>
    Promise.resolve({ cpuTimes: [7], memoryMib: 128, usedMemoryMib: 64, disks: [], nics: [] });
  close = (): Promise<void> => Promise.resolve();

  /** As when it happens on the host, with its event. */
  change(uuid: string, state: PowerState, event: DomainHint['event']): void {
    this.states.set(uuid, state);
    this.hint({ uuid, event });
  }
  hint(hint: DomainHint): void {
    for (const listener of this.#listeners) listener(hint);
  }
}
