import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, unavailable } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import { networkRules } from '../policy.ts';
import type { ProviderSegment } from '../schemas/segment.ts';
import type { NetworkCreate, NetworkUpdate } from '../schemas/network.ts';
import { schedule } from '../store/agent.ts';
import { scopesOfNetworks } from '../store/address-scope.ts';
import { defaultExternalNetwork } from '../store/auto-allocated.ts';
import { floatingIps, idleFloatingIps } from '../store/floating-ip.ts';
import { networks, placeColumns, releaseSegment, segments, takeNumber } from '../store/network.ts';
import { plugsOfNetwork, portsOfNetwork } from '../store/port.ts';
import { defaultQosPolicy } from '../store/qos.ts';
import { dropPolicies, dropPoliciesOf, openAmong } from '../store/rbac.ts';
import type { NetworkRow, NetworkType } from '../store/row.ts';
import { apiSegments, segmentsOf } from '../store/segment.ts';
import { subnetIdsOf, subnetsOf } from '../store/subnet.ts';
import { groupBy } from '../store/table.ts';
import { checkAttributes, demand, isAdmin, ownRows, projectFor } from './caller.ts';
import type { Caller, NetworkContext } from './context.ts';
import { columns, listResources, standardColumns, tagFilters, type Listing } from './listing.ts';
import { networkNotFound, type PortCore } from './port-core.ts';
import { checkNoGateways, closeToEverybody } from './network-sharing.ts';
import { chooseQosPolicy } from './qos-binding.ts';
import type { Quotas } from './quota.ts';
import { choosePlace, invalidInput, releasePlace, type Place } from './segment-place.ts';
import { ensureDefaultGroup } from './security-group-core.ts';
import { EXTERNAL, isOpenTo, maySee, openRows, openToEverybody, SHARED, sharedFilter } from './sharing.ts';
import { dropSubnet } from './subnet.ts';
import { checkMtu6 } from './subnet-rules.ts';
import { networkView } from './view.ts';

const { text, flag } = columns;

const listing: Listing<NetworkRow> = {
  table: networks,
  plural: 'networks',
  columns: {
    ...standardColumns,
    name: text('name'),
    status: text('status'),
    admin_state_up: flag('admin_state_up'),
    'router:external': flag('external'),
    is_default: flag('is_default'),
    mtu: { sql: 'mtu', type: 'integer' },
    port_security_enabled: flag('port_security_enabled'),
    dns_domain: text('dns_domain'),
    qos_policy_id: text('qos_policy_id'),
    'provider:network_type': text('network_type'),
    'provider:physical_network': text('physical_network'),
    'provider:segmentation_id': { sql: 'segmentation_id', type: 'integer' },
  },
  special: {
    ...tagFilters('network'),
    subnets: (values) => ({
      sql: 'EXISTS (SELECT 1 FROM subnet s WHERE s.network_id = network.id AND s.id IN (SELECT value FROM json_each(?)))',
      values: [JSON.stringify(values)],
    }),
  },
};

export class NetworkApp {
  readonly #context: NetworkContext;
  readonly #quotas: Quotas;
  readonly #ports: PortCore;

  constructor(context: NetworkContext, quotas: Quotas, ports: PortCore) {
    this.#context = context;
    this.#quotas = quotas;
    this.#ports = ports;
  }

  /** @throws {CloudError} notFound for what the caller may not know of. */
  load(caller: Pick<Caller, 'auth'>, id: string): NetworkRow {
    const { db } = this.#context;
    const row = networks.byId(db, id);
    if (row === undefined || (!isAdmin(caller) && !maySee(db, caller.auth, row))) throw networkNotFound(id);
    return row;
  }

  /** What policy looks at. */
  target(caller: Pick<Caller, 'auth'>, row: NetworkRow) {
    const { db } = this.#context;
    return {
      project_id: row.project_id,
      shared: isOpenTo(db, caller.auth, row.id),
      'router:external': isOpenTo(db, caller.auth, row.id, EXTERNAL),
    };
  }

  views(caller: Pick<Caller, 'auth'>, rows: readonly NetworkRow[]) {
    const { db, config } = this.#context;
    const subnets = groupBy(
      subnetIdsOf(
        db,
        rows.map((row) => row.id),
      ),
      (one) => one.network_id,
    );
    const ids = rows.map((row) => row.id);
    const shared = openAmong(db, SHARED, ids, caller.auth.projectId ?? '');
    const scopes = groupBy(scopesOfNetworks(db, ids), (one) => one.network_id);
    const scopeOf = (id: string, version: 4 | 6): string | null =>
      scopes.get(id)?.find((one) => one.ip_version === version)?.id ?? null;
    const admin = isAdmin(caller);
    const segmentsByNetwork = groupBy(admin ? segmentsOf(db, ids) : [], (one) => one.network_id);
    return rows.map((row) =>
      networkView(row, {
        subnetIds: subnets.get(row.id)?.map((one) => one.id) ?? [],
        shared: shared.has(row.id),
        admin,
        zone: config.availabilityZone,
        scopes: { 4: scopeOf(row.id, 4), 6: scopeOf(row.id, 6) },
        segments: segmentsByNetwork.get(row.id) ?? [],
      }),
    );
  }

