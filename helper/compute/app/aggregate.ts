import { randomUUID } from 'node:crypto';
import { transaction, type Db } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import { type Caller, mv } from '../../http/index.ts';
import {
  addAggregateHost,
  aggregatesWithHosts,
  deleteAggregate,
  findAggregate,
  findAggregateByName,
  insertAggregate,
  listAggregates,
  removeAggregateHost,
  updateAggregate,
  type Aggregate,
} from '../store/aggregate.ts';
import type { HostProviders } from '../../placement/index.ts';
import { findHost, serversOnHosts } from '../store/host.ts';
import { plainTime } from './server-view.ts';

const ZONE = 'availability_zone';

export interface AggregateDeps {
  readonly db: Db;
  readonly clock: () => number;
  /** The placement service, which knows hosts by the aggregates too. */
  readonly providers?: HostProviders;
}

interface AggregateChange {
  readonly name?: string;
  readonly availability_zone?: string | null;
}

/** /os-aggregates: groups of hosts, with a zone or with what flavors can ask for. */
export class AggregateApp {
  readonly #deps: AggregateDeps;

  constructor(deps: AggregateDeps) {
    this.#deps = deps;
  }

  list(caller: Caller): object {
    return { aggregates: listAggregates(this.#deps.db).map((one) => aggregateView(caller, one)) };
  }

  show(caller: Caller, id: string): object {
    return { aggregate: aggregateView(caller, this.#find(id)) };
  }

  create(caller: Caller, request: AggregateChange): object {
    const { db, clock } = this.#deps;
    const { name = '', availability_zone: zone } = request;
    return transaction(db, () => {
      if (findAggregateByName(db, name) !== undefined) throw conflict(`Aggregate ${name} already exists.`);
      const metadata: Record<string, string> = zone ? { [ZONE]: zone } : {};
      const id = insertAggregate(db, { uuid: randomUUID(), name, metadata }, clock());
      return { aggregate: aggregateBrief(caller, this.#find(String(id))) };
    });
  }

  update(caller: Caller, id: string, request: AggregateChange): object {
    return this.#change(caller, id, (aggregate) => {
      const name = request.name ?? aggregate.name;
      const twin = findAggregateByName(this.#deps.db, name);
      if (twin !== undefined && twin.id !== aggregate.id) throw conflict(`Aggregate ${name} already exists.`);
      const zone = request.availability_zone;
      return {
        name,
        metadata: zone === undefined ? aggregate.metadata : merged(aggregate.metadata, { [ZONE]: zone }),
      };
    });
  }

  setMetadata(caller: Caller, id: string, changes: Readonly<Record<string, string | null>>): object {
    return this.#change(caller, id, ({ name, metadata }) => ({ name, metadata: merged(metadata, changes) }));
  }

  remove(id: string): void {
    transaction(this.#deps.db, () => {
      const aggregate = this.#find(id);
      if (aggregate.hosts.length > 0) throw badRequest('Cannot remove aggregate: it is not empty.');
      deleteAggregate(this.#deps.db, aggregate.id);
    });
  }

  addHost(caller: Caller, id: string, host: string): object {
    const { db } = this.#deps;
    return transaction(db, () => {
      const aggregate = this.#find(id);
      const row = findHost(db, host);
      if (row === undefined) throw notFound(`Compute host ${host} could not be found.`);
      this.#checkZone({ ...aggregate, hosts: [host] });
      if (!addAggregateHost(db, aggregate.id, host)) {
        throw conflict(`Cannot add host ${host} in aggregate ${id}: host exists`);
      }
      this.#deps.providers?.setMember(db, row.uuid, aggregate.uuid, true);
      return this.show(caller, id);
    });
  }

  removeHost(caller: Caller, id: string, host: string): object {
    return transaction(this.#deps.db, () => {
      const aggregate = this.#find(id);
      if (!removeAggregateHost(this.#deps.db, aggregate.id, host)) {
        throw notFound(`Cannot remove host ${host} in aggregate ${id}: host not found`);
      }
      const row = findHost(this.#deps.db, host);
      if (row !== undefined) this.#deps.providers?.setMember(this.#deps.db, row.uuid, aggregate.uuid, false);
      return this.show(caller, id);
    });
  }

  #change(
    caller: Caller,
    id: string,
    change: (aggregate: Aggregate) => Pick<Aggregate, 'name' | 'metadata'>,
  ): object {
    const { db, clock } = this.#deps;
    return transaction(db, () => {
      const aggregate = this.#find(id);
      const changed = change(aggregate);
      if (changed.metadata[ZONE] !== aggregate.metadata[ZONE]) {
        this.#checkZone({ ...aggregate, ...changed });
        if (serversOnHosts(db, aggregate.hosts).length > 0) {
          throw conflict(`Cannot update aggregate ${id}: one or more hosts contain instances in this zone`);
        }
      }
      updateAggregate(db, aggregate.id, changed, clock());
      return this.show(caller, id);
    });
  }

  /** A host is in one zone at most. */
  #checkZone(aggregate: Aggregate): void {
    const zone = aggregate.metadata[ZONE];
    if (zone === undefined) return;
    const other = aggregatesWithHosts(this.#deps.db).find(
      ({ id, hosts, metadata }) =>
        id !== aggregate.id &&
        metadata[ZONE] !== undefined &&
        metadata[ZONE] !== zone &&
        hosts.some((host) => aggregate.hosts.includes(host)),
    );
    if (other === undefined) return;
    throw conflict(
      `Cannot perform action on aggregate ${aggregate.id}: one or more hosts already in availability zone(s) ${String(other.metadata[ZONE])}`,
    );
  }

  #find(id: string): Aggregate {
    const found = /^\d{1,15}$/.test(id) ? findAggregate(this.#deps.db, Number(id)) : undefined;
    if (found === undefined) throw notFound(`Aggregate ${id} could not be found.`);
    return found;
  }
}

/** Null removes a key. */
function merged(
  old: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries({ ...old, ...changes });
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null));
}

const aggregateBrief = (caller: Caller, aggregate: Aggregate): object => ({
  id: aggregate.id,
  name: aggregate.name,
  availability_zone: aggregate.metadata[ZONE] ?? null,
  created_at: plainTime(aggregate.createdAt),
  updated_at: aggregate.updatedAt === null ? null : plainTime(aggregate.updatedAt),
  deleted: false,
  deleted_at: null,
  ...(caller.version >= mv('2.41') ? { uuid: aggregate.uuid } : {}),
});

const aggregateView = (caller: Caller, aggregate: Aggregate): object => ({
  ...aggregateBrief(caller, aggregate),
  hosts: aggregate.hosts,
  metadata: aggregate.metadata,
});
