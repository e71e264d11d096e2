import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { LinuxCommandRunner } from '../../command/linux.ts';
import type { CommandResult } from '../../command/interface.ts';
import type { PortFilter, SecurityRule } from '../firewall/interface.ts';
import type { HostNetwork, NetworkInventory } from '../interface.ts';
import { createLinuxHostNetwork } from '../linux.ts';
import { bridgeName, tapName } from '../names.ts';
import { arp, BROADCAST, frame } from './frames.ts';

const SEND = fileURLToPath(new URL('send.py', import.meta.url));
const RECEIVE = fileURLToPath(new URL('receive.py', import.meta.url));

/** A namespace that stands for a guest: the bridge end of its veth pair plays the tap. */
export interface Guest {
  readonly namespace: string;
  readonly portId: string;
  readonly tap: string;
  readonly mac: string;
  readonly ip: string;
}

export interface Network {
  readonly networkId: string;
  readonly bridge: string;
  readonly zone: number;
}

export const allow = (direction: 'ingress' | 'egress', rest: Partial<SecurityRule> = {}): SecurityRule => ({
  direction,
  ethertype: 'IPv4',
  protocol: null,
  portMin: null,
  portMax: null,
  ...rest,
});

/** What a default security group lets out. */
export const EGRESS: readonly SecurityRule[] = [allow('egress'), allow('egress', { ethertype: 'IPv6' })];

let counter = 0;

/** One instance of its own on this machine, and guests; tests with real devices only. */
export class TestCloud {
  readonly host: HostNetwork;
  readonly commands = new LinuxCommandRunner();
  readonly stateDirectory: string;
  readonly #owner: string;
  readonly #namespaces: string[] = [];
  readonly #peers: string[] = [];
  readonly #zoneBase = 20000 + Math.floor(Math.random() * 20000);

  constructor(name: string) {
    this.#owner = `net-${name}-${process.pid}`;
    this.stateDirectory = mkdtempSync(join(tmpdir(), `${this.#owner}-`));
    chmodSync(this.stateDirectory, 0o755);
    this.host = createLinuxHostNetwork({
      owner: this.#owner,
      stateDirectory: this.stateDirectory,
      commands: this.commands,
    });
  }

  /** A second helper over the same state, as after a restart. */
  restarted(): HostNetwork {
    return createLinuxHostNetwork({
      owner: this.#owner,
      stateDirectory: this.stateDirectory,
      commands: this.commands,
    });
  }

