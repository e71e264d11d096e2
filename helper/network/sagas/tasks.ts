import type { Db } from '../../db/index.ts';
import type { SagaEngine } from '../../saga/index.ts';
import type { NetworkConfig } from '../config.ts';
import type { SegmentRow } from '../store/row.ts';
import { dhcpPortOf, plugs } from '../store/port.ts';
import { groups, pluggedPortsOfGroups, remoteGroupsAmong } from '../store/security-group.ts';
import { networkProvision } from './network-provision.ts';
import { networkRemove } from './network-remove.ts';
import { portUpdate } from './port-update.ts';
import { segmentRemove } from './segment-remove.ts';
import { securityGroupUpdate } from './security-group-update.ts';

/**
 * The host's part of a change of rows, as operations: queued in the caller's transaction, and only where the host has
 * something that would change.
 */
export function createTasks(db: Db, sagas: SagaEngine, config: NetworkConfig) {
  return {
    provision(networkId: string): void {
      sagas.enqueue(networkProvision, { networkId });
    },
    remove(networkId: string): void {
      sagas.enqueue(
        networkRemove,
        { networkId, vniRange: [...config.vniRange] as [number, number] },
        { cancels: { type: 'network', id: networkId } },
      );
    },
    leaveSegment(segmentId: string, place: SegmentRow): void {
      const vniRange = [...config.vniRange] as [number, number];
      sagas.enqueue(segmentRemove, { networkId: place.network_id, segmentId, place, vniRange });
    },
    portsChanged(change: {
      readonly networkId: string;
      readonly portIds: readonly string[];
      readonly groupIds: readonly string[];
    }): void {
      const { networkId, portIds, groupIds } = change;
      const needed =
        dhcpPortOf(db, networkId) !== undefined ||
        plugs.byIds(db, portIds).length > 0 ||
        remoteGroupsAmong(db, groupIds).length > 0;
      if (needed)
        sagas.enqueue(portUpdate, {
          networkId,
          portIds: [...portIds],
          groupIds: [...groupIds],
        });
    },
    rulesChanged(groupIds: readonly string[]): void {
      const gone = groups.byIds(db, groupIds).length < groupIds.length;
      if (gone || pluggedPortsOfGroups(db, groupIds).length > 0)
        sagas.enqueue(securityGroupUpdate, { groupIds: [...groupIds] });
    },
  };
}
