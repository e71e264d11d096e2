import { countOf } from './count.ts';
import { statement, type Db } from '../../db/index.ts';
import type { StandardRow, SubnetRow } from './row.ts';
import { table } from './table.ts';

export interface SubnetpoolRow extends StandardRow {
  readonly name: string;
  readonly ip_version: 4 | 6;
  /** JSON list of blocks. */
  readonly prefixes: string;
  readonly min_prefixlen: number;
  readonly max_prefixlen: number;
  readonly default_prefixlen: number;
  /** In /32 of version 4 and /64 of version 6; null is unlimited. */
  readonly default_quota: number | null;
  readonly address_scope_id: string | null;
  readonly is_default: number;
  readonly tags: string;
}

export const subnetpools = table<SubnetpoolRow>('subnetpool');

export const defaultPool = (db: Db, version: 4 | 6): SubnetpoolRow | undefined =>
  statement<[number], SubnetpoolRow>(
    db,
    'SELECT * FROM subnetpool WHERE is_default = 1 AND ip_version = ?',
  ).get(version);

export const poolsOfScope = (db: Db, scopeId: string): SubnetpoolRow[] =>
  statement<[string], SubnetpoolRow>(
    db,
    'SELECT * FROM subnetpool WHERE address_scope_id = ? ORDER BY seq',
  ).all(scopeId);

/** Subnets whose blocks are out of the pool. */
export const subnetsOfPool = (db: Db, poolId: string): SubnetRow[] =>
  statement<[string], SubnetRow>(db, 'SELECT * FROM subnet WHERE subnetpool_id = ? ORDER BY seq').all(poolId);

export const setSubnetPool = (db: Db, subnetId: string, poolId: string, now: number): unknown =>
  statement<[string, number, string]>(
    db,
    'UPDATE subnet SET subnetpool_id = ?, updated_at = ?, revision = revision + 1 WHERE id = ?',
  ).run(poolId, now, subnetId);

export const countPools = countOf('subnetpool');
