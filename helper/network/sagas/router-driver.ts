import type { Server } from 'node:net';
import { transaction, type Db } from '../../db/index.ts';
import type { HostNetwork } from '../../host/net/interface.ts';
import { routerDevice, routerNamespace } from '../../host/net/names.ts';
import type { Logger } from '../../http/index.ts';
import type { GoneForwarding } from '../app/router-context.ts';
import type { NetworkConfig } from '../config.ts';
import type { MetadataListener } from '../face.ts';
import { firewallRows, meterRows } from '../router-services-state.ts';
import { METADATA_PORT, routerSpec, type RouterRows } from '../router-host-state.ts';
import { scopesOfNetworks } from '../store/address-scope.ts';
import { isUnscheduled } from '../store/agent.ts';
import { floatingIps, floatingIpsOfRouter, setFloatingIpStatus } from '../store/floating-ip.ts';
import { networks, segments } from '../store/network.ts';
import { helpersOfRouters } from '../store/conntrack-helper.ts';
import { forwardingsOfFloatingIps, forwardingsOfRouter } from '../store/port-forwarding.ts';
import { setPortStatus } from '../store/port.ts';
import {
  addressesOfRouter,
  allRouterIds,
  GATEWAY,
  haAddressesOfRouter,
  haPortOfRouter,
  isInterface,
  portsOfRouter,
  routers,
  setRouterStatus,
} from '../store/router.ts';
import { rulesOfQosPolicies } from '../store/qos.ts';
import { groupBy } from '../store/table.ts';
import type { NetworkDriver } from './driver.ts';
import { KeyedMutex } from '../../mutex.ts';

export interface RouterDriverDeps {
  readonly db: Db;
  readonly host: HostNetwork;
  readonly metadata: MetadataListener;
  readonly config: NetworkConfig;
  readonly logger: Logger;
  readonly networks: NetworkDriver;
}

/** Routers that are looked at together: most of it is waiting for commands. */
const AT_ONCE = 4;

/**
 * Brings the host's routers to what the rows say, at the moment of the call; every method may be repeated, and one
 * that finds all as wanted changes nothing and interrupts no traffic (R29).
 */
export class RouterDriver {
  readonly #deps: RouterDriverDeps;
  readonly #mutex = new KeyedMutex();
  /** Metadata listeners in the routers' namespaces, by router. They die with this process. */
  readonly #listeners = new Map<string, Server>();

  constructor(deps: RouterDriverDeps) {
    this.#deps = deps;
  }

  /** Bridges of the networks that the router is on, where they were not seen yet. */
  async ensureNetworks(routerId: string, always = false): Promise<void> {
    const { db, networks: driver } = this.#deps;
    const ha = haPortOfRouter(db, routerId);
    const ids = new Set([...portsOfRouter(db, routerId), ...(ha ? [ha] : [])].map((port) => port.network_id));
    for (const networkId of ids)
      if (always || !driver.isReady(networkId)) await driver.ensureSegment(networkId);
  }

