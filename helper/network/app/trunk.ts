import { randomUUID } from 'node:crypto';
import { transaction, type Db } from '../../db/index.ts';
import { badRequest, conflict, notFound, unavailable } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import type { SubportAsked, TrunkCreate, TrunkUpdate } from '../schemas/trunk.ts';
import { networks, takeNumber } from '../store/network.ts';
import { forgetPlug, plugs, ports } from '../store/port.ts';
import type { PortRow } from '../store/row.ts';
import { groupBy } from '../store/table.ts';
import {
  bindSubport,
  subports,
  subportsOf,
  trunks,
  trunksOfPorts,
  type SubportRow,
  type TrunkRow,
} from '../store/trunk.ts';
import { demand, isAdmin, ownRows, projectFor } from './caller.ts';
import type { Caller, NetworkContext } from './context.ts';
import { columns, listResources, standardColumns, tagFilters, type Listing } from './listing.ts';
import { portNotFound } from './port.ts';
import type { Quotas } from './quota.ts';
import { inUse, subportView } from './trunk-details.ts';
import { timeText } from './view.ts';

const { text, flag } = columns;

const listing: Listing<TrunkRow> = {
  table: trunks,
  plural: 'trunks',
  columns: {
    ...standardColumns,
    name: text('name'),
    admin_state_up: flag('admin_state_up'),
    port_id: text('port_id'),
    status: text('status'),
  },
  special: tagFilters('trunk'),
};

const trunkNotFound = (id: string): Error =>
  notFound(`Trunk ${id} could not be found.`, { type: 'TrunkNotFound' });

const invalidInput = (message: string): Error =>
  badRequest(`Invalid input for operation: ${message}.`, { type: 'InvalidInput' });

/** What the host has to do for a trunk, queued in the transaction that writes the rows. */
export interface TrunkTasks {
  changed(trunkId: string, gone: readonly { readonly portId: string; readonly networkId: string }[]): void;
}

/** https://docs.openstack.org/api-ref/network/v2/#trunk-networking */
export class TrunkApp {
  readonly #context: NetworkContext;
  readonly #quotas: Quotas;
  readonly #tasks: TrunkTasks;

  constructor(context: NetworkContext, quotas: Quotas, tasks: TrunkTasks) {
    this.#context = context;
    this.#quotas = quotas;
    this.#tasks = tasks;
  }

