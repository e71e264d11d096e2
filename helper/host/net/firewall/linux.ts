import { CommandError } from '../../command/interface.ts';
import { record, withRecorder } from '../../record.ts';
import { json, nftLoad, type NetContext } from '../context.ts';
import { deviceWord, integerWord } from '../values.ts';
import type { FilteredPort, FirewallChange, FirewallHost, GroupMembers, PortFilter } from './interface.ts';
import {
  baseText,
  bridgeText,
  groupText,
  portText,
  removeBridgeText,
  removeGroupText,
  removePortText,
} from './ruleset.ts';

interface NftMap {
  readonly elem?: readonly (readonly [unknown, { readonly jump?: { readonly target: string } }])[];
}
interface NftList {
  readonly nftables: readonly {
    readonly map?: NftMap;
    readonly set?: { readonly name: string; readonly family: string; readonly table: string };
  }[];
}

/** What of the kernel's state has to be known to take a port away: kept, since only this process changes it. */
interface Known {
  readonly ports: ReadonlyMap<string, FilteredPort>;
  /** Zone by bridge. */
  readonly zones: ReadonlyMap<string, number>;
}

/** Writes a change on what the kernel has; the maps given are the writer's to change. */
type Write = (ports: Map<string, FilteredPort>, zones: Map<string, number>) => string;

interface Waiting {
  readonly write: Write;
  readonly resolve: (ruleset: string) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The real {@link FirewallHost}, with nftables. Changes go one after another, each written on what the one before
 * left; those that wait meanwhile are loaded together, since a run of nft costs more than a port's rules.
 */
export class LinuxFirewallHost implements FirewallHost {
  readonly #net: NetContext;
  #known: Known | undefined;
  #waiting: Waiting[] = [];
  #busy = false;

  constructor(net: NetContext) {
    this.#net = net;
  }

  ensureBase(): Promise<void> {
    return this.#change(() => '');
  }

