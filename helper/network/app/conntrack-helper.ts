import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import { numberOf } from '../protocol.ts';
import type { ConntrackHelperCreate, ConntrackHelperUpdate } from '../schemas/conntrack-helper.ts';
import { conntrackHelpers, helpersOfRouters, type ConntrackHelperRow } from '../store/conntrack-helper.ts';
import type { RouterRow } from '../store/router.ts';
import type { Caller } from './context.ts';
import { columns, listResources, type Listing } from './listing.ts';
import type { RouterContext } from './router-context.ts';

const { text } = columns;

const listing: Listing<ConntrackHelperRow> = {
  table: conntrackHelpers,
  plural: 'conntrack_helpers',
  columns: {
    id: text('id'),
    helper: text('helper'),
    protocol: text('protocol'),
    port: { sql: 'port', type: 'integer' },
  },
};

/** neutron's allowed_conntrack_helpers; each is in the kernel of any distribution. */
const ALLOWED: Readonly<Record<string, readonly ConntrackHelperRow['protocol'][]>> = {
  amanda: ['tcp'],
  ftp: ['tcp'],
  h323: ['udp', 'tcp'],
  irc: ['tcp'],
  'netbios-ns': ['udp'],
  pptp: ['tcp'],
  sane: ['tcp'],
  sip: ['udp', 'tcp'],
  snmp: ['udp'],
  tftp: ['udp'],
};

export const helperBrief = ({ helper, protocol, port }: ConntrackHelperRow) => ({ helper, protocol, port });

/** l3-conntrack-helper: which protocols with connections of their own a router understands, and at which ports. */
export class ConntrackHelperApp {
  readonly #context: RouterContext;

  constructor(context: RouterContext) {
    this.#context = context;
  }

  /** @throws {CloudError} ConntrackHelperNotFound, also for another router's. */
  load(routerId: string, id: string): ConntrackHelperRow {
    const row = conntrackHelpers.byId(this.#context.network.db, id);
    if (row?.router_id !== routerId)
      throw notFound(`Conntrack Helper ${id} could not be found.`, { type: 'ConntrackHelperNotFound' });
    return row;
  }

  views(rows: readonly ConntrackHelperRow[]) {
    return rows.map((row) => ({ id: row.id, ...helperBrief(row) }));
  }

  list(context: RequestContext, routerId: string): Record<string, unknown> {
    const mine = [{ sql: 'router_id = ?', values: [routerId] }];
    return listResources(this.#context.network.db, listing, context, mine, (rows) => this.views(rows));
  }

  create(caller: Caller, router: RouterRow, bodies: readonly ConntrackHelperCreate[]): ConntrackHelperRow[] {
    const { db, clock } = this.#context.network;
    return transaction(db, () =>
      bodies.map((body) => {
        const now = clock();
        const row = {
          id: randomUUID(),
          project_id: router.project_id,
          description: '',
          router_id: router.id,
          ...checked(body),
          created_at: now,
          updated_at: now,
          revision: 1,
        };
        this.#checkOnce(row);
        conntrackHelpers.insert(db, row);
        this.#context.routerTasks.changed(router.id, caller);
        return conntrackHelpers.byId(db, row.id) as ConntrackHelperRow;
      }),
    );
  }

  update(caller: Caller, row: ConntrackHelperRow, body: ConntrackHelperUpdate): ConntrackHelperRow {
    const { db, clock } = this.#context.network;
    return transaction(db, () => {
      const current = this.load(row.router_id, row.id);
      const changes = checked({ ...helperBrief(current), ...body });
      this.#checkOnce({ ...current, ...changes });
      const changed = conntrackHelpers.update(db, current, {
        ...changes,
        updated_at: clock(),
        revision: current.revision + 1,
      });
      this.#context.routerTasks.changed(row.router_id, caller);
      return changed;
    });
  }

  delete(caller: Caller, row: ConntrackHelperRow): void {
    const { db } = this.#context.network;
    transaction(db, () => {
      if (!conntrackHelpers.delete(db, row.id)) this.load(row.router_id, row.id);
      this.#context.routerTasks.changed(row.router_id, caller);
    });
  }

  #checkOnce(row: Omit<ConntrackHelperRow, 'seq'>): void {
    const { db } = this.#context.network;
    // One port has one helper: the kernel would take either.
    const other = helpersOfRouters(db, [row.router_id]).find(
      (one) => one.id !== row.id && one.protocol === row.protocol && one.port === row.port,
    );
    if (other === undefined) return;
    throw badRequest(
      `Bad conntrack_helper request: A duplicate conntrack helper entry with same attributes already exists, conflicting values are ${JSON.stringify(helperBrief(other))}.`,
      { type: 'BadRequest' },
    );
  }
}

function checked(
  body: Pick<ConntrackHelperCreate, 'helper' | 'protocol' | 'port'>,
): Pick<ConntrackHelperRow, 'helper' | 'protocol' | 'port'> {
  const supported = Object.hasOwn(ALLOWED, body.helper) ? ALLOWED[body.helper] : undefined;
  if (supported === undefined)
    throw badRequest(`Conntrack Helper ${body.helper} is not allowed.`, {
      type: 'ConntrackHelperNotAllowed',
    });
  const number = numberOf(body.protocol.toLowerCase());
  const protocol = number === 6 ? 'tcp' : number === 17 ? 'udp' : undefined;
  if (protocol === undefined || !supported.includes(protocol)) {
    throw badRequest(
      `Conntrack Helper ${body.helper} does not support: ${body.protocol}. Supported protocols: ${supported.join(', ')}.`,
      { type: 'InvalidProtocolForHelper' },
    );
  }
  const port = Number(body.port);
  if (port > 65_535)
    throw badRequest(`Invalid input for port. Reason: '${body.port}' is not between 1 and 65535.`);
  return { helper: body.helper, protocol, port };
}
