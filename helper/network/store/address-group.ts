import { countOf } from './count.ts';
import { statement, type Db } from '../../db/index.ts';
import type { StandardRow } from './row.ts';
import { inJson, table } from './table.ts';

export interface AddressGroupRow extends StandardRow {
  readonly name: string;
  /** JSON list of blocks of either IP version. */
  readonly addresses: string;
}

export const addressGroups = table<AddressGroupRow>('address_group');

/** Security groups with rules that name the address group, and projects that have such rules. */
export const rulesWithAddresses = (
  db: Db,
  addressGroupId: string,
): { readonly security_group_id: string; readonly project_id: string }[] =>
  statement<[string], { security_group_id: string; project_id: string }>(
    db,
    'SELECT DISTINCT security_group_id, project_id FROM security_group_rule WHERE remote_address_group_id = ?',
  ).all(addressGroupId);

/** Blocks of many address groups, each with its group. */
export const blocksOfGroups = (
  db: Db,
  ids: readonly string[],
): { readonly group_id: string; readonly address: string }[] =>
  statement<[string], { group_id: string; address: string }>(
    db,
    `SELECT g.id AS group_id, a.value AS address FROM address_group g, json_each(g.addresses) a
      WHERE g.id IN ${inJson} ORDER BY 1, 2`,
  ).all(JSON.stringify(ids));

export const countAddressGroups = countOf('address_group');
