import { transaction } from '../../db/index.ts';
import { badRequest, conflict, forbidden, overQuota } from '../../errors/error.ts';
import type { SubnetCreate } from '../schemas/subnet.ts';
import { scopesOfNetworks } from '../store/address-scope.ts';
import { networks } from '../store/network.ts';
import type { NetworkRow } from '../store/row.ts';
import {
  defaultPool,
  setSubnetPool,
  subnetpools,
  subnetsOfPool,
  type SubnetpoolRow,
} from '../store/subnetpool.ts';
import { subnetsOf } from '../store/subnet.ts';
import { formatBlock, parseBlock, type Block } from './address.ts';
import { blocksOf, intersect, subtract, toBlocks, within } from './block-set.ts';
import { isAdmin } from './caller.ts';
import type { Caller, NetworkContext } from './context.ts';
import { networkNotFound } from './port-core.ts';
import type { Quotas } from './quota.ts';
import { maySee } from './sharing.ts';
import { SubnetpoolApp } from './subnetpool.ts';
import { prefixesOf, readPrefixes, scopeAffinity, VERSION } from './subnetpool-rules.ts';

type Asked = Pick<
  SubnetCreate,
  'cidr' | 'prefixlen' | 'ip_version' | 'subnetpool_id' | 'use_default_subnetpool' | 'allocation_pools'
>;

/** The block of a new subnet, and the pool that it is out of. */
export interface Allotment {
  /** Undefined when the caller named neither block nor pool. */
  readonly cidr: string | null | undefined;
  readonly subnetpoolId: string | null;
}

const badSubnet = (message: string): Error =>
  badRequest(`Bad subnets request: ${message}.`, { type: 'BadRequest' });

const cannotAllocate = (message: string): Error =>
  conflict(`Failed to allocate subnet: ${message}.`, { type: 'SubnetAllocationError' });

/** Blocks in and out of subnet pools, as neutron/ipam/subnet_alloc.py. Every method joins or makes a transaction. */
export class SubnetpoolAllocation {
  readonly #context: NetworkContext;
  readonly #pools: SubnetpoolApp;

  constructor(context: NetworkContext, quotas: Quotas) {
    this.#context = context;
    this.#pools = new SubnetpoolApp(context, quotas);
  }

  /** Finds a new subnet its block. The caller inserts it in the same transaction, so no other gets it meanwhile. */
  allot(caller: Caller, network: NetworkRow, projectId: string, asked: Asked): Allotment {
    const cidr = asked.cidr ?? undefined;
    const prefixlen = asked.prefixlen ?? undefined;
    if (cidr !== undefined && prefixlen !== undefined)
      throw badSubnet('cidr and prefixlen must not be supplied together');
    const pool = this.#poolFor(caller, asked);
    if (pool === undefined) {
      if (cidr !== undefined) this.#checkAffinity(network, Number(asked.ip_version) as 4 | 6, undefined);
      return { cidr, subnetpoolId: null };
    }
    if (cidr === undefined && (asked.allocation_pools ?? undefined) !== undefined)
      throw badSubnet('allocation_pools allowed only for specific subnet requests');
    if (Number(asked.ip_version) !== pool.ip_version) {
      throw badSubnet(`Cannot allocate IPv${asked.ip_version} subnet from IPv${pool.ip_version} subnet pool`);
    }
    this.#checkAffinity(network, pool.ip_version, pool);
    const wanted = cidr === undefined ? undefined : parseBlock(cidr);
    if (cidr !== undefined && wanted === undefined)
      throw badRequest(`Invalid input for cidr. Reason: '${cidr}' is not a valid IP subnet.`);
    const length = wanted?.prefix ?? Number(prefixlen ?? pool.default_prefixlen);
    checkLength(pool, length);
    this.#checkQuota(pool, projectId, length);
    const block = wanted === undefined ? this.#any(pool, length) : this.#exactly(pool, wanted);
    return { cidr: formatBlock(block), subnetpoolId: pool.id };
  }

  #poolFor(caller: Caller, asked: Asked): SubnetpoolRow | undefined {
    const id = asked.subnetpool_id ?? undefined;
    const usual = asked.use_default_subnetpool === true;
    if (usual && id !== undefined)
      throw badSubnet('subnetpool_id and use_default_subnetpool cannot both be specified');
    if (id !== undefined) return this.#pools.load(caller, id);
    if (!usual) return undefined;
    const version = Number(asked.ip_version) as 4 | 6;
    const found = defaultPool(this.#context.db, version);
    if (found === undefined) throw badSubnet(`No default subnetpool found for IPv${version}`);
    return this.#pools.load(caller, found.id);
  }