  /** The whole router: namespace, devices, routes, translation, floating IPs; or nothing of it when its row is gone. */
  apply(routerId: string): Promise<void> {
    return this.#mutex.run(routerId, async () => {
      const rows = this.#rows(routerId);
      if (rows === undefined) return this.#takeOff(routerId);
      try {
        await this.#ensure(rows);
      } catch {
        // Somebody may have taken a bridge away since it was seen; a second failure is the operation's.
        await this.ensureNetworks(routerId, true);
        const again = this.#rows(routerId);
        if (again === undefined) return this.#takeOff(routerId);
        await this.#ensure(again);
      }
    });
  }

  /** A router that is on no agent leads nowhere, and its floating IPs say so. */
  async #takeOff(routerId: string): Promise<void> {
    await this.#remove(routerId);
    const { db } = this.#deps;
    for (const one of floatingIpsOfRouter(db, routerId)) setFloatingIpStatus(db, one, 'DOWN');
  }

  async #ensure(rows: RouterRows): Promise<void> {
    const { host, config } = this.#deps;
    const routerId = rows.router.id;
    const namespace = routerNamespace(routerId);
    const { created } = await host.router.ensure(routerSpec(config, rows));
    this.#tellNeighbours(rows, namespace);
    this.#markApplied(rows);
    if (created) this.#closeListener(routerId);
    const inside = rows.ports.some((port) => isInterface(port.device_owner));
    if (inside) await this.#listen(routerId, namespace);
    else this.#closeListener(routerId);
  }

  /** Guests may know another router's MAC for their gateway's address (R19); the outside is told by the host itself. */
  #tellNeighbours(rows: RouterRows, namespace: string): void {
    for (const port of rows.ports) {
      if (!isInterface(port.device_owner) || port.status === 'ACTIVE' || port.admin_state_up !== 1) continue;
      const own = rows.addresses.filter((ip) => ip.port_id === port.id).map((ip) => ip.address);
      if (own.length > 0) this.#deps.host.router.announce(namespace, routerDevice(port.id), own);
    }
  }

  /** What was applied is what was read: rows that changed meanwhile are the next operation's. */
  #markApplied(rows: RouterRows): void {
    const { db } = this.#deps;
    const hasGateway = rows.ports.some((port) => port.device_owner === GATEWAY && port.admin_state_up === 1);
    transaction(
      db,
      () => {
        setRouterStatus(db, rows.router.id, 'ACTIVE');
        for (const port of [...rows.ports, ...(rows.ha ? [rows.ha.port] : [])])
          setPortStatus(
            db,
            port.id,
            port.admin_state_up === 1 && rows.segments.has(port.network_id) ? 'ACTIVE' : 'DOWN',
          );
        for (const one of rows.floatingIps) setFloatingIpStatus(db, one, hasGateway ? 'ACTIVE' : 'DOWN');
      },
      { durable: false },
    );
  }

  #rows(routerId: string): RouterRows | undefined {
    const { db } = this.#deps;
    const router = routers.byId(db, routerId);
    // One that was taken off the L3 agent has nothing on the host.
    if (router === undefined || isUnscheduled(db, routerId)) return undefined;
    const ports = portsOfRouter(db, routerId);
    const haPort = haPortOfRouter(db, routerId);
    const ids = [...new Set([...ports, ...(haPort ? [haPort] : [])].map((port) => port.network_id))];
    const floatingIps = floatingIpsOfRouter(db, routerId);
    const policies = [router.gateway_qos_policy_id, ...floatingIps.map((one) => one.qos_policy_id)].flatMap(
      (id) => id ?? [],
    );
    return {
      router,
      ports,
      addresses: addressesOfRouter(db, routerId),
      ...(haPort === undefined ? {} : { ha: { port: haPort, addresses: haAddressesOfRouter(db, routerId) } }),
      networks: new Map(networks.byIds(db, ids).map((row) => [row.id, row])),
      segments: new Map(
        segments.byIds(db, ids).flatMap((row) => (row.released === 0 ? [[row.network_id, row]] : [])),
      ),
      scopes: groupBy(scopesOfNetworks(db, ids), (one) => one.network_id),
      floatingIps,
      forwardings: forwardingsOfRouter(db, routerId),
      helpers: helpersOfRouters(db, [routerId]),
      firewalls: firewallRows(
        db,
        ports.map((port) => port.id),
      ),
      meters: meterRows(db, router.project_id),
      qos: groupBy(rulesOfQosPolicies(db, policies), (rule) => rule.qos_policy_id),
    };
  }

  /**
   * Cuts the connections that a floating IP has at a router (R18). Applying does so for what it changes; this is for
   * a helper that was killed between the new rules and the cutting.
   */
  cut(routerId: string, floatingIpId: string, address: string): Promise<void> {
    return this.#mutex.run(routerId, async () => {
      const { db, host } = this.#deps;
      if (routers.byId(db, routerId) === undefined) return;
      const row = floatingIps.byId(db, floatingIpId);
      // Meanwhile it may lead somewhere again, with connections that are right.
      if (row?.router_id === routerId && row.status === 'ACTIVE') return;
      await host.conntrack.flush({ namespace: routerNamespace(routerId), addresses: [address] });
    });
  }

  /** As {@link cut}, for forwarded ports that are led on no more. */
  cutForwarded(
    routerId: string,
    floatingIpId: string,
    address: string,
    gone: readonly GoneForwarding[],
  ): Promise<void> {
    return this.#mutex.run(routerId, async () => {
      const { db, host } = this.#deps;
      if (routers.byId(db, routerId) === undefined) return;
      const now = forwardingsOfFloatingIps(db, [floatingIpId]);
      for (const { protocol, first, last, fixed, inside } of gone) {
        // Meanwhile they may lead somewhere again, with connections that are right.
        const again = now.some(
          (one) =>
            one.protocol === protocol &&
            one.external_first === first &&
            one.external_last === last &&
            one.internal_ip_address === fixed &&
            one.internal_first === inside,
        );
        if (again) continue;
        await host.conntrack.flush({
          namespace: routerNamespace(routerId),
          addresses: [address],
          protocol,
          ...(first === last ? { port: first } : {}),
        });
      }
    });
  }

  remove(routerId: string): Promise<void> {
    return this.#mutex.run(routerId, () => this.#remove(routerId));
  }

  async #remove(routerId: string): Promise<void> {
    this.#closeListener(routerId);
    await this.#deps.host.router.remove(routerId);
  }

  async #listen(routerId: string, namespace: string): Promise<void> {
    const { host, metadata } = this.#deps;
    if (this.#listeners.has(routerId)) return;
    // Of both versions of IP.
    const server = await host.sockets.listenTcp(namespace, { host: '::', port: METADATA_PORT });
    this.#listeners.set(routerId, server);
    metadata.serve(server, { routerId });
  }

  #closeListener(routerId: string): void {
    this.#listeners.get(routerId)?.close();
    this.#listeners.delete(routerId);
  }

  /**
   * All routers: those that are there are adopted, those that are gone are made again (R31), those without a row are
   * removed (R21).
   * @returns what could not be done, in words.
   */
  async reconcile(): Promise<string[]> {
    const { db, host, logger } = this.#deps;
    const failed: string[] = [];
    const attempt = async (routerId: string, work: () => Promise<void>): Promise<void> => {
      try {
        await work();
      } catch (error) {
        logger.warn({ routerId, err: error }, 'a router could not be brought to its state');
        failed.push(`router ${routerId}: ${error instanceof Error ? error.message : String(error)}`);
      }
    };
    const waiting = allRouterIds(db);
    const worker = async (): Promise<void> => {
      for (let routerId = waiting.shift(); routerId !== undefined; routerId = waiting.shift()) {
        const id = routerId;
        await attempt(id, async () => {
          await this.ensureNetworks(id);
          await this.apply(id);
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    // apply() looks for the row again: a router may have been created since the listing.
    for (const routerId of await host.router.list()) {
      if (routers.byId(db, routerId) === undefined) await attempt(routerId, () => this.apply(routerId));
    }
    return failed;
  }

  close(): void {
    for (const routerId of this.#listeners.keys()) this.#closeListener(routerId);
  }
}