  load(caller: Pick<Caller, 'auth'>, id: string): TrunkRow {
    const row = trunks.byId(this.#context.db, id);
    if (row === undefined || (!isAdmin(caller) && row.project_id !== caller.auth.projectId))
      throw trunkNotFound(id);
    return row;
  }

  views(rows: readonly TrunkRow[]) {
    const members = groupBy(
      subportsOf(
        this.#context.db,
        rows.map((row) => row.id),
      ),
      (one) => one.trunk_id,
    );
    return rows.map((row) => ({
      id: row.id,
      project_id: row.project_id,
      tenant_id: row.project_id,
      name: row.name,
      description: row.description,
      admin_state_up: row.admin_state_up === 1,
      port_id: row.port_id,
      status: row.status,
      sub_ports: (members.get(row.id) ?? []).map(subportView),
      tags: JSON.parse(row.tags) as string[],
      created_at: timeText(row.created_at),
      updated_at: timeText(row.updated_at),
      revision_number: row.revision,
    }));
  }

  subports(row: TrunkRow) {
    return { sub_ports: subportsOf(this.#context.db, [row.id]).map(subportView) };
  }

  list(context: RequestContext): Record<string, unknown> {
    return listResources(this.#context.db, listing, context, ownRows(context), (rows) => this.views(rows));
  }

  create(caller: Caller, bodies: readonly TrunkCreate[]): TrunkRow[] {
    return transaction(this.#context.db, () => bodies.map((body) => this.#create(caller, body)));
  }

  #create(caller: Caller, body: TrunkCreate): TrunkRow {
    const { db, clock } = this.#context;
    const projectId = projectFor(caller, body);
    demand(caller, 'create_trunk', { project_id: projectId });
    const asked = complete(this.#context.db, caller, body.sub_ports ?? []);
    this.#quotas.check(db, projectId, 'trunk');
    const parent = this.#port(caller, body.port_id);
    this.#checkFree(parent.id);
    if (parent.binding_host !== '') throw parentInUse(parent.id);
    const id = randomUUID();
    const now = clock();
    trunks.insert(db, {
      id,
      project_id: projectId,
      name: body.name ?? '',
      description: body.description ?? '',
      admin_state_up: body.admin_state_up ?? true,
      port_id: parent.id,
      status: 'DOWN',
      tags: JSON.stringify(body.tags ?? []),
      created_at: now,
      updated_at: now,
      revision: 1,
    });
    const row = trunks.byId(db, id) as TrunkRow;
    this.#add(caller, row, parent, asked);
    return row;
  }

  update(row: TrunkRow, body: TrunkUpdate): TrunkRow {
    return transaction(this.#context.db, () => {
      const current = trunks.byId(this.#context.db, row.id);
      if (current === undefined) throw trunkNotFound(row.id);
      const changed = this.#write(current, {
        name: body.name ?? current.name,
        description: body.description ?? current.description,
        admin_state_up: Number(body.admin_state_up ?? current.admin_state_up),
      });
      if (changed.admin_state_up !== current.admin_state_up) this.#tasks.changed(row.id, []);
      return changed;
    });
  }

  /** @throws {CloudError} TrunkDisabled; TrunkInUse while its port is a server's. */
  delete(row: TrunkRow): void {
    const { db } = this.#context;
    transaction(db, () => {
      const current = this.#manageable(row.id);
      if (ports.byId(db, current.port_id)?.binding_host !== '')
        throw inUse('TrunkInUse', `Trunk ${row.id} is currently in use.`);
      for (const subport of subportsOf(db, [row.id])) this.#release(subport);
      trunks.delete(db, row.id);
    });
  }

  addSubports(caller: Caller, row: TrunkRow, asked: readonly SubportAsked[]): TrunkRow {
    const { db } = this.#context;
    return transaction(db, () => {
      const current = this.#manageable(row.id);
      const parent = ports.byId(db, current.port_id);
      if (parent === undefined) throw portNotFound(current.port_id);
      this.#add(caller, current, parent, complete(this.#context.db, caller, asked));
      this.#tasks.changed(row.id, []);
      return this.#write(current, {});
    });
  }

  removeSubports(row: TrunkRow, asked: readonly SubportAsked[]): TrunkRow {
    const { db } = this.#context;
    return transaction(db, () => {
      const current = this.#manageable(row.id);
      const gone = asked.map(({ port_id: portId = '' }) => {
        const subport = subports.byId(db, portId);
        if (subport?.trunk_id !== row.id) {
          throw notFound(`SubPort ${portId} on trunk ${row.id} could not be found.`, {
            type: 'SubPortNotFound',
          });
        }
        const networkId = ports.byId(db, portId)?.network_id ?? '';
        return { portId, networkId, plugged: this.#release(subport) };
      });
      const left = gone.filter((one) => one.plugged);
      if (left.length > 0) this.#tasks.changed(row.id, left);
      return this.#write(current, {});
    });
  }

  #write(row: TrunkRow, changes: Partial<TrunkRow>): TrunkRow {
    const { db, clock } = this.#context;
    return trunks.update(db, row, { ...changes, updated_at: clock(), revision: row.revision + 1 });
  }

  #manageable(id: string): TrunkRow {
    const row = trunks.byId(this.#context.db, id);
    if (row === undefined) throw trunkNotFound(id);
    if (row.admin_state_up !== 1) throw inUse('TrunkDisabled', `Trunk ${id} is currently disabled.`);
    return row;
  }

  #port(caller: Pick<Caller, 'auth'>, id: string): PortRow {
    const port = ports.byId(this.#context.db, id);
    if (port === undefined || (!isAdmin(caller) && port.project_id !== caller.auth.projectId))
      throw portNotFound(id);
    return port;
  }

  #checkFree(portId: string): void {
    const { db } = this.#context;
    if (subports.byId(db, portId) !== undefined)
      throw inUse('TrunkPortInUse', `Port ${portId} is in use by another trunk.`);
    if (trunksOfPorts(db, [portId]).length > 0) throw parentInUse(portId);
  }

  #add(caller: Caller, trunk: TrunkRow, parent: PortRow, asked: readonly Complete[]): void {
    const { db } = this.#context;
    const mtu = networks.byId(db, parent.network_id)?.mtu ?? 0;
    const taken = new Set(subportsOf(db, [trunk.id]).map((one) => one.segmentation_id));
    for (const { port_id: portId, segmentation_id: id } of asked) {
      if (portId === parent.id) throw parentInUse(portId);
      const port = this.#port(caller, portId);
      const own = networks.byId(db, port.network_id)?.mtu ?? 0;
      if (own > mtu) {
        throw conflict(
          `MTU ${own} of subport ${portId} cannot be greater than MTU ${mtu} of trunk ${parent.id}.`,
          { type: 'SubPortMtuGreaterThanTrunkPortMtu' },
        );
      }
      this.#checkFree(portId);
      if (port.device_id !== '')
        throw inUse(
          'PortInUse',
          `Unable to complete operation on port ${portId} for network ${port.network_id}. Port already has an attached device ${port.device_id}.`,
        );
      if (taken.has(id)) {
        throw inUse(
          'DuplicateSubPort',
          `segmentation_type vlan and segmentation_id ${id} already in use on trunk ${trunk.id}.`,
        );
      }
      taken.add(id);
      subports.insert(db, {
        port_id: portId,
        trunk_id: trunk.id,
        segmentation_type: 'vlan',
        segmentation_id: id,
      });
      reservePlug(db, port);
    }
  }

  /** True when the host has (or may have) something of it. */
  #release(subport: SubportRow): boolean {
    const { db } = this.#context;
    subports.delete(db, subport.port_id);
    bindSubport(db, subport.port_id, '');
    const plug = plugs.byId(db, subport.port_id);
    if (plug === undefined) return false;
    if (plug.plugged !== 0) return true;
    forgetPlug(db, plug);
    return false;
  }
}

