import {
  BlockResizeFlag,
  DeviceFlag,
  domainRef,
  DomainState,
  StatsType,
  typedValues,
  type DomainRef,
  UndefineFlag,
  type Libvirt,
} from '../../libvirt-ts/index.ts';
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
import { copyRunningDisks } from './linux-backup.ts';
import { card, hasDevice, pluggedDisk, removeDevice, type Pluggable } from './linux-devices.ts';
import { LibvirtConnection } from './linux-connection.ts';
import { copyRunningDisk } from './linux-copy.ts';
import { readHost, type Host } from './linux-host.ts';
import { mirrorRunningDisk, turnRunningDisk } from './linux-mirror.ts';
import { domainHostError, isLibvirtError, unless } from './linux-errors.ts';
import { DomainOwners } from './linux-owners.ts';
import { stopByButton } from './linux-shutdown.ts';
import { readStatistics } from './linux-statistics.ts';
import { ppmToPng } from './png.ts';
import { DEFAULT_OWNER, diskXml, domainXml, nicXml } from './xml.ts';

export interface LinuxDomainHostOptions {
  /**
   * Tag of this instance of Deskcloud: only domains that carry it are listed, and its own names keep two instances
   * apart on one host. Letters, digits and '-'; 'deskcloud' by default.
   */
  readonly owner?: string;
  /** libvirt's socket; the usual places by default. */
  readonly socketPath?: string;
  /** 'qemu:///system' by default. */
  readonly uri?: string;
}

/** Nova's power states (libvirt's SHUTDOWN is 'being shut down' and counts as shut down, as there). */
const POWER_STATES: Readonly<Record<number, PowerState>> = {
  [DomainState.RUNNING]: 'running',
  [DomainState.BLOCKED]: 'running',
  [DomainState.PAUSED]: 'paused',
  [DomainState.SHUTDOWN]: 'shutdown',
  [DomainState.SHUTOFF]: 'shutdown',
  [DomainState.CRASHED]: 'crashed',
  [DomainState.PMSUSPENDED]: 'suspended',
};

const UNDEFINE_ALL =
  UndefineFlag.MANAGED_SAVE |
  UndefineFlag.SNAPSHOTS_METADATA |
  UndefineFlag.CHECKPOINTS_METADATA |
  UndefineFlag.NVRAM;

/** Guests through libvirt's own protocol. */
export class LinuxDomainHost implements DomainHost {
  readonly #owner: string;
  readonly #connection: LibvirtConnection;
  /** What changes a domain's definition has its owner forgotten. */
  readonly #owners = new DomainOwners();
  #host: Promise<Host> | undefined;

