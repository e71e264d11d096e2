import { countOf } from './count.ts';
import { statement, type Db } from '../../db/index.ts';
import { inJson, table } from './table.ts';

/** Says that a project (or '*', all) may use an object of another. */
export interface RbacRow {
  readonly seq: number;
  readonly id: string;
  readonly project_id: string;
  readonly object_type: string;
  readonly object_id: string;
  readonly action: RbacAction;
  readonly target_tenant: string;
}

export type RbacAction = 'access_as_shared' | 'access_as_external';

export const rbacPolicies = table<RbacRow>('rbac_policy');

export const policiesOf = (db: Db, objectId: string, action: RbacAction): RbacRow[] =>
  statement<[string, string], RbacRow>(
    db,
    'SELECT * FROM rbac_policy WHERE object_id = ? AND action = ? ORDER BY seq',
  ).all(objectId, action);

/** Those of the objects that a policy of this action opens to the project. */
export const openAmong = (
  db: Db,
  action: RbacAction,
  objectIds: readonly string[],
  projectId: string,
): Set<string> =>
  new Set(
    statement<[string, string, string], { id: string }>(
      db,
      `SELECT DISTINCT object_id AS id FROM rbac_policy
        WHERE action = ? AND target_tenant IN ('*', ?) AND object_id IN ${inJson}`,
    )
      .all(action, projectId, JSON.stringify(objectIds))
      .map((row) => row.id),
  );

/** The object is gone, and with it who may use it. */
export const dropPoliciesOf = (db: Db, objectId: string): unknown =>
  statement<[string]>(db, 'DELETE FROM rbac_policy WHERE object_id = ?').run(objectId);

export const dropPolicies = (db: Db, objectId: string, action: RbacAction): unknown =>
  statement<[string, string]>(db, 'DELETE FROM rbac_policy WHERE object_id = ? AND action = ?').run(
    objectId,
    action,
  );

export const countPolicies = countOf('rbac_policy');

/** Projects that have ports on the network. */
export const projectsOnNetwork = (db: Db, networkId: string): string[] =>
  statement<[string], { id: string }>(
    db,
    "SELECT DISTINCT project_id AS id FROM port WHERE network_id = ? AND project_id <> ''",
  )
    .all(networkId)
    .map((row) => row.id);

/** Projects whose routers have their gateway on the network. */
export const projectsThrough = (db: Db, networkId: string): string[] =>
  statement<[string], { id: string }>(
    db,
    'SELECT DISTINCT project_id AS id FROM router WHERE gateway_network_id = ?',
  )
    .all(networkId)
    .map((row) => row.id);
