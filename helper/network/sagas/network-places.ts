import { transaction, type Db } from '../../db/index.ts';
import type { DhcpLease } from '../../host/net/dhcp/interface.ts';
import type { HostNetwork } from '../../host/net/interface.ts';
import { dhcpDevice } from '../../host/net/names.ts';
import type { Logger } from '../../http/index.ts';
import type { NetworkConfig } from '../config.ts';
import type { MetadataListener } from '../face.ts';
import { bridgeOf, dhcpSpec, externalSpec, segmentSpec } from '../host-state.ts';
import { networksOnPhysical, placeColumns, segments, setNetworkStatus } from '../store/network.ts';
import { portByAddress } from '../store/port.ts';
import type { SegmentRow } from '../store/row.ts';
import { apiSegments, leavingSegments, LEFT } from '../store/segment.ts';
import { subnetsOf } from '../store/subnet.ts';
import { Listeners } from './listeners.ts';
import { KeyedMutex } from '../../mutex.ts';
import { dhcpRows, liveNetwork } from './rows.ts';

export interface DriverDeps {
  readonly db: Db;
  readonly host: HostNetwork;
  readonly metadata: MetadataListener;
  readonly config: NetworkConfig;
  readonly logger: Logger;
  /** A guest was given its address. */
  readonly onLease: (serverId: string, lease: DhcpLease, renewed: boolean) => void;
}

/** How a network is carried; another one is another place. */
const placeOf = (segment: Omit<SegmentRow, 'network_id' | 'zone' | 'released'>): string =>
  `${segment.network_type} ${segment.physical_network} ${segment.vni}`;

/** The networks themselves: bridges, tunnels, DHCP servers and what listens beside those. */
export class NetworkPlaces {
  protected readonly deps: DriverDeps;
  /** Work on one network is done one after another. */
  protected readonly mutex = new KeyedMutex();
  readonly #listeners: Listeners;
  /** Networks that were seen complete on the host since the start, and where: plugging a server then needs no look at them. */
  readonly #ready = new Map<string, string>();