  /** Subnets of one version on a network are out of one pool, or out of pools of one address scope. */
  #checkAffinity(network: NetworkRow, version: 4 | 6, pool: SubnetpoolRow | undefined): void {
    const { db } = this.#context;
    const scope = scopesOfNetworks(db, [network.id]).find((one) => one.ip_version === version)?.id;
    if (scope !== undefined && pool !== undefined && pool.address_scope_id !== scope) throw scopeAffinity();
    const others = subnetsOf(db, network.id).filter((subnet) => subnet.ip_version === version);
    const foreign =
      pool === undefined
        ? others.some((subnet) => subnet.subnetpool_id !== null)
        : scope === undefined && others.some((subnet) => subnet.subnetpool_id !== pool.id);
    if (!foreign) return;
    throw badRequest('Subnets hosted on the same network must be allocated from the same subnet pool.', {
      type: 'NetworkSubnetPoolAffinityError',
    });
  }

  #checkQuota(pool: SubnetpoolRow, projectId: string, length: number): void {
    if (pool.default_quota === null || pool.default_quota === 0) return;
    const { unit } = VERSION[pool.ip_version];
    const units = (prefix: number): number => 2 ** (unit - prefix);
    const used = subnetsOfPool(this.#context.db, pool.id)
      .filter((subnet) => subnet.project_id === projectId)
      .reduce((sum, subnet) => sum + units(parseBlock(subnet.cidr)?.prefix ?? unit), 0);
    if (used + units(length) > pool.default_quota)
      throw overQuota('Per-tenant subnet pool prefix quota exceeded.', { type: 'SubnetPoolQuotaExceeded' });
  }

  /** Free blocks, the smallest first, so that large ones stay whole. */
  #free(pool: SubnetpoolRow): Block[] {
    const taken = blocksOf(subnetsOfPool(this.#context.db, pool.id).map((subnet) => subnet.cidr));
    return toBlocks(pool.ip_version, subtract(prefixesOf(pool), taken)).sort((a, b) => b.prefix - a.prefix);
  }

  #any(pool: SubnetpoolRow, length: number): Block {
    const found = this.#free(pool).find((block) => block.prefix <= length);
    if (found === undefined)
      throw cannotAllocate(`Insufficient prefix space to allocate subnet size /${length}`);
    const width = pool.ip_version === 4 ? 32 : 128;
    const last = found.first + (1n << BigInt(width - length)) - 1n;
    return { version: pool.ip_version, prefix: length, first: found.first, last };
  }

  #exactly(pool: SubnetpoolRow, wanted: Block): Block {
    if (wanted.version === pool.ip_version && within([wanted], this.#free(pool))) return wanted;
    throw cannotAllocate('Cannot allocate requested subnet from the available set of prefixes');
  }

  addPrefixes(caller: Caller, row: SubnetpoolRow, prefixes: readonly string[]): string[] {
    const all = [...(JSON.parse(row.prefixes) as string[]), ...prefixes];
    return JSON.parse(this.#pools.update(caller, row, { prefixes: all }).prefixes) as string[];
  }

  /** @throws {CloudError} IllegalSubnetPoolPrefixUpdate when a subnet has addresses of them. */
  removePrefixes(row: SubnetpoolRow, prefixes: readonly string[]): string[] {
    const { db, clock } = this.#context;
    const gone = readPrefixes(prefixes);
    return transaction(db, () => {
      const pool = subnetpools.byId(db, row.id) ?? row;
      const all = prefixesOf(pool);
      if (gone.some((block) => block.version !== pool.ip_version) || !intersect(all, gone))
        return JSON.parse(pool.prefixes) as string[];
      if (intersect(blocksOf(subnetsOfPool(db, pool.id).map((subnet) => subnet.cidr)), gone)) {
        throw badRequest(
          'Illegal update to prefixes: One or more the prefixes to be removed is in use by a subnet.',
          { type: 'IllegalSubnetPoolPrefixUpdate' },
        );
      }
      const left = toBlocks(pool.ip_version, subtract(all, gone)).map(formatBlock);
      subnetpools.update(db, pool, {
        prefixes: JSON.stringify(left),
        updated_at: clock(),
        revision: pool.revision + 1,
      });
      return left;
    });
  }

  /** Takes the subnets of a network, and their blocks, into the pool. */
  onboard(caller: Caller, row: SubnetpoolRow, networkId: string): { id: string; cidr: string }[] {
    const { db, clock, tasks } = this.#context;
    const network = networks.byId(db, networkId);
    if (network === undefined || (!isAdmin(caller) && !maySee(db, caller.auth, network)))
      throw networkNotFound(networkId);
    if (!isAdmin(caller) && network.project_id !== caller.auth.projectId)
      throw forbidden('Not authorized.', { type: 'NotAuthorized' });
    return transaction(db, () => {
      const subnets = subnetsOf(db, network.id).filter((subnet) => subnet.ip_version === row.ip_version);
      const taken = blocksOf(subnetsOfPool(db, row.id).map((subnet) => subnet.cidr));
      for (const subnet of subnets) {
        if (!intersect(blocksOf([subnet.cidr]), taken)) continue;
        throw badRequest(
          `Illegal subnetpool update : Onboarding subnet ${subnet.id}: ${subnet.cidr} conflicts with allocated prefixes in subnet pool ${row.id}.`,
          { type: 'IllegalSubnetPoolUpdate' },
        );
      }
      if (subnets.length > 0)
        this.addPrefixes(
          caller,
          row,
          subnets.map((subnet) => subnet.cidr),
        );
      for (const subnet of subnets) setSubnetPool(db, subnet.id, row.id, clock());
      for (const networkId of new Set(subnets.map((subnet) => subnet.network_id))) tasks.provision(networkId);
      return subnets.map(({ id, cidr }) => ({ id, cidr }));
    });
  }
}

function checkLength(pool: SubnetpoolRow, length: number): void {
  if (length > pool.max_prefixlen) {
    throw badRequest(
      `Unable to allocate subnet with prefix length ${length}, maximum allowed prefix is ${pool.max_prefixlen}.`,
      { type: 'MaxPrefixSubnetAllocationError' },
    );
  }
  if (length < pool.min_prefixlen) {
    throw badRequest(
      `Unable to allocate subnet with prefix length ${length}, minimum allowed prefix is ${pool.min_prefixlen}.`,
      { type: 'MinPrefixSubnetAllocationError' },
    );
  }
}
