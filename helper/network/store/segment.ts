import { statement, type Db } from '../../db/index.ts';
import type { NetworkType } from './row.ts';
import { inJson, table } from './table.ts';

/** A segment as the API has it; the first of a network is its place on the host (`network_segment`). */
export interface ApiSegmentRow {
  readonly seq: number;
  readonly id: string;
  readonly network_id: string;
  readonly name: string | null;
  readonly description: string;
  readonly network_type: NetworkType;
  readonly physical_network: string | null;
  readonly segmentation_id: number | null;
  /** 1: carries the network on this host; 0: does not. Deleted, and on its way: {@link LEAVING}, {@link LEFT}. */
  readonly is_first: number;
  readonly created_at: number;
  readonly updated_at: number;
  readonly revision: number;
}

export const apiSegments = table<ApiSegmentRow>('segment');

/** Deleted, and the host may still have something of it; its number is not free yet. */
export const LEAVING = 2;
/** As {@link LEAVING}, and the host has nothing of it. */
export const LEFT = 3;

/** A segment that is there for the API. */
export const segmentById = (db: Db, id: string): ApiSegmentRow | undefined =>
  statement<[string], ApiSegmentRow>(db, 'SELECT * FROM segment WHERE id = ? AND is_first < 2').get(id);

export const leavingSegments = (db: Db, networkId: string): ApiSegmentRow[] =>
  statement<[string, number], ApiSegmentRow>(
    db,
    'SELECT * FROM segment WHERE network_id = ? AND is_first = ? ORDER BY seq',
  ).all(networkId, LEAVING);

/** Segments of many networks, in the order of their creation. */
export const segmentsOf = (db: Db, networkIds: readonly string[]): ApiSegmentRow[] =>
  statement<[string], ApiSegmentRow>(
    db,
    `SELECT * FROM segment WHERE network_id IN ${inJson} AND is_first < 2 ORDER BY +seq`,
  ).all(JSON.stringify(networkIds));

export const subnetsOnSegment = (db: Db, segmentId: string): string[] =>
  statement<[string], { id: string }>(db, 'SELECT id FROM subnet WHERE segment_id = ? ORDER BY seq')
    .all(segmentId)
    .map((row) => row.id);
