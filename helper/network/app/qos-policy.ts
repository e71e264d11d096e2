import { randomUUID } from 'node:crypto';
import { transaction, type Db } from '../../db/index.ts';
import { conflict } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import { networkRules } from '../policy.ts';
import type { QosPolicyCreate, QosPolicyUpdate } from '../schemas/qos.ts';
import {
  defaultQosPolicy,
  portsUnderQosPolicy,
  qosPolicies,
  routersUnderQosPolicy,
  rulesOfQosPolicies,
  usersOfQosPolicy,
  type QosPolicyRow,
} from '../store/qos.ts';
import { dropPoliciesOf, openAmong, policiesOf, rbacPolicies } from '../store/rbac.ts';
import { groupBy } from '../store/table.ts';
import { checkAttributes, demand, ownRows, projectFor } from './caller.ts';
import type { Caller } from './context.ts';
import { columns, listResources, standardColumns, tagFilters, type Listing } from './listing.ts';
import { findQosPolicy, qosPolicyNotFound } from './qos-binding.ts';
import { ruleBrief } from './qos-view.ts';
import type { Shareable } from './rbac.ts';
import type { RouterContext } from './router-context.ts';
import {
  EVERYBODY,
  isOpenTo,
  openRows,
  openToEverybody,
  policyInUse,
  SHARED,
  sharedFilter,
  stranded,
} from './sharing.ts';
import { timeText } from './view.ts';

const { text, flag } = columns;

const listing: Listing<QosPolicyRow> = {
  table: qosPolicies,
  plural: 'policies',
  columns: { ...standardColumns, name: text('name'), is_default: flag('is_default') },
  special: tagFilters('qos_policy'),
  lenientMarker: true,
};

/** Tells the host about everything that has a policy. In the caller's transaction. */
export function qosPolicyChanged(context: RouterContext, policyId: string, caller?: Caller): void {
  const { db, tasks } = context.network;
  for (const [networkId, list] of groupBy(portsUnderQosPolicy(db, policyId), (one) => one.network_id))
    tasks.portsChanged({ networkId, portIds: list.map((one) => one.id), groupIds: [] });
  for (const routerId of routersUnderQosPolicy(db, policyId)) context.routerTasks.changed(routerId, caller);
}

/** https://docs.openstack.org/api-ref/network/v2/#qos-policies-qos */
export class QosPolicyApp {
  readonly #context: RouterContext;

  constructor(context: RouterContext) {
    this.#context = context;
  }

