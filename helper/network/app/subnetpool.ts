import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import { networkRules } from '../policy.ts';
import type { SubnetpoolCreate, SubnetpoolUpdate } from '../schemas/subnetpool.ts';
import { addressScopes } from '../store/address-scope.ts';
import { dropPoliciesOf, openAmong, policiesOf } from '../store/rbac.ts';
import { defaultPool, subnetpools, subnetsOfPool, type SubnetpoolRow } from '../store/subnetpool.ts';
import type { Block } from './address.ts';
import { scopeNotFound } from './address-scope.ts';
import { within } from './block-set.ts';
import { checkAttributes, demand, isAdmin, ownRows, projectFor } from './caller.ts';
import type { Caller, NetworkContext } from './context.ts';
import { columns, listResources, standardColumns, tagFilters, type Listing } from './listing.ts';
import type { Quotas } from './quota.ts';
import type { Shareable } from './rbac.ts';
import { EVERYBODY, isOpenTo, openRows, openToEverybody, SHARED, sharedFilter } from './sharing.ts';
import {
  checkBounds,
  checkScopeAffinity,
  checkScopePrefixes,
  compact,
  prefixesOf,
  readPrefixes,
  VERSION,
  type Bounds,
} from './subnetpool-rules.ts';
import { standard } from './view.ts';

const { text, flag } = columns;

const listing: Listing<SubnetpoolRow> = {
  table: subnetpools,
  plural: 'subnetpools',
  columns: {
    ...standardColumns,
    name: text('name'),
    ip_version: { sql: 'ip_version', type: 'integer' },
    min_prefixlen: { sql: 'min_prefixlen', type: 'integer' },
    max_prefixlen: { sql: 'max_prefixlen', type: 'integer' },
    default_prefixlen: { sql: 'default_prefixlen', type: 'integer' },
    default_quota: { sql: 'default_quota', type: 'integer' },
    address_scope_id: text('address_scope_id'),
    is_default: flag('is_default'),
  },
  special: tagFilters('subnetpool'),
};

export const subnetpoolNotFound = (id: string): Error =>
  notFound(`Subnet pool ${id} could not be found.`, { type: 'SubnetPoolNotFound' });

const illegalUpdate = (message: string): Error =>
  badRequest(`Illegal subnetpool update : ${message}.`, { type: 'IllegalSubnetPoolUpdate' });

/** https://docs.openstack.org/api-ref/network/v2/#subnet-pools-extension-subnetpools */
export class SubnetpoolApp {
  readonly #context: NetworkContext;
  readonly #quotas: Quotas;

  constructor(context: NetworkContext, quotas: Quotas) {
    this.#context = context;
    this.#quotas = quotas;
  }

  load(caller: Pick<Caller, 'auth'>, id: string): SubnetpoolRow {
    const { db } = this.#context;
    const row = subnetpools.byId(db, id);
    const visible =
      row !== undefined &&
      (isAdmin(caller) || row.project_id === caller.auth.projectId || isOpenTo(db, caller.auth, id));
    if (!visible) throw subnetpoolNotFound(id.slice(0, 80));
    return row;
  }

