import { readFileSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  DeviceLook,
  DeviceQuestion,
  NetworkDevice,
  NetworkDevices,
  NetworkNamespace,
  NetworkService,
} from '../../../contract/devices.ts';
import { CommandError } from '../../command/interface.ts';
import { json, type NetContext } from '../context.ts';
import type { ExternalHost } from '../external/interface.ts';
import type { FirewallHost } from '../firewall/interface.ts';
import { dhcpDirectory, isDnsmasq, isRadvd, ourTables, routerDirectory } from '../inventory.ts';
import type { LinkCounters } from '../link/interface.ts';
import { commandsFor, typed } from './commands.ts';
import type { DeviceHost } from './interface.ts';
import { isThere } from './questions.ts';
import { devicesOf, paired, parseCounters, type ShownDevice } from './read.ts';

/** Where dnsmasq keeps what it was told and what it gave out. */
const DHCP_FILES = ['dnsmasq.conf', 'hosts', 'addn_hosts', 'opts', 'leases'] as const;
/** More text than anybody reads. */
const MOST = 60_000;

/** The real {@link DeviceHost}: iproute2, nft and /proc. */
export class LinuxDeviceHost implements DeviceHost {
  readonly #net: NetContext;
  readonly #firewall: FirewallHost;
  readonly #external: ExternalHost;
  /** The names of the last report: whose counters are told. */
  #known: ReadonlySet<string> = new Set();
  /** Namespaces of other instances: a name is never given again, so they are asked once. */
  readonly #foreign = new Set<string>();

  constructor(net: NetContext, firewall: FirewallHost, external: ExternalHost) {
    this.#net = net;
    this.#firewall = firewall;
    this.#external = external;
  }

  async report(): Promise<Omit<NetworkDevices, 'host'>> {
    const [shown, tables, inside] = await Promise.all([
      this.#devices(null),
      ourTables(this.#net),
      Promise.all(
        namespaceNames()
          .filter((name) => !this.#foreign.has(name))
          .map(async (name) => [name, await this.#devices(name)] as const),
      ),
    ]);
    const ports = tables.length === 0 ? [] : await this.#firewall.listPorts();
    // A namespace is ours when its loopback device says so.
    const ours = inside.filter(([name, devices]) => {
      const owner = devices.find((one) => one.ifname === 'lo')?.ifalias;
      if (owner !== undefined && owner !== this.#net.alias) this.#foreign.add(name);
      return owner === this.#net.alias;
    });
    const externals = new Set(
      shown.map((one) => one.ifname).filter((name) => this.#external.isExternal(name)),
    );
    const place = { alias: this.#net.alias, externals };
    const devices = paired([
      ...devicesOf(shown, { ...place, namespace: null }),
      ...ours.flatMap(([namespace, all]) => devicesOf(all, { ...place, namespace })),
    ]);
    this.#known = new Set(devices.filter((one) => one.namespace === null).map((one) => one.name));
    return {
      devices,
      namespaces: this.#namespaces(
        ours.map(([name]) => name),
        devices,
      ),
      tables,
      filteredPorts: ports.map((one) => one.portId),
    };
  }

  async #devices(namespace: string | null): Promise<readonly ShownDevice[]> {
    const where = namespace === null ? [] : ['-n', namespace];
    // A namespace may go while we look.
    const result = await this.#net.commands.run(['ip', ...where, '-j', '-d', 'addr', 'show'], {
      okCodes: [0, 1, 255],
    });
    return result.exitCode === 0 ? (json(result) as ShownDevice[]) : [];
  }

  #namespaces(names: readonly string[], devices: readonly NetworkDevice[]): readonly NetworkNamespace[] {
    return names.map((name): NetworkNamespace => {
      const kind = name.startsWith('qdhcp-') ? 'dhcp' : 'router';
      const resourceId = name.slice(name.indexOf('-') + 1);
      const here = devices.some((one) => one.namespace === name && !one.name.startsWith('qg-'));
      const pid = this.#pid(kind, resourceId);
      const services: NetworkService[] = [];
      if (pid !== undefined) services.push({ name: kind === 'dhcp' ? 'dnsmasq' : 'radvd', pid });
      if (here) services.push({ name: 'metadata', pid: null });
      return { name, kind, resourceId, services };
    });
  }

  /** What runs there by its file, which is believed only when the process is what it says (R20). */
  #pid(kind: NetworkNamespace['kind'], id: string): number | undefined {
    const path =
      kind === 'dhcp'
        ? join(dhcpDirectory(this.#net, id), 'pid')
        : join(routerDirectory(this.#net, id), 'radvd.pid');
    let pid: number;
    try {
      pid = Number(readFileSync(path, 'utf8').trim());
    } catch {
      return undefined;
    }
    const is = kind === 'dhcp' ? isDnsmasq : isRadvd;
    return Number.isInteger(pid) && pid > 1 && is(this.#net, id, pid) ? pid : undefined;
  }

  async counters(): Promise<readonly LinkCounters[]> {
    const all = parseCounters(await readFile('/proc/net/dev', 'utf8'));
    return all.filter((one) => this.#known.has(one.device));
  }

  async look(question: DeviceQuestion): Promise<readonly DeviceLook[]> {
    // Checks the words before anything is asked by them.
    commandsFor(question, undefined, this.#net.table);
    const report = await this.report();
    const kind =
      question.kind === 'device'
        ? report.devices.find((one) => one.name === question.name && one.namespace === question.namespace)
            ?.kind
        : undefined;
    if (!isThere(question, report)) return [];
    const commands = commandsFor(question, kind, this.#net.table);
    const looks = await Promise.all(
      commands.map(async (argv): Promise<DeviceLook> => {
        try {
          const { stdout } = await this.#net.commands.run(argv, { timeoutMs: 5000 });
          return { command: typed(argv), output: stdout.trimEnd().slice(0, MOST) };
        } catch (error) {
          if (!(error instanceof CommandError)) throw error;
          return { command: typed(argv), output: error.stderr.trim() || error.message };
        }
      }),
    );
    return question.kind === 'namespace' ? [...looks, ...(await this.#dhcpFiles(question.name))] : looks;
  }

  async #dhcpFiles(namespace: string): Promise<readonly DeviceLook[]> {
    if (!namespace.startsWith('qdhcp-')) return [];
    const directory = dhcpDirectory(this.#net, namespace.slice('qdhcp-'.length));
    const looks = await Promise.all(
      DHCP_FILES.map(async (name) => {
        const path = join(directory, name);
        const text = await readFile(path, 'utf8').catch(() => undefined);
        return text === undefined ? [] : [{ command: `cat ${path}`, output: text.trimEnd().slice(0, MOST) }];
      }),
    );
    return looks.flat();
  }
}

function namespaceNames(): string[] {
  try {
    return readdirSync('/run/netns').filter((name) => /^q(?:dhcp|router)-/.test(name));
  } catch {
    return [];
  }
}