function reservePlug(db: Db, port: PortRow): void {
  if (plugs.byId(db, port.id) !== undefined) return;
  const mark = takeNumber(db, 'mark');
  if (mark === undefined)
    throw unavailable('This host has no room for another port: 65535 are plugged.', {
      type: 'HostPortsExhausted',
    });
  plugs.insert(db, { port_id: port.id, network_id: port.network_id, mark });
}

interface Complete {
  readonly port_id: string;
  readonly segmentation_id: number;
}

/** 'inherit': the tag is that of the port's network, which is a VLAN. */
function inheritedTag(db: Db, caller: Pick<Caller, 'auth'>, portId: string): number {
  const port = ports.byId(db, portId);
  if (port === undefined || (!isAdmin(caller) && port.project_id !== caller.auth.projectId))
    throw portNotFound(portId);
  const network = networks.byId(db, port.network_id);
  if (network?.network_type !== 'vlan' || network.segmentation_id === null)
    throw invalidInput(`Cannot accept segmentation type ${network?.network_type ?? 'inherit'}`);
  return network.segmentation_id;
}

/** neutron's checks of the list itself. */
function complete(db: Db, caller: Pick<Caller, 'auth'>, asked: readonly SubportAsked[]): Complete[] {
  const list = asked.map((one) => {
    const { port_id, segmentation_type: type, segmentation_id } = one;
    if (port_id === undefined || !/^[0-9a-f-]{36}$/i.test(port_id))
      throw invalidInput(`Invalid subport details '${JSON.stringify(one)}': port_id is missing or no UUID`);
    if (type === 'inherit') return { port_id, segmentation_id: inheritedTag(db, caller, port_id) };
    if (type === undefined || segmentation_id === undefined) {
      throw invalidInput(
        `Invalid subport details '${JSON.stringify(one)}': missing segmentation information. Must specify both segmentation_id and segmentation_type`,
      );
    }
    if (type !== 'vlan') throw invalidInput(`Unknown segmentation_type '${type}'`);
    const id = Number(segmentation_id);
    if (!Number.isInteger(id) || id < 1 || id > 4094)
      throw invalidInput(`Segmentation ID '${segmentation_id}' is not in range`);
    return { port_id, segmentation_id: id };
  });
  for (const key of ['port_id', 'segmentation_id'] as const) {
    if (new Set(list.map((one) => one[key])).size < list.length)
      throw invalidInput(`Duplicate values of ${key} in the list of subports`);
  }
  return list;
}

const parentInUse = (portId: string): Error =>
  inUse(
    'ParentPortInUse',
    `Port ${portId} is currently in use and is not eligible for use as a parent port.`,
  );
