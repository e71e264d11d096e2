import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import type { AddressGroupCreate, AddressGroupUpdate } from '../schemas/address-group.ts';
import { addressGroups, rulesWithAddresses, type AddressGroupRow } from '../store/address-group.ts';
import { dropPoliciesOf } from '../store/rbac.ts';
import { formatAddress, formatBlock, parseAddress, parseBlock } from './address.ts';
import { demand, isAdmin, ownRows, projectFor } from './caller.ts';
import type { Caller, NetworkContext } from './context.ts';
import { columns, listResources, standardColumns, type Listing } from './listing.ts';
import type { Quotas } from './quota.ts';
import type { Shareable } from './rbac.ts';
import { isOpenTo, openRows, SHARED } from './sharing.ts';
import { standard } from './view.ts';

const listing: Listing<AddressGroupRow> = {
  table: addressGroups,
  plural: 'address_groups',
  columns: { ...standardColumns, name: columns.text('name') },
};

export const addressGroupNotFound = (id: string): Error =>
  notFound(`Address group ${id} could not be found.`, { type: 'AddressGroupNotFound' });

const blocksOf = (row: AddressGroupRow): string[] => JSON.parse(row.addresses) as string[];

/** https://docs.openstack.org/api-ref/network/v2/#address-groups */
export class AddressGroupApp {
  readonly #context: NetworkContext;
  readonly #quotas: Quotas;

  constructor(context: NetworkContext, quotas: Quotas) {
    this.#context = context;
    this.#quotas = quotas;
  }

  load(caller: Pick<Caller, 'auth'>, id: string): AddressGroupRow {
    const { db } = this.#context;
    const row = addressGroups.byId(db, id);
    const visible =
      row !== undefined &&
      (isAdmin(caller) || row.project_id === caller.auth.projectId || isOpenTo(db, caller.auth, id));
    if (!visible) throw addressGroupNotFound(id);
    return row;
  }

  /** For changes: whom a group is only lent does not learn more by trying, as in neutron. */
  loadOwn(caller: Pick<Caller, 'auth'>, id: string): AddressGroupRow {
    const row = this.load(caller, id);
    if (!isAdmin(caller) && row.project_id !== caller.auth.projectId) throw addressGroupNotFound(id);
    return row;
  }

  target(caller: Pick<Caller, 'auth'>, row: AddressGroupRow) {
    return { project_id: row.project_id, shared: isOpenTo(this.#context.db, caller.auth, row.id) };
  }

  views(rows: readonly AddressGroupRow[]) {
    return rows.map((row) => ({ ...standard(row), name: row.name, addresses: blocksOf(row) }));
  }

  list(context: RequestContext): Record<string, unknown> {
    const visible = ownRows(context, openRows(context.auth, 'address_group'));
    return listResources(this.#context.db, listing, context, visible, (rows) => this.views(rows));
  }

  create(caller: Caller, bodies: readonly AddressGroupCreate[]): AddressGroupRow[] {
    const { db, clock } = this.#context;
    return transaction(db, () =>
      bodies.map((body) => {
        const projectId = projectFor(caller, body);
        demand(caller, 'create_address_group', { project_id: projectId });
        this.#quotas.check(db, projectId, 'address_group');
        const addresses = (body.addresses ?? []).map((text) => {
          const block = parseBlock(text);
          if (block === undefined)
            throw badRequest(`Invalid input for addresses. Reason: '${text}' is not a valid IP subnet.`);
          return formatBlock(block);
        });
        const id = randomUUID();
        const now = clock();
        addressGroups.insert(db, {
          id,
          project_id: projectId,
          name: body.name ?? '',
          description: body.description ?? '',
          addresses: JSON.stringify([...new Set(addresses)]),
          created_at: now,
          updated_at: now,
          revision: 1,
        });
        return addressGroups.byId(db, id) as AddressGroupRow;
      }),
    );
  }

  update(row: AddressGroupRow, body: AddressGroupUpdate): AddressGroupRow {
    const { db, clock } = this.#context;
    return transaction(db, () =>
      addressGroups.update(db, row, {
        name: body.name ?? row.name,
        description: body.description ?? row.description,
        updated_at: clock(),
        revision: row.revision + 1,
      }),
    );
  }

  /**
   * Adds or removes blocks; the rules that name the group follow on the host.
   * @throws {CloudError} AddressesAlreadyExist, AddressesNotFound: nothing is changed then.
   */
  change(row: AddressGroupRow, how: 'add' | 'remove', asked: readonly string[]): AddressGroupRow {
    const { db, clock, tasks } = this.#context;
    const blocks = [...new Set(asked.map(anyBlock))];
    return transaction(db, () => {
      const current = addressGroups.byId(db, row.id);
      if (current === undefined) throw addressGroupNotFound(row.id);
      const there = blocksOf(current);
      const wrong = blocks.filter((block) => there.includes(block) === (how === 'add'));
      if (wrong.length > 0 && how === 'add') {
        throw badRequest(`Addresses ${wrong.join(', ')} already exist in the address group ${row.id}.`, {
          type: 'AddressesAlreadyExist',
        });
      }
      if (wrong.length > 0) {
        throw notFound(`Addresses ${wrong.join(', ')} not found in the address group ${row.id}.`, {
          type: 'AddressesNotFound',
        });
      }
      const addresses = how === 'add' ? [...there, ...blocks] : there.filter((one) => !blocks.includes(one));
      const changed = addressGroups.update(db, current, {
        addresses: JSON.stringify(addresses),
        updated_at: clock(),
        revision: current.revision + 1,
      });
      tasks.rulesChanged([...new Set(rulesWithAddresses(db, row.id).map((one) => one.security_group_id))]);
      return changed;
    });
  }

  /** @throws {CloudError} AddressGroupInUse while a rule names it. */
  delete(row: AddressGroupRow): void {
    const { db, tasks } = this.#context;
    transaction(db, () => {
      if (rulesWithAddresses(db, row.id).length > 0) {
        throw conflict(`Address group ${row.id} is in use on one or more security group rules.`, {
          type: 'AddressGroupInUse',
        });
      }
      dropPoliciesOf(db, row.id);
      addressGroups.delete(db, row.id);
      tasks.rulesChanged([row.id]);
    });
  }
}

/** A block, or a single address. */
function anyBlock(text: string): string {
  const address = parseAddress(text);
  if (address !== undefined)
    return `${formatAddress(address.version, address.value)}/${address.version === 4 ? 32 : 128}`;
  const block = parseBlock(text);
  if (block === undefined)
    throw badRequest(`Invalid input for addresses. Reason: '${text}' is not a valid IP subnet.`);
  return formatBlock(block);
}

export const shareableAddressGroups: Shareable = {
  type: 'address_group',
  actions: [SHARED],
  owner: (db, id) => addressGroups.byId(db, id)?.project_id,
  notFound: addressGroupNotFound,
  users: (db, id) => rulesWithAddresses(db, id).map((rule) => rule.project_id),
};
