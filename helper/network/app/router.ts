import { randomUUID } from 'node:crypto';
import { transaction, type Db } from '../../db/index.ts';
import { badRequest, conflict } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import { networkRules } from '../policy.ts';
import type { Route, RouterCreate, RouterUpdate } from '../schemas/router.ts';
import { schedule, unschedule } from '../store/agent.ts';
import { helpersOfRouters } from '../store/conntrack-helper.ts';
import {
  addressesOfRouter,
  gatewayAddresses,
  interfaceOwner,
  isInterface,
  portsOfRouter,
  routers,
  type RouterRow,
} from '../store/router.ts';
import { groupBy } from '../store/table.ts';
import { agentTakesWork, L3_AGENT } from './agent.ts';
import { checkAttributes, demand, isAdmin, ownRows, projectFor } from './caller.ts';
import type { Caller } from './context.ts';
import type { HaNetworks } from './ha-network.ts';
import { columns, listResources, standardColumns, tagFilters, type Listing } from './listing.ts';
import { badRouter, routerNotFound, type RouterContext } from './router-context.ts';
import { RouterGateway } from './router-gateway.ts';
import { checkRoutes } from './router-rules.ts';
import { routerView } from './router-view.ts';

const { text, flag } = columns;

const listing: Listing<RouterRow> = {
  table: routers,
  plural: 'routers',
  columns: {
    ...standardColumns,
    name: text('name'),
    status: text('status'),
    admin_state_up: flag('admin_state_up'),
    enable_snat: flag('enable_snat'),
    distributed: { ...flag('distributed'), unsorted: true },
    ha: { ...flag('ha'), unsorted: true },
    flavor_id: { ...text('NULL'), unsorted: true },
  },
  special: {
    ...tagFilters('router'),
    external_gateway_info: (values) => ({
      sql: 'gateway_network_id IN (SELECT value FROM json_each(?))',
      values: [JSON.stringify(values.map((value) => value.replace(/^network_id=/, '')))],
    }),
  },
};

export class RouterApp {
  readonly #context: RouterContext;
  readonly #gateway: RouterGateway;

  readonly #ha: HaNetworks;

  constructor(context: RouterContext, ha: HaNetworks) {
    this.#context = context;
    this.#ha = ha;
    this.#gateway = new RouterGateway(context);
  }

