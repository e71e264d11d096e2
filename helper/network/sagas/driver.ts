import { transaction } from '../../db/index.ts';
import { tapName } from '../../host/net/names.ts';
import { tapSpec } from '../host-state.ts';
import { isLimited } from '../qos-state.ts';
import { networks, segments } from '../store/network.ts';
import {
  allPlugs,
  forgetPlug,
  groupsOfPorts,
  markGoing,
  plugs,
  plugsOfNetwork,
  ports,
  portsOfDevice,
  setPortStatus,
} from '../store/port.ts';
import type { PlugRow } from '../store/row.ts';
import { groups, pluggedPortsOfGroups, remoteGroupsAmong } from '../store/security-group.ts';
import { groupBy } from '../store/table.ts';
import { bindSubport, setTrunkStatus, subports, subportsOf, trunks, trunksOfPorts } from '../store/trunk.ts';
import { NetworkPlaces } from './network-places.ts';
import { filtersOf, liveNetwork, membersOf, type PlugState } from './rows.ts';

/**
 * Brings the host to what the rows say, at the moment of the call; every method may be repeated. Networks are
 * {@link NetworkPlaces}'s; here are the ports on them. Work on one network is done one after
 * another. Rows are read in the same breath as the host is told, so that a later change is never overtaken by an
 * earlier one (R26).
 */
export class NetworkDriver extends NetworkPlaces {
  /** Takes away what a deleted network had: listeners, DHCP, guests' devices, bridge, tunnel, connections (R23). */
  removeNetwork(networkId: string): Promise<void> {
    return this.mutex.run(networkId, async () => {
      const left = plugsOfNetwork(this.deps.db, networkId).map((plug) => plug.port_id);
      if (left.length > 0) await this.#unplug(networkId, left);
      await this.takeDown(networkId);
    });
  }

