import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { conflict, notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import type { SegmentCreate, SegmentUpdate } from '../schemas/segment.ts';
import { networks, placeColumns, segments, touchNetwork, UNPLACED } from '../store/network.ts';
import { portsOfNetwork } from '../store/port.ts';
import type { NetworkRow } from '../store/row.ts';
import {
  apiSegments,
  LEAVING,
  segmentById,
  segmentsOf,
  subnetsOnSegment,
  type ApiSegmentRow,
} from '../store/segment.ts';
import { subnetsOf } from '../store/subnet.ts';
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
 * known, take their numbers, may have subnets, and take the first one's place when that is deleted.
 *
 * https://docs.openstack.org/api-ref/network/v2/#segments
 */
export class SegmentApp {
  readonly #context: NetworkContext;

  constructor(context: NetworkContext) {
    this.#context = context;
  }

  load(id: string): ApiSegmentRow {
    const row = segmentById(this.#context.db, id);
    if (row === undefined) throw segmentNotFound(id);
    return row;
  }

  list(context: RequestContext): Record<string, unknown> {
    return listResources(this.#context.db, listing, context, [{ sql: 'is_first < 2', values: [] }], (rows) =>
      rows.map(segmentView),
    );
  }

  create(bodies: readonly SegmentCreate[]): ApiSegmentRow[] {
    const { db, clock } = this.#context;
    return transaction(db, () =>
      bodies.map((body) => {
        const network = networks.byId(db, body.network_id);
        if (network === undefined) throw networkNotFound(body.network_id);
        const isFirst = segmentsOf(db, [network.id]).length === 0;
        const place = choosePlace(this.#context, {
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
          segmentation_id: place.number,
          is_first: isFirst,
          created_at: now,
          updated_at: now,
          revision: 1,
        });
        const row = apiSegments.byId(db, id) as ApiSegmentRow;
        if (isFirst) this.#carry(network, row);
        else touchNetwork(db, body.network_id, now);
        return row;
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

  /** From now on the host carries the network on this segment, or on none. In the caller's transaction. */
  #carry(network: NetworkRow, next: ApiSegmentRow | undefined): void {
    const { db, config, clock, tasks } = this.#context;
    const place = segments.byId(db, network.id);
    if (place === undefined) return;
    segments.update(db, place, {
      ...placeColumns(next ?? { network_type: 'local', physical_network: null, segmentation_id: null }),
      released: next === undefined ? UNPLACED : 0,
    });
    const largest = next?.network_type === 'vxlan' ? config.tunnelMtu : config.plainMtu;
    networks.update(db, network, {
      network_type: next?.network_type ?? '',
      physical_network: next?.physical_network ?? null,
      segmentation_id: next?.segmentation_id ?? null,
      mtu: Math.min(network.mtu, largest),
      updated_at: clock(),
      revision: network.revision + 1,
    });
    if (next !== undefined) apiSegments.update(db, next, { is_first: 1 });
    if (next !== undefined && subnetsOf(db, network.id).length > 0) tasks.provision(network.id);
  }

  /**
   * The network goes on on its next segment; without one nothing can be on it.
   * @throws {CloudError} SegmentInUse while subnets or, on the one that carries the network, ports are on it.
   */
  delete(row: ApiSegmentRow): void {
    const { db, config, clock, tasks } = this.#context;
    transaction(db, () => {
      const subnets = subnetsOnSegment(db, row.id);
      if (subnets.length > 0)
        throw inUse(row.id, `The segment is still associated with subnet(s) ${subnets.join(', ')}`);
      const network = networks.byId(db, row.network_id);
      const place = segments.byId(db, row.network_id);
      if (row.is_first === 0 || network === undefined || place === undefined) {
        apiSegments.delete(db, row.id);
        releasePlace(db, config, row);
        touchNetwork(db, row.network_id, clock());
        return;
      }
      const bound = portsOfNetwork(db, row.network_id).filter((port) => port.binding_host !== '');
      if (bound.length > 0) {
        const ids = bound.map((port) => port.id).join(', ');
        throw inUse(row.id, `The segment is still bound with port(s) ${ids}`);
      }
      apiSegments.update(db, row, { is_first: LEAVING });
      tasks.leaveSegment(row.id, place);
      this.#carry(network, segmentsOf(db, [network.id])[0]);
    });
  }
}
