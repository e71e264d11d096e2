import { statement, type Db } from '../../db/index.ts';
import type { StandardRow } from './row.ts';
import { inJson, table } from './table.ts';

/** A router's wish that a helper of the kernel follows a protocol with connections of its own (FTP, SIP, ...). */
export interface ConntrackHelperRow extends StandardRow {
  readonly router_id: string;
  readonly helper: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
}

export const conntrackHelpers = table<ConntrackHelperRow>('conntrack_helper');

/** In the order of their creation. */
export const helpersOfRouters = (db: Db, routerIds: readonly string[]): ConntrackHelperRow[] =>
  statement<[string], ConntrackHelperRow>(
    db,
    `SELECT * FROM conntrack_helper WHERE router_id IN ${inJson} ORDER BY +seq`,
  ).all(JSON.stringify(routerIds));