  /** Filters first, then taps (S26); DHCP entries meanwhile. Networks that are known to be there are not looked at again. */
  async plugServer(serverId: string, signal?: AbortSignal): Promise<void> {
    const { db } = this.deps;
    const byNetwork = groupBy(portsOfDevice(db, serverId), (port) => port.network_id);
    await Promise.all(
      [...byNetwork].map(([networkId, rows]) =>
        this.#plugOn(
          networkId,
          rows.map((row) => row.id),
          signal,
        ),
      ),
    );
    const parents = [...byNetwork.values()].flat().map((row) => row.id);
    for (const trunk of trunksOfPorts(db, parents)) await this.applyTrunk(trunk.id);
  }

  #plugOn(networkId: string, portIds: readonly string[], signal?: AbortSignal): Promise<void> {
    return this.mutex.run(networkId, async () => {
      signal?.throwIfAborted();
      const known = this.isReady(networkId);
      if (!known) await this.ensureAll(networkId);
      try {
        await this.#plug(networkId, portIds);
      } catch (error) {
        // Somebody may have taken the bridge away since it was seen.
        if (!known) throw error;
        await this.ensureAll(networkId);
        await this.#plug(networkId, portIds);
      }
    });
  }

  async #plug(networkId: string, portIds: readonly string[]): Promise<void> {
    const { db, host, config } = this.deps;
    const live = liveNetwork(db, networkId);
    if (live === undefined && networks.byId(db, networkId) !== undefined) {
      throw new Error(
        `Binding failed for port ${portIds.join(', ')}: network ${networkId} has no segment. An administrator can add one (POST /v2.0/segments).`,
      );
    }
    if (live === undefined) return;
    const states = this.#markPlugged(portIds);
    const here = states.map((state) => state.port.id);
    const taps = async (): Promise<void> => {
      await host.firewall.apply(filtersOf(db, config, here).change);
      for (const state of states) {
        const vlan = this.#vlanOf(state.port.id);
        await host.link.ensureTap(tapSpec(config, live.segment, live.network, state.port, vlan));
        await this.#shape(state);
      }
    };
    const [served] = await Promise.all([this.updateHosts(networkId), taps()]);
    // Its DHCP server has died (R20): the guest would get no address.
    if (!served) await this.ensureAll(networkId);
    transaction(
      db,
      () => {
        for (const portId of here) setPortStatus(db, portId, 'ACTIVE');
      },
      { durable: false },
    );
  }

  /** For a subport: its trunk's tap and tag. */
  #vlanOf(portId: string): { readonly parent: string; readonly id: number } | undefined {
    const { db } = this.deps;
    const subport = subports.byId(db, portId);
    const trunk = subport === undefined ? undefined : trunks.byId(db, subport.trunk_id);
    if (subport === undefined || trunk === undefined) return undefined;
    return { parent: tapName(trunk.port_id), id: subport.segmentation_id };
  }

  /**
   * The subports of a trunk whose port is on the host: made, or taken away while it is administratively down.
   * @throws when the host cannot make them; the trunk is DEGRADED then, its own port works.
   */
  async applyTrunk(trunkId: string): Promise<void> {
    const { db, config } = this.deps;
    const trunk = trunks.byId(db, trunkId);
    if (trunk === undefined || plugs.byId(db, trunk.port_id)?.plugged !== 1) return;
    const rows = ports.byIds(
      db,
      subportsOf(db, [trunkId]).map((one) => one.port_id),
    );
    if (trunk.admin_state_up !== 1) {
      await this.unplug(rows.map((row) => ({ portId: row.id, networkId: row.network_id })));
      setTrunkStatus(db, trunkId, 'DOWN');
      return;
    }
    try {
      for (const [networkId, list] of groupBy(rows, (row) => row.network_id))
        await this.#plugOn(
          networkId,
          list.map((row) => row.id),
        );
    } catch (error) {
      setTrunkStatus(db, trunkId, 'DEGRADED');
      throw error;
    }
    transaction(db, () => {
      for (const row of rows) bindSubport(db, row.id, config.hostName);
      setTrunkStatus(db, trunkId, 'ACTIVE');
    });
  }

  /** Looks only where there is, or may be, a limit. */
  async #shape({ port, plug, shaping }: PlugState): Promise<void> {
    const { db, host } = this.deps;
    const limited = isLimited(shaping);
    if (!limited && plug.shaped === 0) return;
    await host.link.shapeTap(tapName(port.id), shaping);
    const row = limited ? undefined : plugs.byId(db, port.id);
    if (row !== undefined) plugs.update(db, row, { shaped: 0 });
  }

  /** Says before the host is touched that it may have the ports, so that rule changes reach them and nothing is lost. */
  #markPlugged(portIds: readonly string[]): PlugState[] {
    const { db, config } = this.deps;
    return transaction(
      db,
      () => {
        const { states, filters } = filtersOf(db, config, portIds);
        const memberships = groupBy(groupsOfPorts(db, portIds), (one) => one.port_id);
        for (const { plug, shaping } of states) {
          if (plug.released === 1) continue;
          const filter = filters.find((one) => one.portId === plug.port_id);
          plugs.update(db, plug, {
            plugged: 1,
            shaped: isLimited(shaping) ? 1 : plug.shaped,
            addresses: JSON.stringify(filter?.fixedIps ?? []),
            groups: JSON.stringify((memberships.get(plug.port_id) ?? []).map((one) => one.security_group_id)),
          });
        }
        return states;
      },
      { durable: false },
    );
  }

  async unplugServer(serverId: string): Promise<void> {
    await this.unplug(
      portsOfDevice(this.deps.db, serverId).map((row) => ({ portId: row.id, networkId: row.network_id })),
    );
  }

  /** Takes ports off the host, whether their rows are there or not. */
  async unplug(ported: readonly { readonly portId: string; readonly networkId: string }[]): Promise<void> {
    await this.#unplugSubports(ported.map((one) => one.portId));
    const byNetwork = groupBy(ported, (one) => one.networkId);
    await Promise.all(
      [...byNetwork].map(([networkId, list]) =>
        this.mutex.run(networkId, () =>
          this.#unplug(
            networkId,
            list.map((one) => one.portId),
          ),
        ),
      ),
    );
  }

  /** What is in a trunk goes with its parent. */
  async #unplugSubports(portIds: readonly string[]): Promise<void> {
    const { db } = this.deps;
    for (const trunk of trunksOfPorts(db, portIds)) {
      const rows = ports.byIds(
        db,
        subportsOf(db, [trunk.id]).map((one) => one.port_id),
      );
      await this.unplug(rows.map((row) => ({ portId: row.id, networkId: row.network_id })));
      transaction(db, () => {
        for (const row of rows) bindSubport(db, row.id, '');
        setTrunkStatus(db, trunk.id, 'DOWN');
      });
    }
  }

  async #unplug(networkId: string, portIds: readonly string[]): Promise<void> {
    const { db, host } = this.deps;
    markGoing(db, portIds);
    const rows = plugs.byIds(db, portIds);
    const segment = segments.byId(db, networkId);
    for (const portId of portIds) await host.link.removeTap(tapName(portId));
    const left = new Set([
      ...rows.flatMap((row) => JSON.parse(row.groups) as string[]),
      ...groupsOfPorts(db, portIds).map((one) => one.security_group_id),
    ]);
    const members = membersOf(db, remoteGroupsAmong(db, [...left]));
    await host.firewall.apply({ removePorts: portIds, groups: members });
    await this.updateHosts(networkId);
    await this.#flush(
      segment?.zone,
      rows.flatMap((row) => JSON.parse(row.addresses) as string[]),
    );
    transaction(db, () => {
      for (const row of plugs.byIds(db, portIds)) this.#unplugged(row);
    });
  }

  #unplugged(row: PlugRow): void {
    const { db } = this.deps;
    if (row.released === 1 || ports.byId(db, row.port_id) === undefined) {
      forgetPlug(db, row);
      return;
    }
    plugs.update(db, row, { plugged: 0, addresses: '[]' });
    setPortStatus(db, row.port_id, 'DOWN');
  }

  async #flush(zone: number | undefined, addresses: readonly string[]): Promise<void> {
    if (zone === undefined || addresses.length === 0) return;
    await this.deps.host.conntrack.flush({ zone, addresses });
  }

  /** Ports and members of groups changed: filters, sets, DHCP entries, connections of addresses that are gone. */
  updatePorts(networkId: string, portIds: readonly string[], groupIds: readonly string[]): Promise<void> {
    return this.mutex.run(networkId, async () => {
      const { db, host, config } = this.deps;
      const rows = plugs.byIds(db, portIds);
      const gone = rows.filter((row) => row.released === 1).map((row) => row.port_id);
      if (gone.length > 0) await this.#unplug(networkId, gone);
      const plugged = rows.filter((row) => row.released === 0 && row.plugged === 1);
      const old = plugged.flatMap((row) => JSON.parse(row.addresses) as string[]);
      const ids = plugged.map((row) => row.port_id);
      const states = this.#markPlugged(ids);
      const { change, filters } = filtersOf(db, config, ids);
      const told = new Set((change.groups ?? []).map((group) => group.groupId));
      const others = remoteGroupsAmong(db, groupIds).filter((id) => !told.has(id));
      const members = [...(change.groups ?? []), ...membersOf(db, others)];
      if (filters.length > 0 || members.length > 0)
        await host.firewall.apply({ ports: filters, groups: members });
      for (const state of states) await this.#shape(state);
      await this.updateHosts(networkId);
      const now = new Set(filters.flatMap((filter) => filter.fixedIps));
      await this.#flush(
        segments.byId(db, networkId)?.zone,
        old.filter((address) => !now.has(address)),
      );
    });
  }

  /** Rules of groups changed: all ports that use them, in one change. */
  async updateGroups(groupIds: readonly string[]): Promise<void> {
    const { db, host, config } = this.deps;
    const portIds = pluggedPortsOfGroups(db, groupIds);
    const { change } = filtersOf(db, config, portIds);
    const existing = new Set(groups.byIds(db, groupIds).map((group) => group.id));
    const removeGroups = groupIds.filter((id) => !existing.has(id));
    if (portIds.length > 0 || removeGroups.length > 0)
      await host.firewall.apply({ ...change, ...(removeGroups.length > 0 ? { removeGroups } : {}) });
  }

  /**
   * After a start: filters of the ports that are there as the rows say now; a port whose tap went with a restart of
   * the host is down until its server is started (which plugs it again).
   */
  async adoptPorts(): Promise<void> {
    const { db, host, config } = this.deps;
    const rows = allPlugs(db);
    await this.unplug(
      rows
        .filter((row) => row.released === 1 || row.plugged === 2)
        .map((row) => ({ portId: row.port_id, networkId: row.network_id })),
    );
    const live = groupBy(
      rows.filter((row) => row.released === 0 && row.plugged === 1),
      (row) => row.network_id,
    );
    for (const [networkId, list] of live)
      await this.mutex.run(networkId, () => this.#dropLost(list.map((row) => row.port_id)));
    const here = allPlugs(db).filter((row) => row.released === 0 && row.plugged === 1);
    if (here.length === 0) return;
    const { change, states } = filtersOf(
      db,
      config,
      here.map((row) => row.port_id),
    );
    await host.firewall.apply(change);
    for (const state of states) await this.#shape(state);
  }

  async #dropLost(portIds: readonly string[]): Promise<void> {
    const { db, host } = this.deps;
    const lost: string[] = [];
    for (const portId of portIds) if (!(await host.link.tapExists(tapName(portId)))) lost.push(portId);
    if (lost.length === 0) return;
    transaction(db, () => {
      for (const row of plugs.byIds(db, lost)) this.#unplugged(row);
    });
  }
}