  constructor(options: LinuxDomainHostOptions = {}) {
    const { owner = DEFAULT_OWNER, ...connection } = options;
    if (!/^[a-z0-9][a-z0-9-]{0,31}$/i.test(owner)) throw new TypeError(`'${owner}' is no owner tag`);
    this.#owner = owner;
    this.#connection = new LibvirtConnection(connection);
    this.#connection.onAny((hint) => {
      if (hint.event === 'defined' || hint.event === 'undefined') this.#owners.forget(hint.uuid);
      if (hint.event === 'resync') {
        this.#owners.forgetAll();
        this.#host = undefined;
      }
    });
  }

  async hypervisor(): Promise<HypervisorInfo> {
    const { info } = await this.#hostFacts();
    // What it is does not change; whether it answers does.
    await this.#run('look at the hypervisor', (libvirt) => libvirt.connectGetLibVersion());
    return info;
  }

  async define(spec: DomainSpec): Promise<string> {
    const { platform } = await this.#hostFacts();
    const xml = domainXml(spec, platform);
    record({ kind: 'xml', name: `domain ${spec.name}`, text: xml });
    return this.#run(`define domain ${spec.name}`, async (libvirt) => {
      const owner = await this.#owners.of(libvirt, spec.uuid);
      if (owner !== undefined && owner !== this.#owner) {
        throw new DomainHostError(
          'failed',
          `Cannot define domain ${spec.name}: a domain with the UUID ${spec.uuid} is there already and is not ours ` +
            `("virsh dumpxml ${spec.uuid}" shows it).`,
        );
      }
      await libvirt.domainDefineXmlFlags({ xml });
      this.#owners.set(spec.uuid, this.#owner);
      return xml;
    });
  }

  async start(uuid: string): Promise<void> {
    const dom = domainRef(uuid);
    await this.#run(`start domain ${uuid}`, async (libvirt) => {
      try {
        await libvirt.domainCreateWithFlags({ dom });
      } catch (error) {
        if (!isLibvirtError(error, 'OPERATION_INVALID')) throw error;
        const { state } = await libvirt.domainGetState({ dom });
        if (state === DomainState.PAUSED) await libvirt.domainResume({ dom });
        else if (!isRunning(state)) throw error;
      }
    });
  }

  async shutdown(uuid: string, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const dom = domainRef(uuid);
    return stopByButton(
      {
        uuid,
        watch: (listener) => this.#connection.watch(listener),
        isRunning: async () => (await this.status(uuid))?.powerState === 'running',
        press: () =>
          this.#run(`shut down domain ${uuid}`, async (libvirt) => {
            const { state } = await libvirt.domainGetState({ dom });
            if (state === DomainState.SHUTOFF || state === DomainState.CRASHED) return false;
            await unless('OPERATION_INVALID', libvirt.domainShutdownFlags({ dom }));
            return true;
          }),
      },
      timeoutMs,
      signal,
    );
  }

  async destroy(uuid: string): Promise<void> {
    const dom = domainRef(uuid);
    await this.#run(`destroy domain ${uuid}`, (libvirt) =>
      unless('NO_DOMAIN', async () => {
        try {
          await libvirt.domainDestroyFlags({ dom });
        } catch (error) {
          if (!isLibvirtError(error, 'OPERATION_INVALID')) throw error;
          // Not running; but memory that was saved would come back at the next start.
          if (await libvirt.domainHasManagedSaveImage({ dom })) {
            await libvirt.domainManagedSaveRemove({ dom });
          }
        }
      }),
    );
  }

  async reboot(uuid: string): Promise<void> {
    await this.#run(`reboot domain ${uuid}`, (libvirt) => libvirt.domainReboot({ dom: domainRef(uuid) }));
  }

  async reset(uuid: string): Promise<void> {
    await this.#run(`reset domain ${uuid}`, (libvirt) => libvirt.domainReset({ dom: domainRef(uuid) }));
  }

  async suspend(uuid: string): Promise<void> {
    const dom = domainRef(uuid);
    await this.#run(`pause domain ${uuid}`, async (libvirt) => {
      const { state } = await libvirt.domainGetState({ dom });
      if (state !== DomainState.PAUSED) await libvirt.domainSuspend({ dom });
    });
  }

  async resume(uuid: string): Promise<void> {
    const dom = domainRef(uuid);
    await this.#run(`resume domain ${uuid}`, async (libvirt) => {
      const { state } = await libvirt.domainGetState({ dom });
      if (!isRunning(state)) await libvirt.domainResume({ dom });
    });
  }

  async undefine(uuid: string): Promise<void> {
    const dom = domainRef(uuid);
    await this.#run(`undefine domain ${uuid}`, (libvirt) =>
      unless('NO_DOMAIN', async () => {
        // libvirt would keep it as a transient domain, which nobody finds again.
        if (await libvirt.domainIsActive({ dom })) {
          throw new DomainHostError('invalidState', `Cannot undefine domain ${uuid}: it is running.`);
        }
        await libvirt.domainUndefineFlags({ dom, flags: UNDEFINE_ALL });
        this.#owners.forget(uuid);
      }),
    );
  }

  async status(uuid: string): Promise<DomainStatus | undefined> {
    return this.#run(`look at domain ${uuid}`, async (libvirt) => {
      const [status] = await states(libvirt, [domainRef(uuid)]);
      return status;
    });
  }

  async list(): Promise<readonly DomainStatus[]> {
    return this.#run('list domains', async (libvirt) => {
      const all = await states(libvirt);
      const owners = await Promise.all(all.map(({ uuid }) => this.#owners.of(libvirt, uuid)));
      return all.filter((_, index) => owners[index] === this.#owner);
    });
  }

  watch(listener: (hint: DomainHint) => void): () => void {
    return this.#connection.watch(listener);
  }

  async screenshot(uuid: string): Promise<{ readonly mimeType: string; readonly data: Buffer }> {
    return this.#run(`take a picture of domain ${uuid}'s screen`, async (libvirt) => {
      const shot = await libvirt.domainScreenshot({ dom: domainRef(uuid) });
      const data = Buffer.concat((await shot.data.toArray()) as Buffer[]);
      return { mimeType: 'image/png', data: shot.mimeType === 'image/png' ? data : ppmToPng(data) };
    });
  }

  async setUserPassword(uuid: string, user: string, password: Secret): Promise<void> {
    await this.#run(`set the password of a user in domain ${uuid}`, (libvirt) =>
      libvirt.domainSetUserPassword({ dom: domainRef(uuid), user, password: password.reveal() }),
    );
  }

  async save(uuid: string): Promise<void> {
    const dom = domainRef(uuid);
    await this.#run(`save domain ${uuid}`, async (libvirt) => {
      const { state } = await libvirt.domainGetState({ dom });
      if (isRunning(state) || state === DomainState.PAUSED) await libvirt.domainManagedSave({ dom });
    });
  }

  async copyDisk(
    uuid: string,
    disk: string,
    destination: string,
    options: Parameters<DomainHost['copyDisk']>[3] = {},
  ): Promise<void> {
    const dom = domainRef(uuid);
    await this.#run(`copy disk ${disk} of domain ${uuid}`, async (libvirt) => {
      await copyRunningDisk(libvirt, dom, { disk, destination, ...options });
    });
  }

  async copyDisks(
    uuid: string,
    copies: readonly LiveCopy[],
    options: NonNullable<Parameters<DomainHost['copyDisks']>[2]> = {},
  ): Promise<void> {
    const names = copies.map(({ target }) => target).join(', ');
    await this.#run(`copy disks ${names} of domain ${uuid}`, (libvirt) =>
      copyRunningDisks(libvirt, domainRef(uuid), copies, options),
    );
  }

  async attachNic(uuid: string, nic: DomainNic): Promise<void> {
    const { platform } = await this.#hostFacts();
    await this.#plug(uuid, card(nic), nicXml(nic, platform));
  }

  async detachNic(uuid: string, nic: DomainNic, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const { platform } = await this.#hostFacts();
    await this.#unplug(uuid, { ...card(nic), xml: nicXml(nic, platform) }, timeoutMs, signal);
  }

  attachDisk(uuid: string, disk: DomainDisk): Promise<void> {
    return this.#plug(uuid, pluggedDisk(disk), diskXml(disk));
  }

  detachDisk(uuid: string, disk: DomainDisk, timeoutMs: number, signal?: AbortSignal): Promise<void> {
    return this.#unplug(uuid, { ...pluggedDisk(disk), xml: diskXml(disk) }, timeoutMs, signal);
  }

  async mirrorDisk(
    uuid: string,
    disk: DomainDisk,
    options: { readonly signal?: AbortSignal; readonly onProgress?: (fraction: number) => void } = {},
  ): Promise<boolean> {
    return this.#run(`mirror disk ${disk.target} of domain ${uuid}`, (libvirt) =>
      mirrorRunningDisk(libvirt, domainRef(uuid), disk, options),
    );
  }

  async turnDisk(uuid: string, disk: DomainDisk): Promise<void> {
    await this.#run(`exchange disk ${disk.target} of domain ${uuid}`, (libvirt) =>
      turnRunningDisk(libvirt, domainRef(uuid), disk),
    );
  }

  async growDisk(uuid: string, disk: string, sizeBytes: number): Promise<void> {
    const dom = domainRef(uuid);
    await this.#run(`grow disk ${disk} of domain ${uuid}`, (libvirt) =>
      libvirt.domainBlockResize({ dom, disk, size: BigInt(sizeBytes), flags: BlockResizeFlag.BYTES }),
    );
  }

  async #plug(uuid: string, device: Pluggable, xml: string): Promise<void> {
    const dom = domainRef(uuid);
    await this.#run(`attach a ${device.name} to domain ${uuid}`, async (libvirt) => {
      if (await hasDevice(libvirt, dom, device)) return;
      const [status] = await states(libvirt, [dom]);
      if (status?.powerState !== 'running' && status?.powerState !== 'paused') return;
      record({ kind: 'xml', name: device.name, text: xml });
      await libvirt.domainAttachDeviceFlags({ dom, xml, flags: DeviceFlag.LIVE });
    });
  }

  async #unplug(
    uuid: string,
    device: Pluggable & { readonly xml: string },
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.#run(`detach a ${device.name} from domain ${uuid}`, (libvirt) =>
      removeDevice(libvirt, domainRef(uuid), device, { uuid, timeoutMs, signal }),
    );
  }

  async injectNmi(uuid: string): Promise<void> {
    await this.#run(`send an NMI to domain ${uuid}`, (libvirt) =>
      libvirt.domainInjectNmi({ dom: domainRef(uuid) }),
    );
  }

  async statistics(uuid: string): Promise<DomainStatistics> {
    return this.#run(`read the statistics of domain ${uuid}`, async (libvirt) => {
      const [found] = await libvirt.connectGetAllDomainStats({
        doms: [domainRef(uuid)],
        stats: StatsType.VCPU | StatsType.BALLOON | StatsType.BLOCK | StatsType.INTERFACE,
      });
      if (found === undefined) throw new DomainHostError('notFound', `There is no domain ${uuid}.`);
      return readStatistics(typedValues(found.params));
    });
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #run<T>(action: string, work: (libvirt: Libvirt) => Promise<T>): Promise<T> {
    try {
      return await work(await this.#connection.open());
    } catch (error) {
      throw domainHostError(action, error);
    }
  }

  /** Read once per connection: neither the host nor the daemon changes while it lasts. */
  #hostFacts(): Promise<Host> {
    this.#host ??= this.#run('look at the hypervisor', (libvirt) => readHost(libvirt, this.#owner)).catch(
      (error: unknown) => {
        this.#host = undefined;
        throw error;
      },
    );
    return this.#host;
  }
}

const isRunning = (state: number): boolean => state === DomainState.RUNNING || state === DomainState.BLOCKED;

/** States of the given domains, or of all; domains that are not there are left out. One call, no monitor. */
async function states(libvirt: Libvirt, doms: readonly DomainRef[] = []): Promise<readonly DomainStatus[]> {
  const all = await libvirt.connectGetAllDomainStats({ doms, stats: StatsType.STATE });
  return all.map(({ dom, params }) => ({
    uuid: dom.uuid,
    name: dom.name,
    powerState: POWER_STATES[Number(typedValues(params).get('state.state'))] ?? 'nostate',
  }));
}
