import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { record } from '../../record.ts';
import { replaceFile, signalDaemon } from '../daemon-files.ts';
import { inside, namespaceExists, type NetContext } from '../context.ts';
import {
  dhcpDirectory,
  dnsmasqArgument,
  dnsmasqProcesses,
  isDnsmasq,
  namespaceOwners,
} from '../inventory.ts';
import { ensureDevices, ensureNamespace, IPV6_SYSCTLS, removeNamespace } from '../link/namespace.ts';
import { dhcpDevice, dhcpNamespace, tapName } from '../names.ts';
import { idWord } from '../values.ts';
import { conflictingLeases, dhcpFiles, parseLeases, type DhcpFiles } from './files.ts';
import type { DhcpLease, DhcpServerHost, DhcpSpec } from './interface.ts';

const METADATA = '169.254.169.254/32';
const METADATA6 = 'fe80::a9fe:a9fe/64';
const SYSCTLS = {
  'net.ipv4.ip_forward': '0',
  ...IPV6_SYSCTLS,
  'net.ipv4.conf.all.arp_ignore': '1',
  'net.ipv4.conf.all.arp_announce': '2',
};
/** Files that dnsmasq reads again on SIGHUP. */
const RELOADED = ['host', 'addn_hosts', 'opts'] as const;
const STOP_MS = 3000;

/** The real {@link DhcpServerHost}. */
export class LinuxDhcpServerHost implements DhcpServerHost {
  readonly #net: NetContext;
  readonly #user: string;
  readonly #queues = new Map<string, Promise<unknown>>();

  constructor(net: NetContext, user: string) {
    this.#net = net;
    this.#user = user;
  }

  ensure(spec: DhcpSpec): Promise<'unchanged' | 'reloaded' | 'started'> {
    return this.#serial(spec.networkId, () => this.#ensure(spec));
  }

  async #ensure(spec: DhcpSpec): Promise<'unchanged' | 'reloaded' | 'started'> {
    const directory = dhcpDirectory(this.#net, idWord(spec.networkId));
    const { files, stuck } = this.#files(spec, directory);
    const namespace = dhcpNamespace(spec.networkId);
    const { devices } = await ensureNamespace(this.#net, namespace, SYSCTLS);
    const change = await ensureDevices(this.#net, namespace, devices, [
      {
        device: dhcpDevice(spec.port.portId),
        peer: tapName(spec.port.portId),
        bridge: spec.bridge,
        macAddress: spec.port.macAddress,
        mtu: spec.mtu,
        addresses: [
          ...spec.port.addresses,
          METADATA,
          ...(spec.subnets.some((subnet) => subnet.cidr.includes(':')) ? [METADATA6] : []),
        ],
        group: 'trusted',
      },
    ]);
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    mustBeReachable(directory, this.#user);
    const restart = replaceFile(join(directory, 'dnsmasq.conf'), files.conf);
    const reload = this.#writeReloaded(directory, files);
    const pid = this.#running(spec.networkId);
    if (pid === undefined || restart || stuck.length > 0 || change.made.length > 0) {
      await this.#restart(spec.networkId, stuck);
      return 'started';
    }
    if (!reload) return 'unchanged';
    hangUp(pid, spec.networkId);
    return 'reloaded';
  }

  updateHosts(spec: DhcpSpec): Promise<boolean> {
    return this.#serial(spec.networkId, async () => {
      const directory = dhcpDirectory(this.#net, idWord(spec.networkId));
      const { files, stuck } = this.#files(spec, directory);
      const pid = this.#running(spec.networkId);
      if (pid === undefined) return false;
      const reload = this.#writeReloaded(directory, files);
      if (stuck.length > 0) await this.#restart(spec.networkId, stuck);
      else if (reload) hangUp(pid, spec.networkId);
      return true;
    });
  }

  isRunning(networkId: string): boolean {
    return this.#running(idWord(networkId)) !== undefined;
  }