  async network(): Promise<Network> {
    const networkId = randomUUID();
    const network = { networkId, bridge: bridgeName(networkId), zone: this.#zoneBase + (counter += 1) };
    await this.host.link.ensureSegment({ ...network, mtu: 1450 });
    return network;
  }

  /** A namespace outside of everything, with a veth pair whose other end is `peer` on the host. */
  async namespace(peer: string, mac?: string): Promise<string> {
    const namespace = `${this.#owner}-${(counter += 1)}`;
    this.#namespaces.push(namespace);
    this.#peers.push(peer);
    const address = mac === undefined ? '' : `address ${mac}`;
    await this.commands.run(['ip', '-batch', '-'], {
      stdin: `netns add ${namespace}\nlink add name ${peer} type veth peer name eth0 ${address} netns ${namespace}\n`,
    });
    await this.inside(namespace, 'ip', 'link', 'set', 'lo', 'up');
    await this.inside(namespace, 'ip', 'link', 'set', 'eth0', 'mtu', '1450', 'up');
    return namespace;
  }

  /** A guest with a static address, its filter and its tap. */
  async guest(network: Network, ip: string, filter: Partial<PortFilter> = {}): Promise<Guest> {
    const portId = randomUUID();
    const tap = tapName(portId);
    const mac = `fa:16:3e:${portId.slice(24, 30).replace(/(..)(..)/, '$1:$2:')}`;
    const namespace = await this.namespace(tap, mac);
    const guest = { namespace, portId, tap, mac, ip };
    await this.host.firewall.applyPorts([this.filter(network, guest, filter)]);
    await this.host.link.ensureTap({ tap, bridge: network.bridge, mtu: 1450, macAddress: mac });
    await this.inside(namespace, 'ip', 'addr', 'add', `${ip}/24`, 'dev', 'eth0');
    return guest;
  }

  #marks = new Map<string, number>();

  filter(network: Network, guest: Guest, rest: Partial<PortFilter> = {}): PortFilter {
    const mark = this.#marks.get(guest.portId) ?? this.#marks.size + 1;
    this.#marks.set(guest.portId, mark);
    return {
      portId: guest.portId,
      tapName: guest.tap,
      bridgeName: network.bridge,
      mark,
      zone: network.zone,
      macAddress: guest.mac,
      fixedIps: [guest.ip],
      allowedAddressPairs: [],
      portSecurity: true,
      rules: EGRESS,
      stateful: true,
      ...rest,
    };
  }

  inside(namespace: string, ...argv: [string, ...string[]]): Promise<CommandResult> {
    return this.commands.run(['nsenter', `--net=/run/netns/${namespace}`, ...argv], { timeoutMs: 20_000 });
  }

  /** Whether a ping is answered within a second. */
  async pings(from: Guest | string, to: string): Promise<boolean> {
    const namespace = typeof from === 'string' ? from : from.namespace;
    const argv = ['nsenter', `--net=/run/netns/${namespace}`, 'ping', '-c', '1', '-W', '1', to] as const;
    return (await this.commands.run(argv, { okCodes: [0, 1, 2] })).exitCode === 0;
  }

  /** Whether a TCP connection is answered within a second; the guest `to` must listen. */
  async connects(from: Guest | string, to: string, port: number): Promise<boolean> {
    const namespace = typeof from === 'string' ? from : from.namespace;
    const argv = [
      'nsenter',
      `--net=/run/netns/${namespace}`,
      'busybox',
      'nc',
      '-w',
      '1',
      to,
      String(port),
    ] as const;
    return (await this.commands.run(argv, { okCodes: [0, 1] })).exitCode === 0;
  }

  /**
   * Sends raw frames, then one of which everybody may see (an ARP probe).
   * @returns what the receiver saw until then
   */
  async exchange(sender: Guest, receiver: Guest, frames: readonly string[]): Promise<readonly string[]> {
    const marker = arp({ operation: 1, senderMac: sender.mac, senderIp: '0.0.0.0', targetIp: '192.0.2.99' });
    const seen: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const child = spawn('nsenter', [
        `--net=/run/netns/${receiver.namespace}`,
        '/usr/bin/python3',
        RECEIVE,
        marker,
      ]);
      createInterface(child.stdout).on('line', (line) => {
        if (line !== 'ready') {
          if (!line.includes(marker)) seen.push(line);
          return;
        }
        const words = [...frames, frame(BROADCAST, sender.mac, 0x0806, marker)];
        this.inside(sender.namespace, '/usr/bin/python3', SEND, ...words).catch(reject);
      });
      child.on('close', (code) => (code === 0 ? resolve() : reject(new Error('the marker never came'))));
    });
    return seen;
  }

  /** Takes everything away. @throws when something is still there after it. */
  async end(): Promise<void> {
    await this.host.removeAll();
    // By name: a connection that was cut keeps its namespace, and so the pair, for minutes.
    for (const peer of this.#peers) {
      if (existsSync(`/sys/class/net/${peer}`)) await this.commands.run(['ip', 'link', 'del', 'dev', peer]);
    }
    for (const namespace of this.#namespaces) {
      await this.commands.run(['ip', 'netns', 'del', namespace], { okCodes: [0, 1] });
    }
    rmSync(this.stateDirectory, { recursive: true, force: true });
    assert.deepEqual(await this.host.inventory(), NOTHING);
  }
}

export const NOTHING: NetworkInventory = {
  bridges: [],
  vxlans: [],
  taps: [],
  shapers: [],
  veths: [],
  namespaces: [],
  dnsmasq: [],
  radvd: [],
  tables: [],
  filteredPorts: [],
};