  constructor(deps: DriverDeps) {
    this.deps = deps;
    this.#listeners = new Listeners(deps.host, deps.metadata, (networkId, lease, renewed) =>
      this.#leased(networkId, lease, renewed),
    );
  }

  /** Bridge and tunnel; for a flat network the physical network's bridge. False when the network is gone. */
  ensureSegment(networkId: string): Promise<boolean> {
    return this.mutex.run(networkId, () => this.#ensureSegment(networkId));
  }

  async #ensureSegment(networkId: string): Promise<boolean> {
    const { db, host, config } = this.deps;
    await this.#leave(networkId);
    const live = liveNetwork(db, networkId);
    if (live === undefined) return false;
    const { network, segment } = live;
    if (network.physical_network !== null) await this.#ensurePhysical(network.physical_network);
    await host.link.ensureSegment(segmentSpec(config, segment, network.mtu, network));
    return true;
  }

  /** The bridge of a physical network as the networks on it need it, or nothing of it without one. */
  #ensurePhysical(physical: string): Promise<void> {
    const { db, host, config } = this.deps;
    const bridge = config.physicalNetworks[physical];
    return this.mutex.run(`physical network ${physical}`, async () => {
      if (bridge === undefined) return;
      const here = networksOnPhysical(db, physical);
      const flat = here.find((one) => one.network_type === 'flat');
      const subnets = flat === undefined ? [] : subnetsOf(db, flat.id);
      if (here.length === 0) await host.external.remove(bridge);
      else await host.external.ensure(externalSpec(config, bridge, flat?.mtu ?? config.plainMtu, subnets));
    });
  }

  /** Namespace and dnsmasq with what is listening beside it, or none of it. The segment must be there. */
  ensureDhcp(networkId: string): Promise<void> {
    return this.mutex.run(networkId, () => this.#ensureDhcp(networkId));
  }

  async #ensureDhcp(networkId: string): Promise<void> {
    const { db, host, config } = this.deps;
    const live = liveNetwork(db, networkId);
    const spec = live && dhcpSpec(config, dhcpRows(db, live));
    if (spec === undefined) await this.#removeDhcp(networkId);
    else {
      const outcome = await host.dhcp.ensure(spec);
      const six = spec.subnets.some((subnet) => subnet.cidr.includes(':'));
      await this.#listeners.ensure(networkId, {
        dnsRelayPort: config.dnsRelayPort,
        fresh: outcome === 'started',
        device6: six ? dhcpDevice(spec.port.portId) : undefined,
      });
    }
    if (live === undefined) return;
    this.#ready.set(networkId, placeOf(live.segment));
    setNetworkStatus(db, networkId, 'ACTIVE');
  }

  async #removeDhcp(networkId: string): Promise<void> {
    await this.#listeners.close(networkId);
    await this.deps.host.dhcp.remove(networkId);
  }

  /** Starts again the DHCP servers that died behind our back (R20); answers the networks whose were. */
  async reviveDhcp(): Promise<readonly string[]> {
    const dead = this.#listeners.networks().filter((networkId) => !this.deps.host.dhcp.isRunning(networkId));
    for (const networkId of dead) await this.ensureDhcp(networkId);
    return dead;
  }

  /** Segment and DHCP server. False when the network is gone. */
  ensureNetwork(networkId: string): Promise<boolean> {
    return this.mutex.run(networkId, () => this.ensureAll(networkId));
  }

  /** As {@link ensureNetwork}, for who has the network to itself. */
  protected async ensureAll(networkId: string): Promise<boolean> {
    if (!(await this.#ensureSegment(networkId))) return false;
    await this.#ensureDhcp(networkId);
    return true;
  }

  /** False when the network should have a DHCP server and none runs. */
  protected async updateHosts(networkId: string): Promise<boolean> {
    const { db, host, config } = this.deps;
    const live = liveNetwork(db, networkId);
    const spec = live && dhcpSpec(config, dhcpRows(db, live));
    return spec === undefined || (await host.dhcp.updateHosts(spec));
  }

  /** Listeners, DHCP server, bridge, tunnel and connections of a network whose ports are off the host (R23). */
  protected async takeDown(networkId: string): Promise<void> {
    await this.#leave(networkId);
    this.#ready.delete(networkId);
    await this.#removeDhcp(networkId);
    const segment = segments.byId(this.deps.db, networkId);
    if (segment !== undefined) await this.#removePlace(segment);
  }

  async #removePlace(segment: SegmentRow): Promise<void> {
    const { host, config } = this.deps;
    const removed = await host.link.removeSegment(segmentSpec(config, segment, 1500));
    if (!removed)
      throw new Error(`guests are still on ${bridgeOf(config, segment)}; its network cannot be taken down`);
    if (segment.physical_network !== null) await this.#ensurePhysical(segment.physical_network);
    // Where a VLAN was is not known any more.
    if (segment.network_type === 'vlan')
      for (const physical of Object.keys(config.physicalNetworks))
        if (networksOnPhysical(this.deps.db, physical).length === 0) await this.#ensurePhysical(physical);
  }

  /** Takes the network off a segment that was deleted; it had no ports there. */
  leaveSegment(segmentId: string, place: SegmentRow): Promise<void> {
    return this.mutex.run(place.network_id, async () => {
      await this.#leave(place.network_id);
      // The network was deleted meanwhile, and its rows with it.
      if (apiSegments.byId(this.deps.db, segmentId) === undefined) await this.#removePlace(place);
    });
  }

  async #leave(networkId: string): Promise<void> {
    const { db } = this.deps;
    const place = segments.byId(db, networkId);
    if (place === undefined) return;
    for (const row of leavingSegments(db, networkId)) {
      this.#ready.delete(networkId);
      await this.#removeDhcp(networkId);
      await this.#removePlace({ ...place, ...placeColumns(row) });
      transaction(db, () => apiSegments.update(db, row, { is_first: LEFT }));
    }
  }

  #leased(networkId: string, lease: DhcpLease, renewed: boolean): void {
    const { db, onLease, logger } = this.deps;
    const port = portByAddress(db, networkId, lease.ip);
    logger.debug({ networkId, ...lease }, 'DHCP lease given');
    if (port?.device_owner.startsWith('compute:') === true) onLease(port.device_id, lease, renewed);
  }

  /** True when the network was seen complete on the host since the start, where it is now. */
  isReady(networkId: string): boolean {
    const segment = segments.byId(this.deps.db, networkId);
    return segment !== undefined && this.#ready.get(networkId) === placeOf(segment);
  }

  /** After devices went behind our back: look again. */
  forget(): void {
    this.#ready.clear();
  }

  async close(): Promise<void> {
    await this.#listeners.closeAll();
  }
}