  load(caller: Pick<Caller, 'auth'>, id: string): QosPolicyRow {
    return findQosPolicy(this.#context.network.db, caller, id);
  }

  target(caller: Pick<Caller, 'auth'>, row: QosPolicyRow) {
    return { project_id: row.project_id, shared: isOpenTo(this.#context.network.db, caller.auth, row.id) };
  }

  views(caller: Pick<Caller, 'auth'>, rows: readonly QosPolicyRow[]) {
    const { db } = this.#context.network;
    const ids = rows.map((row) => row.id);
    const rules = groupBy(rulesOfQosPolicies(db, ids), (rule) => rule.qos_policy_id);
    const shared = openAmong(db, SHARED, ids, caller.auth.projectId ?? '');
    return rows.map((row) => ({
      id: row.id,
      project_id: row.project_id,
      tenant_id: row.project_id,
      name: row.name,
      description: row.description,
      shared: shared.has(row.id),
      is_default: row.is_default === 1,
      rules: (rules.get(row.id) ?? []).map((rule) => ({
        ...ruleBrief(rule),
        type: rule.type,
        qos_policy_id: rule.qos_policy_id,
      })),
      tags: JSON.parse(row.tags) as string[],
      created_at: timeText(row.created_at),
      updated_at: timeText(row.updated_at),
      revision_number: row.revision,
    }));
  }

  list(context: RequestContext): Record<string, unknown> {
    const { auth } = context;
    const visible = ownRows(context, openRows(auth, 'qos_policy'));
    const special = { ...listing.special, shared: sharedFilter(auth, 'qos_policy') };
    return listResources(this.#context.network.db, { ...listing, special }, context, visible, (rows) =>
      this.views(context, rows),
    );
  }

  create(caller: Caller, bodies: readonly QosPolicyCreate[]): QosPolicyRow[] {
    const { db, clock } = this.#context.network;
    return transaction(db, () =>
      bodies.map((body) => {
        const projectId = projectFor(caller, body);
        demand(caller, 'create_policy', { project_id: projectId });
        this.#context.quotas.check(db, projectId, 'qos_policy');
        if (body.is_default === true) this.#checkDefault(projectId);
        const id = randomUUID();
        const now = clock();
        qosPolicies.insert(db, {
          id,
          project_id: projectId,
          name: body.name ?? '',
          description: body.description ?? '',
          is_default: body.is_default ?? false,
          tags: JSON.stringify(body.tags ?? []),
          created_at: now,
          updated_at: now,
          revision: 1,
        });
        if (body.shared === true) openToEverybody(db, { type: 'qos_policy', id, project_id: projectId });
        return qosPolicies.byId(db, id) as QosPolicyRow;
      }),
    );
  }

  #checkDefault(projectId: string, id?: string): void {
    const other = defaultQosPolicy(this.#context.network.db, projectId);
    if (other !== undefined && other.id !== id) {
      throw conflict(`A default QoS policy exists for project ${projectId}.`, {
        type: 'QoSPolicyDefaultAlreadyExists',
      });
    }
  }

  update(caller: Caller, row: QosPolicyRow, body: QosPolicyUpdate): QosPolicyRow {
    const { db, clock } = this.#context.network;
    checkAttributes(caller, networkRules, 'update_policy', body, this.target(caller, row));
    return transaction(db, () => {
      const current = this.load(caller, row.id);
      if (body.is_default === true) this.#checkDefault(current.project_id, row.id);
      if (body.shared === true)
        openToEverybody(db, { type: 'qos_policy', id: row.id, project_id: row.project_id });
      if (body.shared === false) this.#close(current);
      return qosPolicies.update(db, current, {
        name: body.name ?? current.name,
        description: body.description ?? current.description,
        is_default: Number(body.is_default ?? current.is_default),
        updated_at: clock(),
        revision: current.revision + 1,
      });
    });
  }

  /** @throws {CloudError} RbacPolicyInUse while other projects use it by being open to everybody. */
  #close(row: QosPolicyRow): void {
    const { db } = this.#context.network;
    const open = policiesOf(db, row.id, SHARED).find((one) => one.target_tenant === EVERYBODY);
    if (open === undefined) return;
    const users = usersOfQosPolicy(db, row.id).map((one) => one.project_id);
    // Also the owner's own networks and ports, as in neutron.
    const [left] = stranded(db, { policy: open }, users);
    if (left !== undefined) throw policyInUse(row.id, `project ${left} uses the QoS policy`);
    // What it is to single projects stays.
    rbacPolicies.delete(db, open.id);
  }

  /** @throws {CloudError} QosPolicyInUse while anything has it. */
  delete(row: QosPolicyRow): void {
    const { db } = this.#context.network;
    transaction(db, () => {
      const [user] = usersOfQosPolicy(db, row.id);
      if (user !== undefined) {
        throw conflict(`QoS Policy ${row.id} is used by ${user.kind} ${user.id}.`, {
          type: 'QosPolicyInUse',
        });
      }
      dropPoliciesOf(db, row.id);
      if (!qosPolicies.delete(db, row.id)) throw qosPolicyNotFound(row.id);
    });
  }
}

export const shareableQosPolicies: Shareable = {
  type: 'qos_policy',
  actions: [SHARED],
  owner: (db: Db, id: string) => qosPolicies.byId(db, id)?.project_id,
  notFound: qosPolicyNotFound,
  users: (db: Db, id: string) => usersOfQosPolicy(db, id).map((one) => one.project_id),
  ownerNeedsPolicy: () => true,
  closing: (db, policy, next) => {
    // A new target is judged as if the policy went, but for everybody.
    if (next === undefined || next === EVERYBODY || next === policy.target_tenant) return;
    const users = usersOfQosPolicy(db, policy.object_id).map((one) => one.project_id);
    const [left] = stranded(db, { policy }, users);
    if (left !== undefined) throw policyInUse(policy.object_id, `project_id=${left}`);
  },
};
