import { volumesOfServers } from '../store/server-volume.ts';
import { forbidden, notFound, badRequest } from '../../errors/error.ts';
import { type AuthContext, type Caller, isAdmin, mv, type PolicyTarget } from '../../http/index.ts';
import type { ProxyGroup, ServerAddress } from '../../network/face.ts';
import { transaction } from '../../db/index.ts';
import type { ComputeDeps } from '../deps.ts';
import { MAX_TAGS } from '../schemas/common.ts';
import type { ServerUpdateBody } from '../schemas/server.ts';
import { metadataOfRow, tagsOfRow, type ServerRow } from '../store/server-row.ts';
import { listServers, type ListedServer, type ServerFilter, type ServerOrder } from '../store/server-list.ts';
import { findServer, setMetadata, setTags, updateServer } from '../store/server.ts';
import { requireLegal } from './server-state.ts';
import { serverBody, type ViewContext, type ViewExtras } from './server-view.ts';

/** What a path with a server id names, as policy sees it. */
export interface ServerTarget extends PolicyTarget {
  readonly project_id: string;
  readonly user_id: string;
  readonly row: ServerRow;
}

const instanceNotFound = (id: string): Error => notFound(`Instance ${id} could not be found.`);

/** Reads and small changes of servers; what takes an operation is in server-create.ts and server-action.ts. */
export class ServerApp {
  readonly #deps: ComputeDeps;

  constructor(deps: ComputeDeps) {
    this.#deps = deps;
  }

