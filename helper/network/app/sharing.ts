import { randomUUID } from 'node:crypto';
import type { Db } from '../../db/index.ts';
import { badRequest, conflict } from '../../errors/error.ts';
import type { AuthContext } from '../../http/index.ts';
import type { Condition } from '../store/list.ts';
import { openAmong, policiesOf, rbacPolicies, type RbacAction, type RbacRow } from '../store/rbac.ts';
import type { NetworkRow } from '../store/row.ts';

/**
 * Who may use what is another project's. Every way of sharing is a row of `rbac_policy`; `shared` and
 * `router:external` of the API are short for the policy to '*'.
 */
export const SHARED: RbacAction = 'access_as_shared';
export const EXTERNAL: RbacAction = 'access_as_external';
export const EVERYBODY = '*';

type Asker = Pick<AuthContext, 'projectId'>;

/** True when a policy opens the object to the caller's project; ownership is not looked at. */
export const isOpenTo = (db: Db, auth: Asker, objectId: string, action: RbacAction = SHARED): boolean =>
  openAmong(db, action, [objectId], auth.projectId ?? '').has(objectId);

/** A network on which the caller may have ports: its own, or one shared with it. */
export const mayUse = (db: Db, auth: Asker, network: Pick<NetworkRow, 'id' | 'project_id'>): boolean =>
  network.project_id === auth.projectId || isOpenTo(db, auth, network.id);

/** A network that the caller may know of: those, and external ones that its routers may lead to. */
export const maySee = (db: Db, auth: Asker, network: Pick<NetworkRow, 'id' | 'project_id'>): boolean =>
  mayUse(db, auth, network) || isOpenTo(db, auth, network.id, EXTERNAL);

/** Rows whose object (the column's id) is open to the project. */
export function openRows(
  auth: Asker,
  objectType: string,
  column = 'id',
  actions: readonly RbacAction[] = [SHARED],
): Condition {
  return {
    sql: `${column} IN (SELECT object_id FROM rbac_policy WHERE object_type = ? AND target_tenant IN ('*', ?)
      AND action IN (SELECT value FROM json_each(?)))`,
    values: [objectType, auth.projectId ?? '', JSON.stringify(actions)],
  };
}

/** The filter `shared=True|False` of a list: shared with who asks, as its view says. */
export function sharedFilter(
  auth: Asker,
  objectType: string,
  column = 'id',
): (values: readonly string[]) => Condition {
  return (values) => {
    const wanted = values.map((value) => {
      if (/^(true|1|yes|on)$/i.test(value)) return 1;
      if (/^(false|0|no|off)$/i.test(value)) return 0;
      throw badRequest(
        `Invalid input for operation: '${value.slice(0, 80)}' cannot be converted to boolean (shared).`,
        { type: 'InvalidInput' },
      );
    });
    const open = openRows(auth, objectType, column);
    return {
      sql: `(${open.sql}) IN (SELECT value FROM json_each(?))`,
      values: [...open.values, JSON.stringify(wanted)],
    };
  };
}

export const policyInUse = (objectId: string, details: string): Error =>
  conflict(
    `RBAC policy on object ${objectId} cannot be removed because other objects depend on it.\nDetails: ${details}`,
    { type: 'RbacPolicyInUse' },
  );

/** What of an object's sharing would go: all of a policy, or its old target. */
export interface Loss {
  readonly policy: Pick<RbacRow, 'id' | 'object_id' | 'action' | 'target_tenant'>;
  /** The policy's next target; undefined when it goes. */
  readonly next?: string | undefined;
}

/** Projects among the users that no policy covers after the loss. */
export function stranded(db: Db, loss: Loss, users: readonly string[], owner?: string): string[] {
  const { policy, next } = loss;
  const left = policiesOf(db, policy.object_id, policy.action)
    .filter((one) => one.id !== policy.id)
    .map((one) => one.target_tenant);
  if (next !== undefined) left.push(next);
  if (left.includes(EVERYBODY)) return [];
  return users.filter(
    (user) =>
      user !== owner &&
      !left.includes(user) &&
      (policy.target_tenant === EVERYBODY || policy.target_tenant === user),
  );
}

/** Makes `shared` (or `router:external`) true by its policy to '*'; nothing when that is there. */
export function openToEverybody(
  db: Db,
  object: { readonly type: string; readonly id: string; readonly project_id: string },
  action: RbacAction = SHARED,
): void {
  if (policiesOf(db, object.id, action).some((one) => one.target_tenant === EVERYBODY)) return;
  rbacPolicies.insert(db, {
    id: randomUUID(),
    project_id: object.project_id,
    object_type: object.type,
    object_id: object.id,
    action,
    target_tenant: EVERYBODY,
  });
}
