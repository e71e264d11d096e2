import { statement, type Db } from '../../db/index.ts';

/** Resources that quotas count; triggers of each table keep their numbers in `network_count`. */
export type Counted =
  | 'address_group'
  | 'firewall_group'
  | 'firewall_policy'
  | 'firewall_rule'
  | 'floating_ip'
  | 'network'
  | 'port'
  | 'qos_policy'
  | 'rbac_policy'
  | 'router'
  | 'security_group'
  | 'security_group_rule'
  | 'subnet'
  | 'subnetpool'
  | 'trunk';

/** How many of a resource a project has, whatever that number is at the price of one row. */
export const countOf =
  (resource: Counted) =>
  (db: Db, projectId: string): number =>
    statement<[string, string], { n: number }>(
      db,
      'SELECT n FROM network_count WHERE project_id = ? AND resource = ?',
    ).get(projectId, resource)?.n ?? 0;