  #files(spec: DhcpSpec, directory: string): { files: DhcpFiles; stuck: readonly DhcpLease[] } {
    const { former, stuck } = conflictingLeases(readLeases(directory), spec.hosts);
    return { files: dhcpFiles(spec, { directory, user: this.#user }, former), stuck };
  }

  #writeReloaded(directory: string, files: DhcpFiles): boolean {
    const changed = RELOADED.map((name) => replaceFile(join(directory, name), files[name]));
    return changed.includes(true);
  }

  /** The pid of the network's dnsmasq. The file is believed only when the process is what it says (R20). */
  #running(networkId: string): number | undefined {
    const pid = Number(readText(join(dhcpDirectory(this.#net, networkId), 'pid')).trim());
    return Number.isInteger(pid) && pid > 1 && isDnsmasq(this.#net, networkId, pid) ? pid : undefined;
  }

  /** Ends every dnsmasq of the network, also those no pid file knows, and starts one. */
  async #restart(networkId: string, withoutLeases: readonly DhcpLease[]): Promise<void> {
    await this.#stop(networkId);
    const directory = dhcpDirectory(this.#net, networkId);
    if (withoutLeases.length > 0) {
      const gone = new Set(withoutLeases.map((lease) => lease.ip));
      const path = join(directory, 'leases');
      const kept = readText(path)
        .split('\n')
        .filter((line) => !gone.has(line.split(' ')[2] ?? ''));
      replaceFile(path, kept.join('\n'));
    }
    const argv = inside(dhcpNamespace(networkId), ['dnsmasq', dnsmasqArgument(this.#net, networkId)]);
    // dnsmasq goes to the background when its sockets are bound, so its exit status says whether it runs.
    await this.#net.commands.run(argv);
  }

  async #stop(networkId: string): Promise<void> {
    const running = (): number[] =>
      dnsmasqProcesses(this.#net)
        .filter((process) => process.networkId === networkId)
        .map((process) => process.pid);
    const pids = running();
    for (const pid of pids) signal(pid, 'SIGTERM', networkId);
    const deadline = performance.now() + STOP_MS;
    while (pids.some((pid) => isDnsmasq(this.#net, networkId, pid))) {
      // Not our child, so there is no event to wait for.
      await delay(2);
      if (performance.now() > deadline) for (const pid of running()) signal(pid, 'SIGKILL', networkId);
    }
  }

  remove(networkId: string): Promise<void> {
    return this.#serial(networkId, async () => {
      const namespace = dhcpNamespace(idWord(networkId));
      await this.#stop(networkId);
      if (namespaceExists(namespace)) {
        const { stdout, exitCode } = await this.#net.commands.run(['ip', '-n', namespace, '-j', 'link'], {
          okCodes: [0, 1, 255],
        });
        const devices = exitCode === 0 ? (JSON.parse(stdout) as { ifname: string; ifalias?: string }[]) : [];
        const alias = devices.find((device) => device.ifname === 'lo')?.ifalias;
        if (alias !== undefined && alias !== this.#net.alias) {
          throw new Error(`namespace ${namespace} belongs to '${alias}', not to '${this.#net.alias}'`);
        }
        const peers = devices.flatMap(({ ifname }) =>
          ifname.startsWith('ns-') ? [`tap${ifname.slice(3)}`] : [],
        );
        await removeNamespace(this.#net, namespace, peers);
      }
      const directory = dhcpDirectory(this.#net, networkId);
      rmSync(directory, { recursive: true, force: true });
      record({ kind: 'file', action: 'remove', path: directory });
    });
  }

  leases(networkId: string): Promise<readonly DhcpLease[]> {
    return Promise.resolve(readLeases(dhcpDirectory(this.#net, idWord(networkId))));
  }

  watchLeases(networkId: string, listener: (leases: readonly DhcpLease[]) => void): () => void {
    const directory = dhcpDirectory(this.#net, idWord(networkId));
    let last = readText(join(directory, 'leases'));
    // The directory: the file itself may be replaced. It also brings other files' changes, hence the comparison.
    const watcher = watch(directory, { persistent: false }, (_event, name) => {
      if (name !== 'leases') return;
      const text = readText(join(directory, 'leases'));
      // dnsmasq empties the file before it writes it anew.
      if (text === last || (text === '' && last !== '')) return;
      last = text;
      listener(parseLeases(text, readText(join(directory, 'host'))));
    });
    // The directory goes with the network.
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  }

  async list(): Promise<readonly string[]> {
    const prefix = 'qdhcp-';
    const names = entries('/run/netns').filter((name) => name.startsWith(prefix));
    const owned = await namespaceOwners(this.#net, names);
    return [
      ...new Set([
        ...owned.map((name) => name.slice(prefix.length)),
        ...dnsmasqProcesses(this.#net).map((process) => process.networkId),
        ...entries(join(this.#net.stateDirectory, 'networks')),
      ]),
    ];
  }

  #serial<T>(networkId: string, work: () => Promise<T>): Promise<T> {
    const result = (this.#queues.get(networkId) ?? Promise.resolve()).then(work);
    const settled = result
      .catch(() => undefined)
      .finally(() => {
        if (this.#queues.get(networkId) === settled) this.#queues.delete(networkId);
      });
    this.#queues.set(networkId, settled);
    return result;
  }
}

function entries(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

const readLeases = (directory: string): DhcpLease[] =>
  parseLeases(readText(join(directory, 'leases')), readText(join(directory, 'host')));

const signal = (pid: number, name: 'SIGHUP' | 'SIGTERM' | 'SIGKILL', networkId: string): void =>
  signalDaemon(pid, name, `dnsmasq of network ${networkId}`);

const hangUp = (pid: number, networkId: string): void => signal(pid, 'SIGHUP', networkId);

/** dnsmasq drops root before it reads the hosts, so a closed directory above would make it serve nobody, silently. */
function mustBeReachable(directory: string, user: string): void {
  for (let path = directory; path !== dirname(path); path = dirname(path)) {
    if ((statSync(path).mode & 0o001) === 0) {
      throw new Error(
        `dnsmasq (user ${user}) cannot reach ${directory}: allow passage with chmod o+x ${path}`,
      );
    }
  }
}
