import { countOf } from './count.ts';
import { statement, type Db } from '../../db/index.ts';
import type { SubnetRow } from './row.ts';
import { inJson, table } from './table.ts';

export const subnets = table<SubnetRow>('subnet');

/** In the order of their creation. */
export const subnetsOf = (db: Db, networkId: string): SubnetRow[] =>
  statement<[string], SubnetRow>(db, 'SELECT * FROM subnet WHERE network_id = ? ORDER BY seq').all(networkId);

/** Ids and whereabouts of the subnets of many networks. */
export const subnetIdsOf = (
  db: Db,
  networkIds: readonly string[],
): { readonly id: string; readonly network_id: string }[] =>
  statement<[string], { id: string; network_id: string }>(
    db,
    `SELECT id, network_id FROM subnet WHERE network_id IN ${inJson} ORDER BY +seq`,
  ).all(JSON.stringify(networkIds));

export const subnetsOfNetworks = (db: Db, networkIds: readonly string[]): SubnetRow[] =>
  statement<[string], SubnetRow>(db, `SELECT * FROM subnet WHERE network_id IN ${inJson} ORDER BY +seq`).all(
    JSON.stringify(networkIds),
  );

export const countSubnets = countOf('subnet');
