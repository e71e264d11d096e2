import { defineSaga, none, step } from '../../saga/index.ts';
import { giveNumber } from '../store/network.ts';
import type { SegmentRow } from '../store/row.ts';
import { apiSegments } from '../store/segment.ts';
import type { NetworkServices } from './network-provision.ts';

export interface SegmentRemoveInput {
  readonly networkId: string;
  readonly segmentId: string;
  /** Where the network was by that segment. */
  readonly place: SegmentRow;
  /** VXLAN ids that are given out by choice; others are not put back. */
  readonly vniRange: readonly [number, number];
}

/** Takes a network off the segment that carried it and was deleted, then gives the segment's number free (R23). */
export const segmentRemove = defineSaga<SegmentRemoveInput, NetworkServices>({
  name: 'segment-remove',
  title: 'Take network off a deleted segment',
  service: 'network',
  resource: ({ networkId }) => ({ type: 'network', id: networkId }),
  locks: ({ networkId }) => [`network:${networkId}`],
  cancellable: false,
  steps: [
    step({
      kind: 'host',
      name: 'devices removed',
      number: 33,
      action: ({ services }, { segmentId, place }) => services.driver.leaveSegment(segmentId, place),
      undo: none('the segment is deleted: only forward'),
    }),
    step({
      kind: 'sql',
      name: 'number given free',
      action: ({ db }, { segmentId, place: { vni }, vniRange }) => {
        apiSegments.delete(db, segmentId);
        if (vni !== null && vni >= vniRange[0] && vni <= vniRange[1]) giveNumber(db, 'vni', vni);
      },
      undo: none('the segment is deleted: only forward'),
    }),
  ],
});
