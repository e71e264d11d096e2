import { countOf } from './count.ts';
import { statement, type Db } from '../../db/index.ts';
import type { SecurityGroupRow, SecurityGroupRuleRow } from './row.ts';
import { inJson, table } from './table.ts';

export const groups = table<SecurityGroupRow>('security_group');
export const rules = table<SecurityGroupRuleRow>('security_group_rule');

export const defaultGroup = (db: Db, projectId: string): SecurityGroupRow | undefined =>
  statement<[string], SecurityGroupRow>(
    db,
    'SELECT * FROM security_group WHERE project_id = ? AND is_default = 1',
  ).get(projectId);

export const groupsNamed = (db: Db, projectId: string, name: string): SecurityGroupRow[] =>
  statement<[string, string], SecurityGroupRow>(
    db,
    'SELECT * FROM security_group WHERE project_id = ? AND name = ?',
  ).all(projectId, name);

/** In the order of their creation; those of all projects for null. */
export const groupsOfProject = (db: Db, projectId: string | null): SecurityGroupRow[] =>
  statement<[string | null, string | null], SecurityGroupRow>(
    db,
    'SELECT * FROM security_group WHERE ? IS NULL OR project_id = ? ORDER BY seq',
  ).all(projectId, projectId);

export const rulesOfGroups = (db: Db, groupIds: readonly string[]): SecurityGroupRuleRow[] =>
  statement<[string], SecurityGroupRuleRow>(
    db,
    `SELECT * FROM security_group_rule WHERE security_group_id IN ${inJson} ORDER BY +seq`,
  ).all(JSON.stringify(groupIds));

export const groupInUse = (db: Db, groupId: string): boolean =>
  statement<[string], { port_id: string }>(
    db,
    'SELECT port_id FROM port_security_group WHERE security_group_id = ? LIMIT 1',
  ).get(groupId) !== undefined;

/** Groups among the given that some rule names as its remote group. */
export const remoteGroupsAmong = (db: Db, groupIds: readonly string[]): string[] =>
  statement<[string], { id: string }>(
    db,
    `SELECT DISTINCT remote_group_id AS id FROM security_group_rule WHERE remote_group_id IN ${inJson}`,
  )
    .all(JSON.stringify(groupIds))
    .map((row) => row.id);

/** Groups with a rule that names this one as its remote group. */
export const groupsReferring = (db: Db, groupId: string): string[] =>
  statement<[string], { id: string }>(
    db,
    'SELECT DISTINCT security_group_id AS id FROM security_group_rule WHERE remote_group_id = ?',
  )
    .all(groupId)
    .map((row) => row.id);

/** Ports of these groups that have a place on the host. */
export const pluggedPortsOfGroups = (db: Db, groupIds: readonly string[]): string[] =>
  statement<[string], { id: string }>(
    db,
    `SELECT DISTINCT g.port_id AS id FROM port_security_group g JOIN port_plug p ON p.port_id = g.port_id
     WHERE p.plugged = 1 AND p.released = 0 AND g.security_group_id IN ${inJson} ORDER BY g.port_id`,
  )
    .all(JSON.stringify(groupIds))
    .map((row) => row.id);

const here = 'NOT EXISTS (SELECT 1 FROM port_plug u WHERE u.port_id = g.port_id AND u.plugged <> 1)';

/** Fixed addresses and allowed address pairs of all ports of a group, but for servers' that are not plugged. */
export const memberAddresses = (
  db: Db,
  groupIds: readonly string[],
): { readonly group_id: string; readonly address: string }[] =>
  statement<[string, string], { group_id: string; address: string }>(
    db,
    `SELECT g.security_group_id AS group_id, i.address AS address
       FROM port_security_group g JOIN port_ip i ON i.port_id = g.port_id WHERE ${here} AND g.security_group_id IN ${inJson}
     UNION
     SELECT g.security_group_id, json_extract(pair.value, '$.ip_address')
       FROM port_security_group g JOIN port p ON p.id = g.port_id, json_each(p.allowed_address_pairs) pair
      WHERE p.allowed_address_pairs <> '[]' AND ${here} AND g.security_group_id IN ${inJson}
     ORDER BY 1, 2`,
  ).all(JSON.stringify(groupIds), JSON.stringify(groupIds));

export const touchGroup = (db: Db, groupId: string, now: number): unknown =>
  statement<[number, string]>(
    db,
    'UPDATE security_group SET revision = revision + 1, updated_at = ? WHERE id = ?',
  ).run(now, groupId);

export const countGroups = countOf('security_group');

export const countRules = countOf('security_group_rule');

/** Names of the groups of many devices' ports. */
export const groupNamesOfDevices = (
  db: Db,
  deviceIds: readonly string[],
): { readonly device_id: string; readonly name: string }[] =>
  statement<[string], { device_id: string; name: string }>(
    db,
    `SELECT DISTINCT p.device_id AS device_id, s.name AS name, s.seq AS seq FROM port p
       JOIN port_security_group g ON g.port_id = p.id JOIN security_group s ON s.id = g.security_group_id
      WHERE p.device_id IN ${inJson} ORDER BY p.device_id, s.seq`,
  ).all(JSON.stringify(deviceIds));

/** Projects that have ports with the group. */
export const projectsWithGroup = (db: Db, groupId: string): string[] =>
  statement<[string], { id: string }>(
    db,
    `SELECT DISTINCT p.project_id AS id FROM port_security_group g JOIN port p ON p.id = g.port_id
      WHERE g.security_group_id = ?`,
  )
    .all(groupId)
    .map((row) => row.id);
