import type { Secret } from '../../secret.ts';
import { record } from '../record.ts';
import {
  DomainHostError,
  type DomainDisk,
  type DomainHint,
  type DomainHost,
  type DomainNic,
  type DomainSpec,
  type DomainStatistics,
  type DomainStatus,
  type HypervisorInfo,
  type LiveCopy,
  type PowerState,
} from './interface.ts';
import { FakeDomainDisks } from './fake-disks.ts';
import type { FakeDomainHostOptions } from './fake-options.ts';
import { noStatistics } from './fake-statistics.ts';
import { encodePng } from './png.ts';
import { openSimulatedConsoles, type SimulatedConsoles } from './simulated-consoles.ts';
import { paint, SCREEN_HEIGHT, SCREEN_WIDTH } from './simulated-screen.ts';
import { DEFAULT_OWNER, domainName, domainXml } from './xml.ts';

type FakeMethod = Exclude<keyof DomainHost, 'watch' | 'close' | 'hypervisor' | 'list'>;

interface FakeDomain {
  readonly spec: DomainSpec;
  readonly state: PowerState;
  readonly consoles?: SimulatedConsoles;
}

/** Guests in memory only: for tests, and for the simulated host. */
export class FakeDomainHost implements DomainHost {
  readonly #options: FakeDomainHostOptions;
  readonly #domains = new Map<string, FakeDomain>();
  readonly #listeners = new Set<(hint: DomainHint) => void>();
  readonly #failures: { readonly method: FakeMethod; readonly error: Error; readonly after: boolean }[] = [];
  readonly #deaf = new Set<string>();
  readonly #disks: FakeDomainDisks;

  constructor(options: FakeDomainHostOptions = {}) {
    this.#options = options;
    this.#disks = new FakeDomainDisks(options);
  }

  /**
   * For tests: the next call of this method fails with this error; with `after`, having done its work, as when the
   * connection breaks before the answer.
   */
  failNext(method: FakeMethod, error: Error, after = false): void {
    this.#failures.push({ method, error, after });
  }

  /** For tests: the guest no longer obeys its power button. */
  ignoreShutdown(uuid: string): void {
    this.#deaf.add(uuid);
  }

  /** For tests: the guest stops by itself, or crashes. */
  async stopByItself(uuid: string, event: 'stopped' | 'crashed' = 'stopped'): Promise<void> {
    await this.#become(uuid, event === 'crashed' ? 'crashed' : 'shutdown');
    this.#emit(uuid, event);
  }

  /** For tests: hints may have been lost. */
  resync(): void {
    this.#emit('', 'resync');
  }

  /** For tests: the spec of a domain as it was last defined. */
  specOf(uuid: string): DomainSpec | undefined {
    return this.#domains.get(uuid)?.spec;
  }

  hypervisor(): Promise<HypervisorInfo> {
    return Promise.resolve({
      hypervisorType: 'QEMU',
      hypervisorVersion: 7_002_000,
      libvirtVersion: 9_000_000,
      hostname: 'simulated',
      cpuArch: 'x86_64',
      cpuModel: 'simulated',
      vcpus: 16,
      memoryMib: 65_536,
      accelerator: 'simulated',
      acceleratorReason: 'This host is simulated: no guest really runs.',
      ...this.#options.hypervisor,
    });
  }

