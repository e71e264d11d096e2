import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { record } from '../../record.ts';
import { disableIpv6, ipBatch, json, nftLoad, ownDevice, type NetContext } from '../context.ts';
import { bridgeLines, ensureBridgeNetfilter } from '../link/bridge.ts';
import { bridgeAddress } from '../names.ts';
import {
  cidrText,
  deviceWord,
  disjoint,
  integerWord,
  interfaceAddress,
  linkLocal,
  network,
} from '../values.ts';
import type { ExternalBridge, ExternalHost } from './interface.ts';
import { ensureForwarding6, giveBackForwarding6 } from './forwarding6.ts';
import { closePassage, filtersForwarding, openPassage } from './passage.ts';
import { externalRuleset } from './ruleset.ts';

const IP_FORWARD = '/proc/sys/net/ipv4/ip_forward';

/**
 * There while Deskcloud is the one who has set ip_forward; all instances in one network namespace share it. Gone with
 * a reboot, like the setting.
 */
const forwardMark = (): string =>
  `/run/deskcloud-ip-forward-${readlinkSync('/proc/self/ns/net').replaceAll(/\D/g, '')}`;

/** What has to be known to undo it, kept in a file: a helper that starts later undoes what one before did. */
interface State {
  readonly bridges: readonly ExternalBridge[];
}

interface ShownAddress {
  readonly ifname: string;
  readonly addr_info: readonly {
    readonly local?: string;
    readonly prefixlen?: number;
    readonly scope?: string;
  }[];
}

/** The real {@link ExternalHost}. */
export class LinuxExternalHost implements ExternalHost {
  readonly #net: NetContext;
  readonly #path: string;
  #state: State;

  constructor(net: NetContext) {
    this.#net = net;
    this.#path = join(net.stateDirectory, 'external-network.json');
    this.#state = this.#load();
  }

  isExternal(bridge: string): boolean {
    return this.#state.bridges.some((one) => one.bridge === bridge);
  }