  /** @throws {CloudError} notFound for what the caller may not know of. */
  load(caller: Pick<Caller, 'auth'>, id: string): RouterRow {
    const row = routers.byId(this.#context.network.db, id);
    if (row === undefined || (!isAdmin(caller) && row.project_id !== caller.auth.projectId))
      throw routerNotFound(id);
    return row;
  }

  views(caller: Pick<Caller, 'auth'>, rows: readonly RouterRow[]) {
    const { db, config } = this.#context.network;
    const ids = rows.map((row) => row.id);
    const addresses = groupBy(gatewayAddresses(db, ids), (ip) => ip.device_id);
    const helpers = groupBy(helpersOfRouters(db, ids), (one) => one.router_id);
    const admin = isAdmin(caller);
    return rows.map((row) =>
      routerView(row, addresses.get(row.id) ?? [], helpers.get(row.id) ?? [], admin, config.availabilityZone),
    );
  }

  list(context: RequestContext): Record<string, unknown> {
    return listResources(this.#context.network.db, listing, context, ownRows(context), (rows) =>
      this.views(context, rows),
    );
  }

  create(caller: Caller, bodies: readonly RouterCreate[]): RouterRow[] {
    return transaction(this.#context.network.db, () => bodies.map((body) => this.#create(caller, body)));
  }

  #create(caller: Caller, body: RouterCreate): RouterRow {
    const { db, clock, config } = this.#context.network;
    const projectId = projectFor(caller, body);
    const target = { project_id: projectId };
    demand(caller, 'create_router', target);
    checkAttributes(caller, networkRules, 'create_router', body, target, { distributed: null, ha: null });
    this.#gateway.checkRights(caller, 'create_router', body.external_gateway_info, target);
    const zone = body.availability_zone_hints?.find((hint) => hint !== config.availabilityZone);
    if (zone !== undefined) {
      throw badRequest(`AvailabilityZone ${zone} could not be found.`, {
        type: 'AvailabilityZoneNotFound',
        status: 404,
      });
    }
    this.#context.quotas.check(db, projectId, 'router');
    const id = randomUUID();
    const now = clock();
    routers.insert(db, {
      id,
      project_id: projectId,
      name: body.name ?? '',
      description: body.description ?? '',
      admin_state_up: body.admin_state_up ?? true,
      status: 'BUILD',
      gateway_network_id: null,
      gateway_port_id: null,
      enable_snat: true,
      distributed: body.distributed ?? false,
      ha: body.ha ?? false,
      routes: '[]',
      availability_zone_hints: JSON.stringify(body.availability_zone_hints ?? []),
      tags: JSON.stringify(body.tags ?? []),
      created_at: now,
      updated_at: now,
      revision: 1,
    });
    if (!agentTakesWork(db, config, L3_AGENT)) unschedule(db, id);
    const row = routers.byId(db, id) as RouterRow;
    if (row.ha === 1) this.#ha.join(caller, row);
    this.#context.routerTasks.changed(id, caller);
    const info = body.external_gateway_info ?? null;
    return info === null ? row : routers.update(db, row, this.#gateway.set(caller, row, info));
  }

  update(caller: Caller, row: RouterRow, body: RouterUpdate): RouterRow {
    const target = { project_id: row.project_id, enable_snat: row.enable_snat === 1 };
    checkAttributes(caller, networkRules, 'update_router', body, target, {
      distributed: row.distributed === 1,
      ha: row.ha === 1,
    });
    this.#gateway.checkRights(caller, 'update_router', body.external_gateway_info, target);
    return this.#change(caller, row.id, (current) => ({
      name: body.name ?? current.name,
      description: body.description ?? current.description,
      admin_state_up: Number(body.admin_state_up ?? current.admin_state_up),
      ...this.#kind(caller, current, body),
      ...(body.external_gateway_info === undefined
        ? {}
        : this.#gateway.set(caller, current, body.external_gateway_info)),
      ...(body.routes === undefined ? {} : { routes: this.#routes(current, body.routes ?? []) }),
    }));
  }

  /**
   * Makes the router one of another kind; on one host that changes nothing of what it does.
   * @throws {CloudError} BadRequest while it is up, as neutron.
   */
  #kind(caller: Caller, current: RouterRow, body: RouterUpdate): Pick<RouterRow, 'distributed' | 'ha'> {
    const { db } = this.#context.network;
    const distributed = Number(body.distributed ?? current.distributed);
    const ha = Number(body.ha ?? current.ha);
    const down = !(body.admin_state_up ?? current.admin_state_up === 1);
    if (distributed !== current.distributed && (current.admin_state_up === 1 || !down)) {
      throw badRouter(
        "Cannot change the 'distributed' attribute of active routers. Please set router admin_state_up to False prior to upgrade",
      );
    }
    if (ha !== current.ha && !down) {
      throw badRouter(
        'Cannot change HA attribute of active routers. Please set router admin_state_up to False prior to upgrade',
      );
    }
    const kind = { distributed, ha };
    if (ha > current.ha) this.#ha.join(caller, current);
    if (ha < current.ha) this.#ha.leave(current);
    const owner = interfaceOwner(kind);
    if (owner !== interfaceOwner(current))
      for (const port of portsOfRouter(db, current.id))
        if (isInterface(port.device_owner)) this.#context.ports.update(port, { device_owner: owner });
    return kind;
  }

  /** What add_extraroutes and remove_extraroutes do: only the routes named change. */
  changeRoutes(caller: Caller, row: RouterRow, how: 'add' | 'remove', named: readonly Route[]): RouterRow {
    return this.#change(caller, row.id, (current) => {
      const old = JSON.parse(current.routes) as Route[];
      const same = (a: Route) => (b: Route) => a.destination === b.destination && a.nexthop === b.nexthop;
      const routes =
        how === 'add'
          ? [...old, ...named.filter((route) => !old.some(same(route)))]
          : old.filter((route) => !named.some(same(route)));
      return { routes: this.#routes(current, routes) };
    });
  }

  #routes(row: RouterRow, routes: readonly Route[]): string {
    if (routes.length === 0) return '[]';
    return JSON.stringify(checkRoutes(row.id, routes, addressesOfRouter(this.#context.network.db, row.id)));
  }

  #change(caller: Caller, id: string, work: (current: RouterRow) => Partial<RouterRow>): RouterRow {
    const { db, clock } = this.#context.network;
    return transaction(db, () => {
      const current = routers.byId(db, id);
      if (current === undefined) throw routerNotFound(id);
      const changes = work(current);
      const changed = routers.update(db, current, {
        ...changes,
        updated_at: clock(),
        revision: current.revision + 1,
      });
      this.#context.routerTasks.changed(id, caller);
      return changed;
    });
  }

  /** @throws {CloudError} RouterInUse while it has interfaces. */
  delete(caller: Caller, row: RouterRow): void {
    const { db } = this.#context.network;
    transaction(db, () => {
      const current = routers.byId(db, row.id);
      if (current === undefined) throw routerNotFound(row.id);
      if (addressesOfRouter(db, row.id).some((ip) => isInterface(ip.device_owner)))
        throw conflict(`Router ${row.id} still has ports`, { type: 'RouterInUse' });
      this.#gateway.set(caller, current, null);
      if (current.ha === 1) this.#ha.leave(current);
      schedule(db, row.id);
      routers.delete(db, row.id);
      this.#context.routerTasks.removed(row.id, caller);
    });
  }
}

/** The project of a router; S27 asks whose a device is. */
export const routerProject = (db: Db, id: string): string | undefined => routers.byId(db, id)?.project_id;