  /**
   * The server of a path. One of another project is unknown to all but administrators.
   * @throws {CloudError} notFound
   */
  target(auth: AuthContext, id: string): ServerTarget {
    const row = findServer(this.#deps.db, id);
    if (row === undefined) throw instanceNotFound(id);
    if (row.project_id !== auth.projectId && !isAdmin(auth)) throw instanceNotFound(id);
    return { project_id: row.project_id, user_id: row.user_id, row };
  }

  /** The row once more, after a change. */
  reload(id: string): ServerRow {
    const row = findServer(this.#deps.db, id);
    if (row === undefined) throw instanceNotFound(id);
    return row;
  }

  viewContext(caller: Caller, target?: PolicyTarget): ViewContext {
    const { may } = caller;
    return {
      version: caller.version,
      origin: caller.origin,
      base: caller.base,
      administrator: isAdmin(caller.auth),
      extended: may('os_compute_api:os-extended-server-attributes', target),
      extraSpecs: may('os_compute_api:servers:show:flavor-extra-specs', target),
      hostStatus: may('os_compute_api:servers:show:host_status', target)
        ? 'all'
        : may('os_compute_api:servers:show:host_status:unknown-only', target)
          ? 'unknown'
          : 'none',
    };
  }

  /** What network and hosts say of these servers; a constant number of statements for any number of them. */
  extras(rows: readonly ListedServer[]): ViewExtras {
    const { db, network, basics } = this.#deps;
    const ids = rows.map(({ id }) => id);
    const hosts = new Map<string, { readonly zone: string; readonly status: string }>();
    for (const { host } of rows) {
      if (host === null || hosts.has(host)) continue;
      hosts.set(host, { zone: basics.zones.zoneOf(db, host), status: basics.services.hostStatus(db, host) });
    }
    return {
      addresses: network.addressesOf(db, ids),
      securityGroups: network.securityGroupNamesOf(db, ids),
      volumes: volumesOfServers(db, ids),
      hosts,
    };
  }

  show(caller: Caller, target: ServerTarget): object {
    const context = this.viewContext(caller, target);
    const body = serverBody(context, target.row, this.extras([target.row]), 'show');
    return { server: this.#withGroups(caller, target.row, body) };
  }

  #withGroups(caller: Caller, row: ServerRow, body: Record<string, unknown>): object {
    if (caller.version < mv('2.71')) return body;
    return { ...body, server_groups: row.group_id === null ? [] : [row.group_id] };
  }

  /**
   * One page of rows.
   * @throws {CloudError} badRequest for an unknown marker.
   */
  list(
    filter: ServerFilter,
    order: readonly ServerOrder[],
    page: { readonly limit: number; readonly marker?: string },
  ): readonly ListedServer[] {
    const rows = listServers(this.#deps.db, filter, order, page);
    if (rows === undefined) throw badRequest(`marker [${page.marker}] not found`);
    return rows;
  }

  /** Ids of servers that have an address that `matches`, of those that `filter` lets through. */
  idsByAddress(filter: ServerFilter, version: 4 | 6, matches: (address: string) => boolean): string[] {
    const rows = listServers(this.#deps.db, filter, [], { limit: 1_000_000 }) ?? [];
    const addresses = this.#deps.network.addressesOf(
      this.#deps.db,
      rows.map(({ id }) => id),
    );
    const has = (all: readonly ServerAddress[]): boolean =>
      all.some((one) => one.version === version && matches(one.address));
    return rows.filter(({ id }) => has(addresses.get(id) ?? [])).map(({ id }) => id);
  }

  update(caller: Caller, target: ServerTarget, changes: ServerUpdateBody['server']): object {
    const { db, clock } = this.#deps;
    updateServer(
      db,
      target.row,
      {
        ...(changes.name === undefined ? {} : { name: changes.name }),
        ...(changes.description === undefined ? {} : { description: changes.description }),
        ...(changes.hostname === undefined ? {} : { hostname: changes.hostname }),
        ...(changes['OS-DCF:diskConfig'] === undefined ? {} : { diskConfig: changes['OS-DCF:diskConfig'] }),
        ...(changes.accessIPv4 === undefined ? {} : { accessIpV4: changes.accessIPv4 }),
        ...(changes.accessIPv6 === undefined ? {} : { accessIpV6: changes.accessIPv6 }),
      },
      clock(),
    );
    return { server: this.body(caller, { ...target, row: this.reload(target.row.id) }) };
  }

  /** What answers to changes show: all of it since 2.75. */
  body(caller: Caller, target: ServerTarget): object {
    const { row } = target;
    const part = caller.version >= mv('2.75') ? 'show' : 'update';
    const body = serverBody(this.viewContext(caller, target), row, this.extras([row]), part);
    return this.#withGroups(caller, row, body);
  }

  addresses(target: ServerTarget): readonly ServerAddress[] {
    if (target.row.vm_state === 'building') return [];
    const { db, network } = this.#deps;
    return network.addressesOf(db, [target.row.id]).get(target.row.id) ?? [];
  }

  groupsOf(target: ServerTarget): readonly ProxyGroup[] {
    return this.#deps.network.compute.groupsOfServer(target.row.id);
  }

  nics(target: ServerTarget) {
    const { db, network } = this.#deps;
    return network.nicsOf(db, target.row.id);
  }

  /**
   * Changes metadata; `change` gets what is there and returns what shall be.
   * @throws {CloudError} conflict in a state that does not allow it; forbidden over the limit.
   */
  changeMetadata(
    caller: Caller,
    target: ServerTarget,
    change: (old: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
  ): Readonly<Record<string, string>> {
    const { db, basics, clock } = this.#deps;
    return transaction(db, () => {
      const row = this.reload(target.row.id);
      requireLegal('update metadata', row, caller.auth);
      const metadata = change(metadataOfRow(row));
      const limit = basics.quotas.limit(db, row.project_id, 'metadata_items');
      const count = Object.keys(metadata).length;
      if (limit >= 0 && count > limit) throw forbidden(`Maximum number of metadata items exceeds ${limit}`);
      setMetadata(db, row.id, metadata, clock());
      return metadata;
    });
  }

  /** As {@link changeMetadata}, for tags (at most 50). */
  changeTags(
    caller: Caller,
    target: ServerTarget,
    change: (old: readonly string[]) => readonly string[],
  ): readonly string[] {
    const { db, clock } = this.#deps;
    return transaction(db, () => {
      const row = this.reload(target.row.id);
      requireLegal('update tags', row, caller.auth);
      const tags = [...new Set(change(tagsOfRow(row)))];
      if (tags.length > MAX_TAGS)
        throw badRequest(`The number of tags exceeded the per-server limit ${MAX_TAGS}`);
      setTags(db, row.id, tags, clock());
      return tags;
    });
  }
}
