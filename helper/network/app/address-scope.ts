import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import { networkRules } from '../policy.ts';
import type { AddressScopeCreate, AddressScopeUpdate } from '../schemas/address-scope.ts';
import { addressScopes, type AddressScopeRow } from '../store/address-scope.ts';
import { dropPoliciesOf, openAmong } from '../store/rbac.ts';
import { poolsOfScope } from '../store/subnetpool.ts';
import { checkAttributes, demand, isAdmin, ownRows, projectFor } from './caller.ts';
import type { Caller, NetworkContext } from './context.ts';
import { columns, listResources, type Listing } from './listing.ts';
import type { Shareable } from './rbac.ts';
import { isOpenTo, openRows, openToEverybody, SHARED, sharedFilter } from './sharing.ts';

const { text } = columns;

const listing: Listing<AddressScopeRow> = {
  table: addressScopes,
  plural: 'address_scopes',
  columns: {
    id: text('id'),
    project_id: text('project_id'),
    tenant_id: text('project_id'),
    name: text('name'),
    ip_version: { sql: 'ip_version', type: 'integer' },
  },
};

export const scopeNotFound = (id: string): Error =>
  notFound(`Address scope ${id} could not be found.`, { type: 'AddressScopeNotFound' });

/** https://docs.openstack.org/api-ref/network/v2/#address-scopes */
export class AddressScopeApp {
  readonly #context: NetworkContext;

  constructor(context: NetworkContext) {
    this.#context = context;
  }

  load(caller: Pick<Caller, 'auth'>, id: string): AddressScopeRow {
    const { db } = this.#context;
    const row = addressScopes.byId(db, id);
    const visible =
      row !== undefined &&
      (isAdmin(caller) || row.project_id === caller.auth.projectId || isOpenTo(db, caller.auth, id));
    if (!visible) throw scopeNotFound(id);
    return row;
  }

  target(caller: Pick<Caller, 'auth'>, row: AddressScopeRow) {
    return { project_id: row.project_id, shared: isOpenTo(this.#context.db, caller.auth, row.id) };
  }

  views(caller: Pick<Caller, 'auth'>, rows: readonly AddressScopeRow[]) {
    const ids = rows.map((row) => row.id);
    const shared = openAmong(this.#context.db, SHARED, ids, caller.auth.projectId ?? '');
    return rows.map((row) => ({
      id: row.id,
      project_id: row.project_id,
      tenant_id: row.project_id,
      name: row.name,
      shared: shared.has(row.id),
      ip_version: row.ip_version,
    }));
  }

  list(context: RequestContext): Record<string, unknown> {
    const { auth } = context;
    const visible = ownRows(context, openRows(auth, 'address_scope'));
    const special = { shared: sharedFilter(auth, 'address_scope') };
    return listResources(this.#context.db, { ...listing, special }, context, visible, (rows) =>
      this.views(context, rows),
    );
  }

  create(caller: Caller, bodies: readonly AddressScopeCreate[]): AddressScopeRow[] {
    const { db } = this.#context;
    return transaction(db, () =>
      bodies.map((body) => {
        const projectId = projectFor(caller, body);
        const target = { project_id: projectId };
        demand(caller, 'create_address_scope', target);
        checkAttributes(caller, networkRules, 'create_address_scope', body, target, { shared: false });
        const id = randomUUID();
        addressScopes.insert(db, {
          id,
          project_id: projectId,
          name: body.name ?? '',
          ip_version: Number(body.ip_version),
        });
        if (body.shared === true) openToEverybody(db, { type: 'address_scope', id, project_id: projectId });
        return addressScopes.byId(db, id) as AddressScopeRow;
      }),
    );
  }

  update(caller: Caller, row: AddressScopeRow, body: AddressScopeUpdate): AddressScopeRow {
    const { db } = this.#context;
    checkAttributes(caller, networkRules, 'update_address_scope', body, this.target(caller, row));
    return transaction(db, () => {
      const shared = openAmong(db, SHARED, [row.id], '').has(row.id);
      if (body.shared === false && shared) {
        throw badRequest(
          `Unable to update address scope ${row.id} : Shared address scope can't be unshared.`,
          {
            type: 'AddressScopeUpdateError',
          },
        );
      }
      if (body.shared === true)
        openToEverybody(db, { type: 'address_scope', id: row.id, project_id: row.project_id });
      return addressScopes.update(db, row, { name: body.name ?? row.name });
    });
  }

  /** @throws {CloudError} AddressScopeInUse while a subnet pool is of it. */
  delete(row: AddressScopeRow): void {
    const { db } = this.#context;
    transaction(db, () => {
      if (poolsOfScope(db, row.id).length > 0) {
        throw conflict(
          `Unable to complete operation on address scope ${row.id}. There are one or more subnet pools in use on the address scope.`,
          { type: 'AddressScopeInUse' },
        );
      }
      dropPoliciesOf(db, row.id);
      addressScopes.delete(db, row.id);
    });
  }
}

export const shareableScopes: Shareable = {
  type: 'address_scope',
  actions: [SHARED],
  owner: (db, id) => addressScopes.byId(db, id)?.project_id,
  notFound: scopeNotFound,
  users: (db, id) => poolsOfScope(db, id).map((pool) => pool.project_id),
};
