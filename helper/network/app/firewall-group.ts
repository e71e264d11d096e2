import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { conflict, notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import { networkRules } from '../policy.ts';
import type { FirewallGroupCreate, FirewallGroupUpdate } from '../schemas/firewall.ts';
import {
  defaultFirewallGroup,
  firewallGroups,
  firewallGroupsEmptied,
  firewallGroupsOfPorts,
  firewallPolicies,
  groupsOfPolicies,
  portsOfFirewallGroups,
  routersOfPorts,
  setFirewallGroupPorts,
  type FirewallGroupRow,
} from '../store/firewall.ts';
import { ports } from '../store/port.ts';
import { isInterface } from '../store/router.ts';
import type { PortRow } from '../store/row.ts';
import { groupBy } from '../store/table.ts';
import { checkAttributes, demand, isAdmin, projectFor } from './caller.ts';
import type { Caller } from './context.ts';
import {
  commonView,
  DEFAULT_GROUP,
  firewallColumns,
  fixedDefault,
  groupNotFound,
  maySee,
  nameTaken,
  policyNotFound,
  sharedRows,
} from './firewall-common.ts';
import { makeDefaultGroup, removeDefaultPolicies } from './firewall-default.ts';
import { columns, listResources, type Listing } from './listing.ts';
import type { PortObserver } from './port-core.ts';
import { portNotFound } from './port.ts';
import type { Asker, RouterContext } from './router-context.ts';

const { text, flag } = columns;

const listing: Listing<FirewallGroupRow> = {
  table: firewallGroups,
  plural: 'firewall_groups',
  columns: {
    ...firewallColumns,
    admin_state_up: flag('admin_state_up'),
    status: text('status'),
    ingress_firewall_policy_id: text('ingress_firewall_policy_id'),
    egress_firewall_policy_id: text('egress_firewall_policy_id'),
  },
  special: {
    ports: (values) => ({
      sql: 'id IN (SELECT firewall_group_id FROM firewall_group_port WHERE port_id IN (SELECT value FROM json_each(?)))',
      values: [JSON.stringify(values)],
    }),
  },
};

/** What rules and policies tell the groups. */
export interface FirewallEffects {
  /** Makes the project's default group where it has none yet. */
  ensureDefault(projectId: string | undefined): void;
  /** In the transaction that changes them. */
  policiesChanged(policyIds: readonly string[], asker?: Asker): void;
}

/** Firewall groups: policies at the interfaces of routers. */
export class FirewallGroupApp implements PortObserver, FirewallEffects {
  readonly #context: RouterContext;

  constructor(context: RouterContext) {
    this.#context = context;
  }

  load(caller: Pick<Caller, 'auth'>, id: string): FirewallGroupRow {
    const row = firewallGroups.byId(this.#context.network.db, id);
    if (row === undefined || !maySee(caller, row)) throw groupNotFound(id);
    return row;
  }

  views(rows: readonly FirewallGroupRow[]) {
    const ids = rows.map((row) => row.id);
    const members = groupBy(
      portsOfFirewallGroups(this.#context.network.db, ids),
      (one) => one.firewall_group_id,
    );
    return rows.map((row) => ({
      ...commonView(row),
      admin_state_up: row.admin_state_up === 1,
      status: row.status,
      ports: (members.get(row.id) ?? []).map((one) => one.port_id),
      ingress_firewall_policy_id: row.ingress_firewall_policy_id,
      egress_firewall_policy_id: row.egress_firewall_policy_id,
    }));
  }

  list(context: RequestContext): Record<string, unknown> {
    this.ensureDefault(context.auth.projectId);
    return listResources(this.#context.network.db, listing, context, sharedRows(context), (rows) =>
      this.views(rows),
    );
  }

  ensureDefault(projectId: string | undefined): void {
    const { db, clock } = this.#context.network;
    if (projectId === undefined || defaultFirewallGroup(db, projectId) !== undefined) return;
    transaction(db, () => {
      if (defaultFirewallGroup(db, projectId) === undefined) makeDefaultGroup(db, projectId, clock());
    });
  }

  create(caller: Caller, bodies: readonly FirewallGroupCreate[]): FirewallGroupRow[] {
    return transaction(this.#context.network.db, () => bodies.map((body) => this.#create(caller, body)));
  }

  #create(caller: Caller, body: FirewallGroupCreate): FirewallGroupRow {
    const { db, clock } = this.#context.network;
    const projectId = projectFor(caller, body);
    const target = { project_id: projectId };
    demand(caller, 'create_firewall_group', target);
    checkAttributes(caller, networkRules, 'create_firewall_group', body, target, { shared: false });
    if (body.name === DEFAULT_GROUP) throw nameTaken('Group', DEFAULT_GROUP);
    this.ensureDefault(projectId);
    this.#context.quotas.check(db, projectId, 'firewall_group');
    const policies = {
      ingress_firewall_policy_id: body.ingress_firewall_policy_id ?? null,
      egress_firewall_policy_id: body.egress_firewall_policy_id ?? null,
    };
    this.#checkPolicies(projectId, Object.values(policies));
    const portIds = this.#checkPorts(caller, undefined, body.ports ?? []);
    const id = randomUUID();
    const now = clock();
    firewallGroups.insert(db, {
      id,
      project_id: projectId,
      name: body.name ?? '',
      description: body.description ?? '',
      shared: body.shared ?? false,
      admin_state_up: body.admin_state_up ?? true,
      status: portIds.length === 0 ? 'INACTIVE' : 'PENDING_CREATE',
      ...policies,
      is_default: false,
      created_at: now,
      updated_at: now,
      revision: 1,
    });
    setFirewallGroupPorts(db, id, portIds);
    this.#apply(id, portIds, caller);
    return firewallGroups.byId(db, id) as FirewallGroupRow;
  }

  update(caller: Caller, row: FirewallGroupRow, body: FirewallGroupUpdate): FirewallGroupRow {
    const { db } = this.#context.network;
    const target = { project_id: row.project_id };
    checkAttributes(caller, networkRules, 'update_firewall_group', body, target, {
      shared: row.shared === 1,
    });
    return transaction(db, () => {
      const current = this.load(caller, row.id);
      if (current.is_default === 1) checkDefault(caller, current, body);
      else if (body.name === DEFAULT_GROUP) throw nameTaken('Group', DEFAULT_GROUP);
      const or = <T>(given: T | undefined, kept: T): T => (given === undefined ? kept : given);
      const policies = {
        ingress_firewall_policy_id: or(body.ingress_firewall_policy_id, current.ingress_firewall_policy_id),
        egress_firewall_policy_id: or(body.egress_firewall_policy_id, current.egress_firewall_policy_id),
      };
      this.#checkPolicies(current.project_id, Object.values(policies));
      const before = this.#portsOf(row.id);
      const after = body.ports === undefined ? before : this.#checkPorts(caller, row.id, body.ports ?? []);
      setFirewallGroupPorts(db, row.id, after);
      return this.#write(
        current,
        {
          name: body.name ?? current.name,
          description: body.description ?? current.description,
          shared: Number(body.shared ?? current.shared),
          admin_state_up: Number(body.admin_state_up ?? current.admin_state_up),
          ...policies,
        },
        [...before, ...after],
        caller,
      );
    });
  }

  /** Writes the group; its routers, those of `portIds`, are told. */
  #write(
    row: FirewallGroupRow,
    changes: Partial<FirewallGroupRow>,
    portIds: readonly string[],
    asker?: Asker,
  ): FirewallGroupRow {
    const { db, clock } = this.#context.network;
    const told = this.#apply(row.id, portIds, asker);
    return firewallGroups.update(db, row, {
      ...changes,
      status: told ? 'PENDING_UPDATE' : 'INACTIVE',
      updated_at: clock(),
      revision: row.revision + 1,
    });
  }

  #apply(groupId: string, portIds: readonly string[], asker?: Asker): boolean {
    const routerIds = routersOfPorts(this.#context.network.db, [...new Set(portIds)]);
    if (routerIds.length > 0) this.#context.routerTasks.firewallChanged({ groupId, routerIds }, asker);
    return routerIds.length > 0;
  }

  /**
   * Its ports let everything through again. Unlike neutron also while it has ports: neutron answers the same request
   * with success or refusal depending on how far its agents are.
   */
  delete(caller: Caller, row: FirewallGroupRow): void {
    const { db } = this.#context.network;
    transaction(db, () => {
      const current = this.load(caller, row.id);
      if (current.is_default === 1 && !isAdmin(caller)) {
        throw conflict('Deleting default firewall group not allowed.', {
          type: 'FirewallGroupCannotRemoveDefault',
        });
      }
      const before = this.#portsOf(row.id);
      firewallGroups.delete(db, row.id);
      if (current.is_default === 1) removeDefaultPolicies(db, current);
      this.#apply(row.id, before, caller);
    });
  }

  policiesChanged(policyIds: readonly string[], asker?: Asker): void {
    for (const group of groupsOfPolicies(this.#context.network.db, policyIds))
      this.#write(group, {}, this.#portsOf(group.id), asker);
  }

  #portsOf(groupId: string): string[] {
    return portsOfFirewallGroups(this.#context.network.db, [groupId]).map((one) => one.port_id);
  }

  #checkPolicies(projectId: string, ids: readonly (string | null)[]): void {
    for (const id of ids) {
      if (id === null) continue;
      const policy = firewallPolicies.byId(this.#context.network.db, id);
      if (policy === undefined) throw policyNotFound(id);
      if (policy.project_id !== projectId && policy.shared !== 1) {
        throw notFound(
          `Operation cannot be performed since Firewall Policy ${id} is not shared and does not belong to your project.`,
          { type: 'FirewallPolicyConflict' },
        );
      }
    }
  }

  #checkPorts(
    caller: Pick<Caller, 'auth'>,
    groupId: string | undefined,
    ids: readonly string[],
  ): readonly string[] {
    const { db } = this.#context.network;
    const unique = [...new Set(ids)];
    for (const id of unique) {
      const port = ports.byId(db, id);
      if (port === undefined || (!isAdmin(caller) && port.project_id !== caller.auth.projectId))
        throw portNotFound(id);
      if (port.device_owner.startsWith('compute:')) {
        throw conflict(
          `Port ${id} is not supported by firewall driver 'deskcloud': its groups are at the interfaces of routers; servers have security groups.`,
          { type: 'FirewallGroupPortNotSupported' },
        );
      }
      if (!isInterface(port.device_owner))
        throw conflict(`Port ${id} of firewall group is invalid.`, { type: 'FirewallGroupPortInvalid' });
    }
    const taken = firewallGroupsOfPorts(db, unique).filter((one) => one.firewall_group_id !== groupId);
    if (taken.length > 0) {
      throw conflict(
        `Port(s) ${JSON.stringify(taken.map((one) => one.port_id))} provided already associated with other firewall group(s).`,
        { type: 'FirewallGroupPortInUse' },
      );
    }
    return unique;
  }

  /** A port that is gone has left its group by the database's own rule; a group without ports is not active. */
  portDeleted(row: PortRow): void {
    if (!isInterface(row.device_owner)) return;
    const { db, clock } = this.#context.network;
    for (const group of firewallGroupsEmptied(db))
      firewallGroups.update(db, group, {
        status: 'INACTIVE',
        updated_at: clock(),
        revision: group.revision + 1,
      });
  }

  portChanged(): void {
    // Its router is told by the observer of routers' ports.
  }
}

function checkDefault(caller: Pick<Caller, 'auth'>, row: FirewallGroupRow, body: FirewallGroupUpdate): void {
  const fixed = isAdmin(caller)
    ? (['name'] as const)
    : ([
        'name',
        'description',
        'admin_state_up',
        'ingress_firewall_policy_id',
        'egress_firewall_policy_id',
      ] as const);
  if (fixed.some((name) => body[name] !== undefined)) throw fixedDefault('Group', row.id);
}
