import { randomUUID } from 'node:crypto';
import { transaction, type Db } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import type { RbacCreate, RbacUpdate } from '../schemas/rbac.ts';
import { policiesOf, rbacPolicies, type RbacAction, type RbacRow } from '../store/rbac.ts';
import { demand, isAdmin, ownRows, projectFor } from './caller.ts';
import type { Caller, NetworkContext } from './context.ts';
import { columns, listResources, type Listing } from './listing.ts';
import type { Quotas } from './quota.ts';
import { isOpenTo, policyInUse, SHARED, stranded } from './sharing.ts';

/** A kind of object that policies can open to other projects. Each part of the network service brings its own. */
export interface Shareable {
  /** 'network', 'qos_policy', ... */
  readonly type: string;
  readonly actions: readonly RbacAction[];
  /** The project that the object belongs to; undefined when there is none of this id. */
  readonly owner: (db: Db, id: string) => string | undefined;
  readonly notFound: (id: string) => Error;
  /** Projects that use the object, for which they need this action. */
  readonly users: (db: Db, id: string, action: RbacAction) => readonly string[];
  /** True when the owner uses it by a policy as well (routers and external networks). */
  readonly ownerNeedsPolicy?: (action: RbacAction) => boolean;
  /** Further conditions, and what follows; called in the transaction that writes the policy. */
  readonly opening?: (db: Db, policy: Pick<RbacRow, 'object_id' | 'action' | 'target_tenant'>) => void;
  /** `next` is the new target of the policy that is changed; undefined when the policy goes. */
  readonly closing?: (db: Db, policy: RbacRow, next: string | undefined) => void;
  /** After the policies of the object have changed. */
  readonly changed?: (db: Db, objectId: string) => void;
}

const { text } = columns;

const listing: Listing<RbacRow> = {
  table: rbacPolicies,
  plural: 'rbac_policies',
  columns: {
    id: text('id'),
    project_id: text('project_id'),
    tenant_id: text('project_id'),
    object_type: text('object_type'),
    object_id: text('object_id'),
    action: text('action'),
    target_tenant: text('target_tenant'),
    target_project: text('target_tenant'),
  },
};

const invalidInput = (message: string): Error =>
  badRequest(`Invalid input for operation: ${message}.`, { type: 'InvalidInput' });

const policyNotFound = (id: string): Error =>
  notFound(`RBAC policy of type unknown with ID ${id} not found`, { type: 'RbacPolicyNotFound' });

export const rbacView = (row: RbacRow) => ({
  id: row.id,
  project_id: row.project_id,
  tenant_id: row.project_id,
  object_type: row.object_type,
  object_id: row.object_id,
  action: row.action,
  target_tenant: row.target_tenant,
});

/** https://docs.openstack.org/api-ref/network/v2/#rbac-policies */
export class RbacApp {
  readonly #context: NetworkContext;
  readonly #quotas: Quotas;
  readonly #kinds: ReadonlyMap<string, Shareable>;

  constructor(context: NetworkContext, quotas: Quotas, kinds: readonly Shareable[]) {
    this.#context = context;
    this.#quotas = quotas;
    this.#kinds = new Map(kinds.map((kind) => [kind.type, kind]));
  }