  list(context: RequestContext): Record<string, unknown> {
    const { auth } = context;
    const open = openRows(auth, 'network', 'id', [SHARED, EXTERNAL]);
    const special = { ...listing.special, shared: sharedFilter(auth, 'network') };
    return listResources(this.#context.db, { ...listing, special }, context, ownRows(context, open), (rows) =>
      this.views(context, rows),
    );
  }

  create(caller: Caller, bodies: readonly NetworkCreate[]): NetworkRow[] {
    return transaction(this.#context.db, () => bodies.map((body) => this.#create(caller, body)));
  }

  #create(caller: Caller, body: NetworkCreate): NetworkRow {
    const { db, config, clock } = this.#context;
    const projectId = projectFor(caller, body);
    demand(caller, 'create_network', { project_id: projectId });
    checkAttributes(
      caller,
      networkRules,
      'create_network',
      body,
      { project_id: projectId },
      {
        shared: false,
        'router:external': false,
        is_default: false,
        'provider:network_type': null,
        'provider:physical_network': null,
        'provider:segmentation_id': null,
        segments: [],
      },
    );
    const zone = body.availability_zone_hints?.find((hint) => hint !== config.availabilityZone);
    if (zone !== undefined) {
      throw badRequest(`AvailabilityZone ${zone} could not be found.`, {
        type: 'AvailabilityZoneNotFound',
        status: 404,
      });
    }
    if (body['router:external'] === true && body.is_default === true) this.#checkNoDefault();
    // The cloud's own networks are nobody's: not counted, and without groups.
    if (projectId !== '') {
      this.#quotas.check(db, projectId, 'network');
      ensureDefaultGroup(this.#context, projectId);
    }
    const id = randomUUID();
    const places = this.#places(body);
    const [placed] = places;
    const largest = placed.type === 'vxlan' ? config.tunnelMtu : config.plainMtu;
    const now = clock();
    networks.insert(db, {
      id,
      project_id: projectId,
      name: body.name ?? '',
      description: body.description ?? '',
      admin_state_up: body.admin_state_up ?? true,
      status: 'ACTIVE',
      shared: body.shared ?? false,
      external: body['router:external'] ?? false,
      is_default: body.is_default ?? false,
      mtu: checkMtu(body.mtu, largest, placed.type),
      port_security_enabled: body.port_security_enabled ?? true,
      dns_domain: body.dns_domain ?? '',
      qos_policy_id:
        body.qos_policy_id === undefined
          ? (defaultQosPolicy(db, projectId)?.id ?? null)
          : chooseQosPolicy(db, caller, { kind: 'network', id }, null, body.qos_policy_id),
      availability_zone_hints: JSON.stringify(body.availability_zone_hints ?? []),
      network_type: placed.type,
      physical_network: placed.physical,
      segmentation_id: placed.number,
      tags: JSON.stringify(body.tags ?? []),
      created_at: now,
      updated_at: now,
      revision: 1,
    });
    this.#place(id, places);
    const object = { type: 'network', id, project_id: projectId };
    if (body.shared === true) openToEverybody(db, object);
    if (body['router:external'] === true) openToEverybody(db, object, EXTERNAL);
    return networks.byId(db, id) as NetworkRow;
  }

  /** Takes the segments, the first of them with its place on the host: bridge, tunnel, conntrack zone. */
  #place(id: string, places: readonly Place[]): void {
    const { db, clock } = this.#context;
    const [first] = places as readonly [Place];
    const zone = takeNumber(db, 'zone');
    if (zone === undefined)
      throw unavailable('Unable to create the network. No conntrack zone is free on this host.', {
        type: 'NoNetworkAvailable',
      });
    segments.insert(db, {
      network_id: id,
      ...placeColumns({
        network_type: first.type,
        physical_network: first.physical,
        segmentation_id: first.number,
      }),
      zone,
    });
    const now = clock();
    for (const place of places) {
      apiSegments.insert(db, {
        id: randomUUID(),
        network_id: id,
        description: '',
        network_type: place.type,
        physical_network: place.physical,
        segmentation_id: place.number,
        is_first: place === first,
        created_at: now,
        updated_at: now,
        revision: 1,
      });
    }
  }

