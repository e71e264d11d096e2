import { transaction, type Db } from '../../db/index.ts';
import type { HostNetwork, NetworkInventory } from '../../host/net/interface.ts';
import { tapName } from '../../host/net/names.ts';
import type { Logger } from '../../http/index.ts';
import type { NetworkConfig } from '../config.ts';
import { bridgeOf } from '../host-state.ts';
import { addressGroups } from '../store/address-group.ts';
import { allSegments, forgetSegment, networksOnHost } from '../store/network.ts';
import { allPlugs } from '../store/port.ts';
import { groups } from '../store/security-group.ts';
import type { NetworkDriver } from './driver.ts';

interface ReconcileDeps {
  readonly db: Db;
  readonly host: HostNetwork;
  readonly config: NetworkConfig;
  readonly logger: Logger;
  readonly driver: NetworkDriver;
}

/**
 * Compares what the rows want with what the host has, repairs, and takes away what has no row: after a restart of the
 * helper (everything is there and stays as it is, R29), after a restart of the host (nothing is there, R31), and
 * whenever somebody asks. One network that fails does not keep the others waiting; answers what failed.
 */
export async function reconcileNetworks(deps: ReconcileDeps): Promise<readonly string[]> {
  const { db, host, driver, logger } = deps;
  const failures: string[] = [];
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      logger.error({ err: error }, `${what} could not be brought to its state`);
    }
  };
  driver.forget();
  const inventory = await host.inventory();
  for (const segment of allSegments(db).filter((one) => one.released === 1)) {
    await attempt(`deleted network ${segment.network_id}`, async () => {
      await driver.removeNetwork(segment.network_id);
      transaction(db, () => forgetSegment(db, segment.network_id, deps.config.vniRange));
    });
  }
  for (const networkId of networksOnHost(db))
    await attempt(`network ${networkId}`, () => driver.ensureNetwork(networkId));
  await attempt('ports', () => driver.adoptPorts());
  await attempt('leftovers', () => removeOrphans(deps, inventory));
  return failures;
}

async function removeOrphans(deps: ReconcileDeps, inventory: NetworkInventory): Promise<void> {
  const { db, host, config, logger } = deps;
  const segments = allSegments(db);
  const networkIds = new Set(segments.map((segment) => segment.network_id));
  for (const namespace of inventory.namespaces.filter((name) => name.startsWith('qdhcp-'))) {
    const networkId = namespace.slice('qdhcp-'.length);
    if (!networkIds.has(networkId)) await host.dhcp.remove(networkId);
  }
  const plugged = allPlugs(db).filter((plug) => plug.plugged === 1);
  const taps = new Set(plugged.map((plug) => tapName(plug.port_id)));
  for (const tap of inventory.taps) if (!taps.has(tap)) await host.link.removeTap(tap);
  const portIds = new Set(plugged.map((plug) => plug.port_id));
  const removePorts = inventory.filteredPorts.filter((portId) => !portIds.has(portId));
  const filtered = inventory.tables.length > 0 ? await host.firewall.listGroups() : [];
  const known = new Set(
    [...groups.byIds(db, filtered), ...addressGroups.byIds(db, filtered)].map((group) => group.id),
  );
  const removeGroups = filtered.filter((groupId) => !known.has(groupId));
  if (removePorts.length > 0 || removeGroups.length > 0)
    await host.firewall.apply({ removePorts, removeGroups });
  const bridges = new Set(segments.map((segment) => bridgeOf(config, segment)));
  const strange = inventory.bridges.filter((bridge) => bridge.startsWith('brq') && !bridges.has(bridge));
  // Its conntrack zone is not known, so that taking it down could cut somebody else's connections.
  if (strange.length > 0)
    logger.warn({ bridges: strange }, 'bridges of this instance without a network in the database');
}