  async ensure(external: ExternalBridge): Promise<void> {
    const bridge = deviceWord(external.bridge);
    integerWord(external.mtu, 68, 65535, 'MTU');
    const wanted = external.addresses.map(interfaceAddress);
    await ensureBridgeNetfilter(this.#net);
    mustBeFree(await this.#addresses(), bridge, external);
    // Noted first: what is half made is undone too.
    this.#save({ bridges: [...this.#state.bridges.filter((one) => one.bridge !== bridge), external] });
    await ipBatch(this.#net, bridgeLines(this.#net, bridge, external.mtu));
    const six = wanted.some((ip) => ip.family === 6);
    if (six) enableIpv6(bridge);
    else disableIpv6(bridge);
    const all = await this.#addresses();
    const shown = all.find((one) => one.ifname === bridge);
    const have = new Set(
      (shown?.addr_info ?? []).flatMap((info) =>
        info.local === undefined ? [] : [`${info.local}/${info.prefixlen}`],
      ),
    );
    const want = new Set([
      ...wanted.map((ip) => `${ip.address}/${ip.prefix}`),
      // The kernel makes none on a bridge of ours, and IPv6 does not work without one.
      ...(six ? [`${linkLocal(bridgeAddress(bridge)).address}/64`] : []),
    ]);
    // The filter before the address: no service of the host is reachable for a moment.
    await nftLoad(this.#net, externalRuleset(this.#net.table, this.#state.bridges));
    await ipBatch(this.#net, [
      ...[...have].filter((ip) => !want.has(ip)).map((ip) => `addr del ${ip} dev ${bridge}`),
      ...[...want]
        .filter((ip) => !have.has(ip))
        .map((ip) => `addr add ${ip} dev ${bridge}${ip.includes(':') ? ' nodad' : ' brd +'}`),
    ]);
    if (readFileSync(IP_FORWARD, 'utf8').trim() !== '1') {
      writeFileSync(forwardMark(), '');
      setForwarding('1');
    }
    if (six) ensureForwarding6();
    await openPassage(this.#net, [{ bridge, kind: 'through' }]);
  }

  async #addresses(): Promise<ShownAddress[]> {
    return json(await this.#net.commands.run(['ip', '-j', 'addr', 'show'])) as ShownAddress[];
  }

  async remove(bridge: string): Promise<void> {
    const rest = this.#state.bridges.filter((one) => one.bridge !== bridge);
    if (ownDevice(this.#net, bridge)) await ipBatch(this.#net, [`link del dev ${deviceWord(bridge)}`]);
    await closePassage(this.#net, [bridge]);
    await nftLoad(this.#net, externalRuleset(this.#net.table, rest));
    if (rest.length === 0) await this.#giveBackForwarding();
    this.#save({ bridges: rest });
  }

  async #giveBackForwarding(): Promise<void> {
    const { stdout } = await this.#net.commands.run(['nft', 'list', 'tables', 'inet']);
    // Another instance of Deskcloud needs it, and gives it back when it goes.
    if (/_ext$/m.test(stdout)) return;
    // Who has rules for forwarded packets has come to rely on it, and would have set it without us.
    const needed = await filtersForwarding(this.#net);
    giveBackForwarding6(needed);
    if (!existsSync(forwardMark())) return;
    rmSync(forwardMark(), { force: true });
    if (!needed) setForwarding('0');
  }

  letPass(bridges: readonly string[]): Promise<void> {
    return openPassage(
      this.#net,
      bridges.map((bridge) => ({ bridge, kind: this.isExternal(bridge) ? 'through' : 'within' })),
    );
  }

  stopPassing(bridges: readonly string[]): Promise<void> {
    return closePassage(this.#net, bridges);
  }

  /** Bridges that ensure made, for taking everything down. */
  bridges(): readonly string[] {
    return this.#state.bridges.map((one) => one.bridge);
  }

  #load(): State {
    try {
      return JSON.parse(readFileSync(this.#path, 'utf8')) as State;
    } catch {
      return { bridges: [] };
    }
  }

  #save(state: State): void {
    this.#state = state;
    if (state.bridges.length === 0) {
      rmSync(this.#path, { force: true });
      return;
    }
    mkdirSync(this.#net.stateDirectory, { recursive: true });
    writeFileSync(`${this.#path}.new`, JSON.stringify(state), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }
}

/** @throws when the host has one of these subnets elsewhere: its own connection, maybe its default route, would break. */
function mustBeFree(shown: readonly ShownAddress[], bridge: string, external: ExternalBridge): void {
  // Each device has addresses of the link-local network.
  const subnets = external.addresses.map(network).filter((one) => !one.address.startsWith('fe80:'));
  for (const subnet of subnets) {
    for (const { ifname, addr_info: infos } of shown) {
      const clash = infos.some(
        ({ local, prefixlen }) =>
          local !== undefined && disjoint([subnet, network(`${local}/${prefixlen}`)]).length < 2,
      );
      if (ifname === bridge || !clash) continue;
      throw new Error(
        `the external network ${cidrText(subnet)} is also that of this host's device ${ifname}: choose another subnet`,
      );
    }
  }
}

/** No address of anybody's advertisements: whoever sends some there is a guest. */
function enableIpv6(bridge: string): void {
  const conf = `/proc/sys/net/ipv6/conf/${bridge}`;
  for (const [name, value] of [
    ['accept_ra', '0'],
    ['disable_ipv6', '0'],
  ] as const) {
    const path = `${conf}/${name}`;
    if (readFileSync(path, 'utf8').trim() === value) continue;
    writeFileSync(path, value);
    record({ kind: 'file', action: 'write', path, text: value });
  }
}

function setForwarding(value: '0' | '1'): void {
  writeFileSync(IP_FORWARD, value);
  record({ kind: 'file', action: 'write', path: IP_FORWARD, text: value });
}
