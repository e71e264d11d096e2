import { statement, type Db } from '../../db/index.ts';
import { inJson, table } from './table.ts';

export interface AddressScopeRow {
  readonly seq: number;
  readonly id: string;
  readonly project_id: string;
  readonly name: string;
  readonly ip_version: 4 | 6;
}

export const addressScopes = table<AddressScopeRow>('address_scope');

/** Scopes of networks, by way of the pools of their subnets. */
export const scopesOfNetworks = (
  db: Db,
  networkIds: readonly string[],
): { readonly network_id: string; readonly ip_version: 4 | 6; readonly id: string }[] =>
  statement<[string], { network_id: string; ip_version: 4 | 6; id: string }>(
    db,
    `SELECT DISTINCT s.network_id AS network_id, p.ip_version AS ip_version, p.address_scope_id AS id
       FROM subnet s JOIN subnetpool p ON p.id = s.subnetpool_id
      WHERE p.address_scope_id IS NOT NULL AND s.network_id IN ${inJson}`,
  ).all(JSON.stringify(networkIds));