  define(spec: DomainSpec): Promise<string> {
    return this.#call('define', spec.uuid, () => {
      const owner = this.#options.owner ?? DEFAULT_OWNER;
      const xml = domainXml(spec, { owner, accelerator: 'qemu', arch: 'x86_64', vhostNet: false });
      record({ kind: 'xml', name: `domain ${spec.name}`, text: xml });
      const twin = [...this.#domains.values()].find(
        (one) => one.spec.name === spec.name && one.spec.uuid !== spec.uuid,
      );
      if (twin !== undefined) {
        throw new DomainHostError(
          'failed',
          `Cannot define domain ${spec.name}: domain '${spec.name}' already exists with uuid ${twin.spec.uuid}`,
        );
      }
      this.#domains.set(spec.uuid, { state: 'shutdown', ...this.#domains.get(spec.uuid), spec });
      this.#emit(spec.uuid, 'defined');
      return xml;
    });
  }

  start(uuid: string): Promise<void> {
    return this.#call('start', uuid, async () => {
      const { spec, state } = this.#get(uuid, 'start');
      if (state === 'running') return;
      this.#disks.requireKeys(spec.disks);
      if (state === 'paused') {
        await this.#become(uuid, 'running');
        this.#emit(uuid, 'resumed');
        return;
      }
      const consoles = this.#options.consoles === true ? await openSimulatedConsoles(spec) : undefined;
      this.#domains.set(uuid, { spec, state: 'running', ...(consoles === undefined ? {} : { consoles }) });
      this.#emit(uuid, 'started');
    });
  }

  shutdown(uuid: string, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    return this.#call('shutdown', uuid, async () => {
      signal?.throwIfAborted();
      if (!isActive(this.#get(uuid, 'shut down').state)) return true;
      if (!this.#deaf.has(uuid)) {
        await this.stopByItself(uuid);
        return true;
      }
      return new Promise((resolve, reject) => {
        const done = (): void => {
          clearTimeout(timer);
          unwatch();
          signal?.removeEventListener('abort', aborted);
        };
        const aborted = (): void => {
          done();
          reject(signal?.reason as Error);
        };
        const finish = (stopped: boolean): void => {
          done();
          resolve(stopped);
        };
        const timer = setTimeout(() => finish(false), timeoutMs);
        const unwatch = this.watch((hint) => {
          if (hint.uuid === uuid && (hint.event === 'stopped' || hint.event === 'crashed')) finish(true);
        });
        signal?.addEventListener('abort', aborted);
      });
    });
  }

  destroy(uuid: string): Promise<void> {
    return this.#call('destroy', uuid, async () => {
      const domain = this.#domains.get(uuid);
      if (domain === undefined || !isActive(domain.state)) return;
      await this.#become(uuid, 'shutdown');
      this.#emit(uuid, 'stopped');
    });
  }

  reboot(uuid: string): Promise<void> {
    return this.#call('reboot', uuid, () => {
      this.#active(uuid, 'reboot');
      if (!this.#deaf.has(uuid)) this.#emit(uuid, 'rebooted');
    });
  }

  reset(uuid: string): Promise<void> {
    return this.#call('reset', uuid, () => {
      this.#active(uuid, 'reset');
      this.#emit(uuid, 'rebooted');
    });
  }

  suspend(uuid: string): Promise<void> {
    return this.#call('suspend', uuid, async () => {
      if (this.#active(uuid, 'pause').state === 'paused') return;
      await this.#become(uuid, 'paused');
      this.#emit(uuid, 'suspended');
    });
  }

  resume(uuid: string): Promise<void> {
    return this.#call('resume', uuid, async () => {
      if (this.#active(uuid, 'resume').state === 'running') return;
      await this.#become(uuid, 'running');
      this.#emit(uuid, 'resumed');
    });
  }

  undefine(uuid: string): Promise<void> {
    return this.#call('undefine', uuid, () => {
      const domain = this.#domains.get(uuid);
      if (domain === undefined) return;
      if (isActive(domain.state)) {
        throw new DomainHostError('invalidState', `Cannot undefine domain ${uuid}: it is running.`);
      }
      this.#domains.delete(uuid);
      this.#deaf.delete(uuid);
      this.#emit(uuid, 'undefined');
    });
  }

  status(uuid: string): Promise<DomainStatus | undefined> {
    return this.#call('status', uuid, () => {
      const domain = this.#domains.get(uuid);
      return domain === undefined ? undefined : this.#statusOf(domain);
    });
  }

  list(): Promise<readonly DomainStatus[]> {
    return Promise.resolve([...this.#domains.values()].map((domain) => this.#statusOf(domain)));
  }

  watch(listener: (hint: DomainHint) => void): () => void {
    const own = (hint: DomainHint): void => listener(hint);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  screenshot(uuid: string): Promise<{ readonly mimeType: string; readonly data: Buffer }> {
    return this.#call('screenshot', uuid, () => {
      this.#active(uuid, 'take a picture of');
      const rgb = paint((colour) => Buffer.from(colour));
      return { mimeType: 'image/png', data: encodePng(SCREEN_WIDTH, SCREEN_HEIGHT, rgb) };
    });
  }

  setUserPassword(uuid: string, _user: string, _password: Secret): Promise<void> {
    return this.#call('setUserPassword', uuid, () => {
      if (this.#active(uuid, 'set a password in').spec.hardware.guestAgent === true) return;
      throw new DomainHostError(
        'failed',
        `Cannot set the password of a user in domain ${uuid}: QEMU guest agent is not configured.`,
      );
    });
  }

  save(uuid: string): Promise<void> {
    return this.#call('save', uuid, async () => {
      if (!isActive(this.#get(uuid, 'save').state)) return;
      await this.#become(uuid, 'shutdown');
      this.#emit(uuid, 'stopped');
    });
  }

  copyDisk(
    uuid: string,
    target: string,
    destination: string,
    options?: Parameters<DomainHost['copyDisk']>[3],
  ): Promise<void> {
    return this.#call('copyDisk', uuid, () =>
      this.#disks.copy(this.#active(uuid, 'copy a disk of').spec, target, destination, options),
    );
  }

  copyDisks(
    uuid: string,
    copies: readonly LiveCopy[],
    options: NonNullable<Parameters<DomainHost['copyDisks']>[2]> = {},
  ): Promise<void> {
    return this.#call('copyDisks', uuid, async () => {
      for (const [index, { target, destination, encryption }] of copies.entries())
        await this.copyDisk(uuid, target, destination, {
          ...options,
          ...(encryption === undefined ? {} : { encryption }),
          onProgress: (fraction) => options.onProgress?.((index + fraction) / copies.length),
        });
    });
  }

  attachNic(uuid: string, nic: DomainNic): Promise<void> {
    return this.#call('attachNic', uuid, () => {
      this.#get(uuid, `attach ${nic.macAddress} to`);
    });
  }

  detachNic(uuid: string, nic: DomainNic): Promise<void> {
    return this.#call('detachNic', uuid, () => {
      this.#get(uuid, `detach ${nic.macAddress} from`);
    });
  }

  attachDisk(uuid: string, disk: DomainDisk): Promise<void> {
    return this.#call('attachDisk', uuid, () =>
      this.#change(uuid, (spec) => this.#disks.attached(spec, disk)),
    );
  }

  detachDisk(uuid: string, disk: DomainDisk): Promise<void> {
    return this.#call('detachDisk', uuid, () =>
      this.#change(uuid, (spec) => this.#disks.detached(spec, disk)),
    );
  }

  mirrorDisk(uuid: string, disk: DomainDisk): Promise<boolean> {
    return this.#call('mirrorDisk', uuid, async () => {
      const domain = this.#running(uuid);
      if (domain === undefined) return false;
      await this.#disks.mirror(domain.spec, disk);
      return true;
    });
  }

  turnDisk(uuid: string, disk: DomainDisk): Promise<void> {
    return this.#call('turnDisk', uuid, () => this.#change(uuid, (spec) => this.#disks.turned(spec, disk)));
  }

  growDisk(uuid: string, target: string, sizeBytes: number): Promise<void> {
    return this.#call('growDisk', uuid, () =>
      this.#disks.grow(this.#active(uuid, 'grow a disk of').spec, target, sizeBytes),
    );
  }

  injectNmi(uuid: string): Promise<void> {
    return this.#call('injectNmi', uuid, () => {
      this.#active(uuid, 'send an NMI to');
    });
  }

  statistics(uuid: string): Promise<DomainStatistics> {
    return this.#call('statistics', uuid, () =>
      noStatistics(this.#active(uuid, 'read the statistics of').spec),
    );
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    for (const { consoles } of this.#domains.values()) await consoles?.close();
  }

  #statusOf({ spec, state }: FakeDomain): DomainStatus {
    return {
      uuid: spec.uuid,
      name: domainName(spec, this.#options.owner ?? DEFAULT_OWNER),
      powerState: state,
    };
  }

  #get(uuid: string, action: string): FakeDomain {
    const domain = this.#domains.get(uuid);
    if (domain !== undefined) return domain;
    throw new DomainHostError(
      'notFound',
      `Cannot ${action} domain ${uuid}: no domain with matching uuid '${uuid}'`,
    );
  }

  /** Of a guest that does not run, the spec is what counts, and its owner's to change. */
  #change(uuid: string, change: (spec: DomainSpec) => DomainSpec): void {
    const domain = this.#running(uuid);
    if (domain !== undefined) this.#domains.set(uuid, { ...domain, spec: change(domain.spec) });
  }

  #running(uuid: string): FakeDomain | undefined {
    const domain = this.#domains.get(uuid);
    return domain !== undefined && isActive(domain.state) ? domain : undefined;
  }

  #active(uuid: string, action: string): FakeDomain {
    const domain = this.#get(uuid, action);
    if (isActive(domain.state)) return domain;
    throw new DomainHostError('invalidState', `Cannot ${action} domain ${uuid}: domain is not running`);
  }

  async #become(uuid: string, state: PowerState): Promise<void> {
    const domain = this.#domains.get(uuid);
    if (domain === undefined) return;
    const { consoles, spec } = domain;
    const keeps = isActive(state) && consoles !== undefined;
    this.#domains.set(uuid, { spec, state, ...(keeps ? { consoles } : {}) });
    if (!keeps) await consoles?.close();
  }

  #emit(uuid: string, event: DomainHint['event']): void {
    for (const listener of this.#listeners) listener({ uuid, event });
  }

  async #call<T>(method: FakeMethod, uuid: string, work: () => T | Promise<T>): Promise<T> {
    record({ kind: 'rpc', procedure: `simulated ${method}`, detail: uuid, durationMs: 0 });
    const index = this.#failures.findIndex((failure) => failure.method === method);
    const [failure] = index === -1 ? [] : this.#failures.splice(index, 1);
    if (failure?.after === false) throw failure.error;
    const result = await work();
    if (failure !== undefined) throw failure.error;
    return result;
  }
}

const isActive = (state: PowerState): boolean => state === 'running' || state === 'paused';