  ensureBridge(bridge: string, zone: number): Promise<void> {
    deviceWord(bridge);
    integerWord(zone, 1, 0xffff, 'conntrack zone');
    return this.#change((_ports, zones) => {
      const before = zones.get(bridge);
      if (before === zone) return '';
      zones.set(bridge, zone);
      return `${this.#dropZone(bridge, before)}${bridgeText(this.#net, bridge, zone)}`;
    });
  }

  removeBridge(bridge: string): Promise<void> {
    return this.#change((_ports, zones) => {
      const before = zones.get(bridge);
      zones.delete(bridge);
      return `${removeBridgeText(this.#net, bridge)}${this.#dropZone(bridge, before)}`;
    });
  }

  #dropZone(bridge: string, zone: number | undefined): string {
    return zone === undefined ? '' : `delete element inet ${this.#net.table} zones { "${bridge}" }\n`;
  }

  apply(change: FirewallChange): Promise<void> {
    return this.#change((known, zones) => {
      const text: string[] = [];
      for (const portId of change.removePorts ?? []) {
        const port = known.get(portId);
        if (port !== undefined) text.push(removePortText(this.#net, port));
        known.delete(portId);
      }
      for (const port of change.ports ?? []) {
        const before = known.get(port.portId);
        if (before !== undefined && (before.mark !== port.mark || before.tapName !== port.tapName)) {
          text.push(removePortText(this.#net, before));
        }
        const zone = zones.get(port.bridgeName);
        if (port.hostAccess !== true && zone !== port.zone) {
          text.push(this.#dropZone(port.bridgeName, zone));
          zones.set(port.bridgeName, port.zone);
        }
        text.push(portText(this.#net, port));
        known.set(port.portId, { portId: port.portId, tapName: port.tapName, mark: port.mark });
      }
      for (const group of change.groups ?? []) text.push(groupText(this.#net, group));
      for (const group of change.removeGroups ?? []) text.push(removeGroupText(this.#net, group));
      return text.join('');
    });
  }

  applyPorts(ports: readonly PortFilter[], groups: readonly GroupMembers[] = []): Promise<void> {
    return this.apply({ ports, groups });
  }

  applyGroupMembers(group: GroupMembers): Promise<void> {
    return this.apply({ groups: [group] });
  }

  removePorts(portIds: readonly string[]): Promise<void> {
    return this.apply({ removePorts: portIds });
  }

  async listPorts(): Promise<readonly FilteredPort[]> {
    return [...(await this.#read()).ports.values()];
  }

  async listGroups(): Promise<readonly string[]> {
    const { stdout } = await this.#net.commands.run(['nft', '-j', 'list', 'sets', 'inet']);
    const lists = JSON.parse(stdout) as NftList;
    return lists.nftables.flatMap(({ set }) =>
      set?.table === this.#net.table && set.name.startsWith('g4_') ? [set.name.slice(3)] : [],
    );
  }

  async removeAll(): Promise<void> {
    const lines = ['bridge', 'inet'].flatMap((family) => [
      `add table ${family} ${this.#net.table}`,
      `delete table ${family} ${this.#net.table}`,
    ]);
    await this.#change((ports, zones) => {
      ports.clear();
      zones.clear();
      return `${lines.join('\n')}\n`;
    });
    this.#known = undefined;
  }

  async #change(write: Write): Promise<void> {
    const started = performance.now();
    const ruleset = await new Promise<string>((resolve, reject) => {
      this.#waiting.push({ write, resolve, reject });
      if (!this.#busy) void this.#work();
    });
    if (ruleset === '') return;
    // Each operation's record shows its own part of what was loaded together.
    const stdin = ruleset.slice(0, 16384);
    const durationMs = performance.now() - started;
    record({ kind: 'command', argv: ['nft', '-f', '-'], stdin, exitCode: 0, durationMs });
  }

  async #work(): Promise<void> {
    this.#busy = true;
    // The work is for all who wait, not for the one whose call began it.
    await withRecorder(
      () => undefined,
      async () => {
        while (this.#waiting.length > 0) await this.#load(this.#waiting.splice(0), true);
        // In the same turn as the look above: who comes after it begins the work anew.
        this.#busy = false;
      },
    );
  }

  /**
   * Loads changes in one transaction. When the kernel refuses, the reason may be one of them, or that somebody
   * emptied the tables (`nft flush ruleset`): once more, each alone, on what is really there.
   */
  async #load(changes: readonly Waiting[], again: boolean): Promise<void> {
    const fresh = this.#known === undefined;
    const written: { readonly change: Waiting; readonly ruleset: string }[] = [];
    try {
      this.#known ??= await this.#begin();
      for (const change of changes) {
        const ports: Map<string, FilteredPort> = new Map(this.#known.ports);
        const zones: Map<string, number> = new Map(this.#known.zones);
        try {
          written.push({ change, ruleset: change.write(ports, zones) });
          this.#known = { ports, zones };
        } catch (error) {
          change.reject(error);
        }
      }
      const text = written.map((one) => one.ruleset).join('');
      if (text !== '') await nftLoad(this.#net, text);
    } catch (error) {
      this.#known = undefined;
      const affected = written.length === 0 ? changes : written.map((one) => one.change);
      if (again && !(fresh && affected.length === 1) && error instanceof CommandError) {
        for (const change of affected) await this.#load([change], false);
      } else {
        for (const change of affected) change.reject(error);
      }
      return;
    }
    for (const { change, ruleset } of written) change.resolve(ruleset);
  }

  async #begin(): Promise<Known> {
    await nftLoad(this.#net, baseText(this.#net));
    return this.#read();
  }

  async #read(): Promise<Known> {
    const [sources, marks, zones] = await Promise.all([
      this.#elements('bridge', 'sources'),
      this.#elements('inet', 'egress'),
      this.#elements('inet', 'zones'),
    ]);
    const markOf = new Map(marks.map(([mark, goal]) => [chainPort(goal), Number(mark) / 0x10000]));
    const ports = sources.flatMap(([tap, goal]): FilteredPort[] => {
      const portId = chainPort(goal);
      const mark = portId === undefined ? undefined : markOf.get(portId);
      return portId === undefined || mark === undefined ? [] : [{ portId, tapName: String(tap), mark }];
    });
    return {
      ports: new Map(ports.map((port) => [port.portId, port])),
      zones: new Map(zones.map(([bridge, zone]) => [String(bridge), Number(zone)])),
    };
  }

  async #elements(family: string, name: string): Promise<NonNullable<NftMap['elem']>> {
    try {
      const result = await this.#net.commands.run([
        'nft',
        '-j',
        'list',
        'map',
        family,
        this.#net.table,
        name,
      ]);
      const { nftables } = json(result) as NftList;
      return nftables.find((item) => item.map !== undefined)?.map?.elem ?? [];
    } catch (error) {
      if (error instanceof CommandError && error.stderr.includes('No such file')) return [];
      throw error;
    }
  }
}

/** The port whose chain a map's element leads to. */
function chainPort(goal: { readonly jump?: { readonly target: string } }): string | undefined {
  return goal.jump?.target.replace(/^[a-z]+_/, '');
}
