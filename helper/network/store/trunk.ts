import { countOf } from './count.ts';
import { statement, type Db } from '../../db/index.ts';
import type { StandardRow } from './row.ts';
import { inJson, table } from './table.ts';

export interface TrunkRow extends StandardRow {
  readonly name: string;
  readonly admin_state_up: number;
  readonly port_id: string;
  readonly status: string;
  readonly tags: string;
}

export interface SubportRow {
  readonly seq: number;
  readonly port_id: string;
  readonly trunk_id: string;
  readonly segmentation_type: 'vlan';
  readonly segmentation_id: number;
}

export const trunks = table<TrunkRow>('trunk');
export const subports = table<SubportRow>('trunk_subport', 'port_id');

/** In the order in which they were added. */
export const subportsOf = (db: Db, trunkIds: readonly string[]): SubportRow[] =>
  statement<[string], SubportRow>(
    db,
    `SELECT * FROM trunk_subport WHERE trunk_id IN ${inJson} ORDER BY +seq`,
  ).all(JSON.stringify(trunkIds));

/** Trunks whose parent is one of the ports. */
export const trunksOfPorts = (db: Db, portIds: readonly string[]): TrunkRow[] =>
  statement<[string], TrunkRow>(db, `SELECT * FROM trunk WHERE port_id IN ${inJson} ORDER BY +seq`).all(
    JSON.stringify(portIds),
  );

export const countTrunks = countOf('trunk');

export const setTrunkStatus = (db: Db, trunkId: string, status: string): unknown =>
  statement<[string, string, string]>(db, 'UPDATE trunk SET status = ? WHERE id = ? AND status <> ?').run(
    status,
    trunkId,
    status,
  );

/** A subport is bound with its parent; '' takes that back. */
export const bindSubport = (db: Db, portId: string, host: string): unknown =>
  statement<[string, string, string]>(
    db,
    'UPDATE port SET device_owner = ?, binding_host = ? WHERE id = ?',
  ).run(host === '' ? '' : 'trunk:subport', host, portId);