  target(caller: Pick<Caller, 'auth'>, row: SubnetpoolRow) {
    return { project_id: row.project_id, shared: isOpenTo(this.#context.db, caller.auth, row.id) };
  }

  views(caller: Pick<Caller, 'auth'>, rows: readonly SubnetpoolRow[]) {
    const ids = rows.map((row) => row.id);
    const shared = openAmong(this.#context.db, SHARED, ids, caller.auth.projectId ?? '');
    return rows.map((row) => ({
      ...standard(row),
      name: row.name,
      ip_version: row.ip_version,
      prefixes: JSON.parse(row.prefixes) as string[],
      // As text: so neutron has them.
      min_prefixlen: String(row.min_prefixlen),
      max_prefixlen: String(row.max_prefixlen),
      default_prefixlen: String(row.default_prefixlen),
      default_quota: row.default_quota,
      address_scope_id: row.address_scope_id,
      is_default: row.is_default === 1,
      shared: shared.has(row.id),
      tags: JSON.parse(row.tags) as string[],
    }));
  }

  list(context: RequestContext): Record<string, unknown> {
    const { auth } = context;
    const visible = ownRows(context, openRows(auth, 'subnetpool'));
    const special = { ...listing.special, shared: sharedFilter(auth, 'subnetpool') };
    return listResources(this.#context.db, { ...listing, special }, context, visible, (rows) =>
      this.views(context, rows),
    );
  }

  create(caller: Caller, bodies: readonly SubnetpoolCreate[]): SubnetpoolRow[] {
    return transaction(this.#context.db, () => bodies.map((body) => this.#create(caller, body)));
  }

  #create(caller: Caller, body: SubnetpoolCreate): SubnetpoolRow {
    const { db, clock } = this.#context;
    const projectId = projectFor(caller, body);
    const target = { project_id: projectId };
    demand(caller, 'create_subnetpool', target);
    checkAttributes(caller, networkRules, 'create_subnetpool', body, target, {
      shared: false,
      is_default: false,
    });
    this.#quotas.check(db, projectId, 'subnetpool');
    const blocks = readPrefixes(body.prefixes);
    const { version, prefixes } = compact(blocks);
    const min_prefixlen = numberOr(body.min_prefixlen, VERSION[version].min);
    const bounds: Bounds = {
      min_prefixlen,
      max_prefixlen: numberOr(body.max_prefixlen, VERSION[version].max),
      default_prefixlen: numberOr(body.default_prefixlen, min_prefixlen),
    };
    checkBounds(version, bounds);
    if (body.is_default === true) this.#checkNoDefault(version);
    const id = randomUUID();
    const scopeId = body.address_scope_id ?? null;
    this.#checkScope(caller, scopeId, { id, ip_version: version }, blocks);
    const now = clock();
    subnetpools.insert(db, {
      id,
      project_id: projectId,
      name: body.name ?? '',
      description: body.description ?? '',
      ip_version: version,
      prefixes: JSON.stringify(prefixes),
      ...bounds,
      default_quota: numberOr(body.default_quota, null),
      address_scope_id: scopeId,
      is_default: body.is_default ?? false,
      tags: JSON.stringify(body.tags ?? []),
      created_at: now,
      updated_at: now,
      revision: 1,
    });
    if (body.shared === true) openToEverybody(db, { type: 'subnetpool', id, project_id: projectId });
    return subnetpools.byId(db, id) as SubnetpoolRow;
  }

  #checkNoDefault(version: 4 | 6): void {
    if (defaultPool(this.#context.db, version) === undefined) return;
    throw badRequest(
      'Invalid input for operation: A default subnetpool for this IP family has already been set. Only one default may exist per IP family.',
      { type: 'InvalidInput' },
    );
  }

  #checkScope(
    caller: Caller,
    scopeId: string | null,
    pool: Pick<SubnetpoolRow, 'id' | 'ip_version'>,
    blocks: readonly Block[],
  ): void {
    if (scopeId === null) return;
    const { db } = this.#context;
    const scope = addressScopes.byId(db, scopeId);
    const usable =
      scope !== undefined &&
      (isAdmin(caller) || scope.project_id === caller.auth.projectId || isOpenTo(db, caller.auth, scopeId));
    if (!usable) throw scopeNotFound(scopeId);
    if (scope.ip_version !== pool.ip_version) {
      throw badRequest(
        `Illegal subnetpool association: subnetpool ${pool.id} cannot associate with address scope ${scopeId} because subnetpool ip_version is not ${scope.ip_version}.`,
        { type: 'IllegalSubnetPoolIpVersionAssociationToAddressScope' },
      );
    }
    checkScopeAffinity(db, pool);
    checkScopePrefixes(db, scopeId, pool.id, blocks);
  }

  update(caller: Caller, row: SubnetpoolRow, body: SubnetpoolUpdate): SubnetpoolRow {
    const { db } = this.#context;
    checkAttributes(caller, networkRules, 'update_subnetpool', body, this.target(caller, row), {
      is_default: row.is_default === 1,
    });
    return transaction(db, () => this.#update(caller, subnetpools.byId(db, row.id) ?? row, body));
  }

  #update(caller: Caller, row: SubnetpoolRow, body: SubnetpoolUpdate): SubnetpoolRow {
    const { db, clock, tasks } = this.#context;
    const asked = body.prefixes === undefined ? prefixesOf(row) : readPrefixes(body.prefixes);
    const { version, prefixes } = compact(asked);
    if (version !== row.ip_version || !within(prefixesOf(row), asked)) {
      throw badRequest(
        'Illegal update to prefixes: Existing prefixes must be a subset of the new prefixes.',
        {
          type: 'IllegalSubnetPoolPrefixUpdate',
        },
      );
    }
    const bounds: Bounds = {
      min_prefixlen: numberOr(body.min_prefixlen, row.min_prefixlen),
      max_prefixlen: numberOr(body.max_prefixlen, row.max_prefixlen),
      default_prefixlen: numberOr(body.default_prefixlen, row.default_prefixlen),
    };
    checkBounds(version, bounds);
    if (body.is_default === true && row.is_default === 0) this.#checkNoDefault(version);
    const old = row.address_scope_id === null ? undefined : addressScopes.byId(db, row.address_scope_id);
    if (old !== undefined && !isAdmin(caller) && old.project_id !== caller.auth.projectId) {
      throw illegalUpdate(
        `subnetpool ${row.id} cannot be updated when associated with shared address scope ${old.id}`,
      );
    }
    const scopeId = body.address_scope_id === undefined ? row.address_scope_id : body.address_scope_id;
    this.#checkScope(caller, scopeId, row, asked);
    // Routers keep scopes apart.
    if (scopeId !== row.address_scope_id)
      for (const id of new Set(subnetsOfPool(db, row.id).map((subnet) => subnet.network_id)))
        tasks.provision(id);
    return subnetpools.update(db, row, {
      name: body.name ?? row.name,
      description: body.description ?? row.description,
      prefixes: JSON.stringify(prefixes),
      ...bounds,
      default_quota:
        body.default_quota === undefined ? row.default_quota : numberOr(body.default_quota, null),
      address_scope_id: scopeId,
      is_default: Number(body.is_default ?? row.is_default),
      updated_at: clock(),
      revision: row.revision + 1,
    });
  }

  /** @throws {CloudError} SubnetPoolDeleteError while subnets are out of it. */
  delete(row: SubnetpoolRow): void {
    const { db } = this.#context;
    transaction(db, () => {
      if (subnetsOfPool(db, row.id).length > 0) {
        throw badRequest('Unable to delete subnet pool: Subnet pool has existing allocations.', {
          type: 'SubnetPoolDeleteError',
        });
      }
      dropPoliciesOf(db, row.id);
      subnetpools.delete(db, row.id);
    });
  }
}

const numberOr = <T>(given: number | string | null | undefined, other: T): number | T =>
  given === undefined || given === null ? other : Number(given);

/** A pool is shared with those only who may use its address scope as well. */
export const shareablePools: Shareable = {
  type: 'subnetpool',
  actions: [SHARED],
  owner: (db, id) => subnetpools.byId(db, id)?.project_id,
  notFound: subnetpoolNotFound,
  users: (db, id) => subnetsOfPool(db, id).map((subnet) => subnet.project_id),
  opening: (db, { object_id, target_tenant }) => {
    const scopeId = subnetpools.byId(db, object_id)?.address_scope_id ?? null;
    const scope = scopeId === null ? undefined : addressScopes.byId(db, scopeId);
    if (scope === undefined || scope.project_id === target_tenant) return;
    const targets = policiesOf(db, scope.id, SHARED).map((one) => one.target_tenant);
    if (targets.includes(EVERYBODY) || targets.includes(target_tenant)) return;
    throw badRequest(
      `Failed to create RBAC policy on object ${object_id} because project id=${target_tenant} doesn't have access to address scope id=${scope.id}.`,
      { type: 'RbacPolicyInitError' },
    );
  },
};
