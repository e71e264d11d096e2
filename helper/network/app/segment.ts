import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { conflict, notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import type { SegmentCreate, SegmentUpdate } from '../schemas/segment.ts';
import { networks, touchNetwork } from '../store/network.ts';
import { apiSegments, subnetsOnSegment, type ApiSegmentRow } from '../store/segment.ts';
import type { NetworkContext } from './context.ts';
import { columns, listResources, type Listing } from './listing.ts';
import { networkNotFound } from './port-core.ts';
import { choosePlace, releasePlace } from './segment-place.ts';
import { timeText } from './view.ts';

const { text } = columns;

const listing: Listing<ApiSegmentRow> = {
  table: apiSegments,
  plural: 'segments',
  columns: {
    id: text('id'),
    network_id: text('network_id'),
    name: text('name'),
    description: text('description'),
    network_type: text('network_type'),
    physical_network: text('physical_network'),
    segmentation_id: { sql: 'segmentation_id', type: 'integer' },
    revision_number: { sql: 'revision', type: 'integer' },
  },
};

export const segmentNotFound = (id: string): Error =>
  notFound(`Segment ${id} could not be found.`, { type: 'SegmentNotFound' });

const inUse = (id: string, reason: string): Error =>
  conflict(`Segment '${id}' cannot be deleted: ${reason}.`, { type: 'SegmentInUse' });

export const segmentView = (row: ApiSegmentRow) => ({
  id: row.id,
  network_id: row.network_id,
  network_type: row.network_type,
  physical_network: row.physical_network,
  segmentation_id: row.segmentation_id,
  name: row.name,
  description: row.description,
  created_at: timeText(row.created_at),
  updated_at: timeText(row.updated_at),
  revision_number: row.revision,
});

/**
 * Segments of networks, for administrators. A host carries a network on one segment, here the first; further ones are
 * known, take their numbers, and may have subnets.
 *
 * https://docs.openstack.org/api-ref/network/v2/#segments
 */
export class SegmentApp {
  readonly #context: NetworkContext;

  constructor(context: NetworkContext) {
    this.#context = context;
  }

  load(id: string): ApiSegmentRow {
    const row = apiSegments.byId(this.#context.db, id);
    if (row === undefined) throw segmentNotFound(id);
    return row;
  }

  list(context: RequestContext): Record<string, unknown> {
    return listResources(this.#context.db, listing, context, [], (rows) => rows.map(segmentView));
  }

  create(bodies: readonly SegmentCreate[]): ApiSegmentRow[] {
    const { db, config, clock } = this.#context;
    return transaction(db, () =>
      bodies.map((body) => {
        if (networks.byId(db, body.network_id) === undefined) throw networkNotFound(body.network_id);
        const place = choosePlace(db, config, {
          type: body.network_type,
          physical: body.physical_network ?? undefined,
          number: body.segmentation_id ?? undefined,
        });
        const id = randomUUID();
        const now = clock();
        apiSegments.insert(db, {
          id,
          network_id: body.network_id,
          name: body.name ?? null,
          description: body.description ?? '',
          network_type: place.type,
          physical_network: place.physical,
          segmentation_id: place.vni,
          is_first: false,
          created_at: now,
          updated_at: now,
          revision: 1,
        });
        touchNetwork(db, body.network_id, now);
        return apiSegments.byId(db, id) as ApiSegmentRow;
      }),
    );
  }

  update(row: ApiSegmentRow, body: SegmentUpdate): ApiSegmentRow {
    const { db, clock } = this.#context;
    return transaction(db, () =>
      apiSegments.update(db, row, {
        name: body.name === undefined ? row.name : body.name,
        description: body.description ?? row.description,
        updated_at: clock(),
        revision: row.revision + 1,
      }),
    );
  }

  /** @throws {CloudError} SegmentInUse while subnets are on it, and for the one that the host carries the network on. */
  delete(row: ApiSegmentRow): void {
    const { db, config, clock } = this.#context;
    transaction(db, () => {
      const subnets = subnetsOnSegment(db, row.id);
      if (subnets.length > 0)
        throw inUse(row.id, `The segment is still associated with subnet(s) ${subnets.join(', ')}`);
      if (row.is_first === 1) {
        throw inUse(
          row.id,
          `This host carries network ${row.network_id} on it; it goes when the network is deleted`,
        );
      }
      apiSegments.delete(db, row.id);
      releasePlace(db, config, row.segmentation_id);
      touchNetwork(db, row.network_id, clock());
    });
  }
}
