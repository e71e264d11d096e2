import type { Db } from '../../db/index.ts';
import { badRequest, conflict } from '../../errors/error.ts';
import { poolsOfScope, subnetsOfPool, type SubnetpoolRow } from '../store/subnetpool.ts';
import { subnetsOf } from '../store/subnet.ts';
import { formatBlock, parseBlock, type Block } from './address.ts';
import { blocksOf, intersect, toBlocks } from './block-set.ts';

/** What neutron demands of subnet pools (neutron/ipam/subnet_alloc.py, db_base_plugin_v2.py), with its errors. */

export type Bounds = Pick<SubnetpoolRow, 'min_prefixlen' | 'max_prefixlen' | 'default_prefixlen'>;

/** Lengths when none are given. A quota counts in `unit`: addresses of version 4, /64 blocks of version 6. */
export const VERSION = {
  4: { min: 8, max: 32, unit: 32 },
  6: { min: 64, max: 128, unit: 64 },
} as const;

export const prefixesOf = (row: Pick<SubnetpoolRow, 'prefixes'>): Block[] =>
  blocksOf(JSON.parse(row.prefixes) as string[]);

/** Blocks as a caller wrote them. @throws {CloudError} badRequest */
export function readPrefixes(texts: readonly string[]): Block[] {
  return texts.map((text) => {
    const block = parseBlock(text);
    if (block === undefined)
      throw badRequest(`Invalid input for prefixes. Reason: '${text}' is not a valid IP subnet.`);
    return block;
  });
}

/** One version for all, joined where they touch. */
export function compact(blocks: readonly Block[]): { readonly version: 4 | 6; readonly prefixes: string[] } {
  const [first] = blocks;
  if (first === undefined)
    throw badRequest('Empty subnet pool prefix list.', { type: 'EmptySubnetPoolPrefixList' });
  if (blocks.some((block) => block.version !== first.version)) {
    throw badRequest('Cannot mix IPv4 and IPv6 prefixes in a subnet pool.', {
      type: 'PrefixVersionMismatch',
    });
  }
  return { version: first.version, prefixes: toBlocks(first.version, blocks).map(formatBlock) };
}

const bounds = (text: string): Error =>
  badRequest(`Illegal prefix bounds: ${text}.`, { type: 'IllegalSubnetPoolPrefixBounds' });

export function checkBounds(version: 4 | 6, lengths: Bounds): void {
  const { min_prefixlen: min, max_prefixlen: max, default_prefixlen: usual } = lengths;
  if (min > max) throw bounds(`min_prefixlen=${min}, max_prefixlen=${max}`);
  if (max > VERSION[version].max) throw bounds(`max_prefixlen=${max}, ip_version=${version}`);
  if (usual < min) throw bounds(`default_prefixlen=${usual}, min_prefixlen=${min}`);
  if (usual > max) throw bounds(`default_prefixlen=${usual}, max_prefixlen=${max}`);
}

/** @throws {CloudError} AddressScopePrefixConflict: blocks of one scope are routed together, so they may not overlap. */
export function checkScopePrefixes(db: Db, scopeId: string, poolId: string, blocks: readonly Block[]): void {
  const hit = poolsOfScope(db, scopeId).some(
    (other) => other.id !== poolId && intersect(prefixesOf(other), blocks),
  );
  if (!hit) return;
  throw conflict(
    'Failed to associate address scope: subnetpools within an address scope must have unique prefixes.',
    { type: 'AddressScopePrefixConflict' },
  );
}

/** A pool that moves to another scope takes its subnets along: none of a network may stay behind. */
export function checkScopeAffinity(db: Db, pool: Pick<SubnetpoolRow, 'id' | 'ip_version'>): void {
  const own = subnetsOfPool(db, pool.id);
  const ids = new Set(own.map((subnet) => subnet.id));
  const behind = [...new Set(own.map((subnet) => subnet.network_id))]
    .flatMap((networkId) => subnetsOf(db, networkId))
    .some((subnet) => subnet.ip_version === pool.ip_version && !ids.has(subnet.id));
  if (behind) throw scopeAffinity();
}

export const scopeAffinity = (): Error =>
  badRequest(
    'Subnets of the same address family hosted on the same network must all participate in the same address scope.',
    { type: 'NetworkAddressScopeAffinityError' },
  );