  /** One segment, or those that `segments` names (multi-provider). */
  #places(body: NetworkCreate): readonly [Place, ...Place[]] {
    const asked = (one: ProviderSegment) => ({
      type: one['provider:network_type'] ?? undefined,
      physical: one['provider:physical_network'] ?? undefined,
      number: one['provider:segmentation_id'] ?? undefined,
    });
    const one = asked(body);
    const { segments: [first, ...others] = [] } = body;
    if (first === undefined) return [choosePlace(this.#context, one)];
    if (Object.values(one).some((value) => value !== undefined))
      throw badRequest('Segments and provider values cannot both be set.', {
        type: 'SegmentsSetInConjunctionWithProviders',
      });
    return [
      choosePlace(this.#context, asked(first)),
      ...others.map((other) => choosePlace(this.#context, asked(other))),
    ];
  }

  update(caller: Caller, row: NetworkRow, body: NetworkUpdate): NetworkRow {
    const { db, config, clock, tasks } = this.#context;
    const target = { project_id: row.project_id };
    checkAttributes(caller, networkRules, 'update_network', body, target, {
      shared: row.shared === 1,
      'router:external': row.external === 1,
      is_default: row.is_default === 1,
    });
    return transaction(db, () => {
      this.#share(row, body);
      if (body.is_default === true && row.external === 1) this.#checkNoDefault(row.id);
      const largest = row.network_type === 'vxlan' ? config.tunnelMtu : config.plainMtu;
      const changed = networks.update(db, row, {
        name: body.name ?? row.name,
        description: body.description ?? row.description,
        admin_state_up: Number(body.admin_state_up ?? row.admin_state_up),
        shared: Number(body.shared ?? row.shared),
        external: Number(body['router:external'] ?? row.external),
        is_default: Number(body.is_default ?? row.is_default),
        mtu: body.mtu === undefined ? row.mtu : checkMtu(body.mtu, largest, row.network_type),
        port_security_enabled: Number(body.port_security_enabled ?? row.port_security_enabled),
        dns_domain: body.dns_domain ?? row.dns_domain,
        qos_policy_id: chooseQosPolicy(
          db,
          caller,
          { kind: 'network', id: row.id },
          row.qos_policy_id,
          body.qos_policy_id,
        ),
        updated_at: clock(),
        revision: row.revision + 1,
      });
      if (changed.qos_policy_id !== row.qos_policy_id) this.#limitPorts(row.id);
      if (changed.mtu < row.mtu && subnetsOf(db, row.id).some((subnet) => subnet.ip_version === 6))
        checkMtu6(changed.mtu);
      const told = changed.mtu !== row.mtu || changed.dns_domain !== row.dns_domain;
      if (told && subnetsOf(db, row.id).length > 0) tasks.provision(row.id);
      return changed;
    });
  }

  /** Routers are led to one network where nobody chose one. */
  #checkNoDefault(networkId?: string): void {
    const there = defaultExternalNetwork(this.#context.db);
    if (there === undefined || there === networkId) return;
    throw conflict(`A default external network already exists: ${there}.`, {
      type: 'DefaultExternalNetworkExists',
    });
  }

  #limitPorts(networkId: string): void {
    const { db, tasks } = this.#context;
    const portIds = plugsOfNetwork(db, networkId).map((plug) => plug.port_id);
    if (portIds.length > 0) tasks.portsChanged({ networkId, portIds, groupIds: [] });
  }

  /** `shared` and `router:external` are the policies to '*'. */
  #share(row: NetworkRow, body: NetworkUpdate): void {
    const { db } = this.#context;
    const object = { type: 'network', id: row.id, project_id: row.project_id };
    if (body.shared === true && row.shared === 0) openToEverybody(db, object);
    if (body.shared === false && row.shared === 1) closeToEverybody(db, row);
    if (body['router:external'] === true && row.external === 0) openToEverybody(db, object, EXTERNAL);
    if (body['router:external'] === false && row.external === 1) {
      checkNoGateways(db, row.id);
      dropPolicies(db, row.id, EXTERNAL);
    }
  }

  /** @throws {CloudError} NetworkInUse while ports other than the DHCP server's are on it. */
  delete(row: NetworkRow): void {
    const { db, config, tasks } = this.#context;
    transaction(db, () => {
      // Floating IPs that lead nowhere go with the network, as in neutron.
      const idle = new Set(idleFloatingIps(db, row.id).map((one) => one.floating_port_id));
      const ports = portsOfNetwork(db, row.id);
      if (ports.some((port) => port.device_owner !== 'network:dhcp' && !idle.has(port.id))) {
        throw conflict(
          `Unable to complete operation on network ${row.id}. There are one or more ports still in use on the network.`,
          { type: 'NetworkInUse' },
        );
      }
      for (const one of idleFloatingIps(db, row.id)) floatingIps.delete(db, one.id);
      for (const port of ports) this.#ports.delete(port);
      for (const subnet of subnetsOf(db, row.id)) dropSubnet(db, subnet);
      for (const segment of segmentsOf(db, [row.id]))
        if (segment.is_first === 0) releasePlace(db, config, segment);
      dropPoliciesOf(db, row.id);
      schedule(db, row.id);
      networks.delete(db, row.id);
      releaseSegment(db, row.id);
      tasks.remove(row.id);
    });
  }
}

/** IPv4 needs at least 68 bytes; 0 and null mean the largest that the network can carry. */
function checkMtu(
  given: number | string | null | undefined,
  largest: number,
  type: NetworkType | '',
): number {
  const asked = Number(given ?? 0);
  if (asked === 0) return largest;
  if (asked < 68) throw invalidInput(`Invalid MTU ${asked}: the minimum is 68`);
  if (asked > largest)
    throw invalidInput(`Requested MTU is too big, maximum is ${largest} for a ${type} network`);
  return asked;
}