  load(caller: Pick<Caller, 'auth'>, id: string): RbacRow {
    const row = rbacPolicies.byId(this.#context.db, id);
    if (row === undefined || (!isAdmin(caller) && row.project_id !== caller.auth.projectId))
      throw policyNotFound(id);
    return row;
  }

  list(context: RequestContext): Record<string, unknown> {
    return listResources(this.#context.db, listing, context, ownRows(context), (rows) => rows.map(rbacView));
  }

  create(caller: Caller, bodies: readonly RbacCreate[]): RbacRow[] {
    return transaction(this.#context.db, () => bodies.map((body) => this.#create(caller, body)));
  }

  #create(caller: Caller, body: RbacCreate): RbacRow {
    const { db } = this.#context;
    const projectId = projectFor(caller, body);
    demand(caller, 'create_rbac_policy', { project_id: projectId });
    const target = targetOf(body);
    if (target === undefined)
      throw badRequest("Failed to parse request. Required attribute 'target_tenant' not specified");
    const kind = this.#kind(body.object_type.trim().toLowerCase());
    const action = kind.actions.find((one) => one === body.action);
    if (action === undefined) {
      throw badRequest(
        `Invalid input for operation: Invalid action '${body.action}' for object type '${kind.type}'. Valid actions: ${kind.actions.join(', ')}.`,
        { type: 'InvalidActionForType' },
      );
    }
    const owner = this.#ownerFor(caller, kind, body.object_id);
    demand(caller, 'create_rbac_policy:target_tenant', { project_id: projectId, target_tenant: target });
    this.#checkOwner(caller, kind, owner);
    if (policiesOf(db, body.object_id, action).some((one) => one.target_tenant === target))
      throw conflict('An RBAC policy already exists with those values.', { type: 'DuplicateRbacPolicy' });
    this.#quotas.check(db, projectId, 'rbac_policy');
    const policy = { object_id: body.object_id, action, target_tenant: target };
    kind.opening?.(db, policy);
    const id = randomUUID();
    rbacPolicies.insert(db, { id, project_id: projectId, object_type: kind.type, ...policy });
    kind.changed?.(db, body.object_id);
    return rbacPolicies.byId(db, id) as RbacRow;
  }

  #kind(type: string): Shareable {
    const kind = this.#kinds.get(type);
    if (kind === undefined) throw invalidInput(`'${type}' is not a valid RBAC object type`);
    return kind;
  }

  /** The project that has the object; a stranger does not learn that it is there. */
  #ownerFor(caller: Caller, kind: Shareable, id: string): string {
    const { db } = this.#context;
    const owner = kind.owner(db, id);
    const visible =
      owner !== undefined &&
      (isAdmin(caller) ||
        owner === caller.auth.projectId ||
        kind.actions.some((action) => isOpenTo(db, caller.auth, id, action)));
    if (!visible) throw kind.notFound(id);
    return owner;
  }

  #checkOwner(caller: Caller, kind: Shareable, owner: string): void {
    if (isAdmin(caller) || owner === caller.auth.projectId) return;
    throw invalidInput(
      `Only admins can manipulate policies on ${kind.type === 'network' ? 'networks' : 'objects'} they do not own`,
    );
  }

  update(caller: Caller, row: RbacRow, body: RbacUpdate): RbacRow {
    const { db } = this.#context;
    const target = targetOf(body) ?? row.target_tenant;
    if (target === row.target_tenant) return row;
    demand(caller, 'update_rbac_policy:target_tenant', { project_id: row.project_id, target_tenant: target });
    const kind = this.#kind(row.object_type);
    return transaction(db, () => {
      this.#checkOwner(caller, kind, kind.owner(db, row.object_id) ?? '');
      if (policiesOf(db, row.object_id, row.action).some((one) => one.target_tenant === target))
        throw conflict('An RBAC policy already exists with those values.', { type: 'DuplicateRbacPolicy' });
      this.#checkLoss(kind, row, target);
      kind.opening?.(db, { ...row, target_tenant: target });
      const changed = rbacPolicies.update(db, row, { target_tenant: target });
      kind.changed?.(db, row.object_id);
      return changed;
    });
  }

  /** @throws {CloudError} RbacPolicyInUse while a project uses the object by this policy alone. */
  delete(row: RbacRow): void {
    const { db } = this.#context;
    transaction(db, () => {
      const kind = this.#kind(row.object_type);
      this.#checkLoss(kind, row, undefined);
      rbacPolicies.delete(db, row.id);
      kind.changed?.(db, row.object_id);
    });
  }

  #checkLoss(kind: Shareable, row: RbacRow, next: string | undefined): void {
    const { db } = this.#context;
    kind.closing?.(db, row, next);
    const owner = kind.ownerNeedsPolicy?.(row.action) === true ? undefined : kind.owner(db, row.object_id);
    const left = stranded(db, { policy: row, next }, kind.users(db, row.object_id, row.action), owner);
    if (left.length === 0) return;
    throw policyInUse(
      row.object_id,
      row.action === SHARED
        ? `project_id=${row.target_tenant}`
        : 'There are routers attached to this network that depend on this policy for access.',
    );
  }
}

const targetOf = (body: RbacUpdate): string | undefined => body.target_tenant ?? body.target_project;
