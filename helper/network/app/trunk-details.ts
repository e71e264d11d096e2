import type { Db } from '../../db/index.ts';
import { conflict } from '../../errors/error.ts';
import { ports } from '../store/port.ts';
import { groupBy } from '../store/table.ts';
import { subports, subportsOf, trunksOfPorts, type SubportRow } from '../store/trunk.ts';

/** neutron's InUse of this name. */
export const inUse = (type: string, message: string): Error => conflict(message, { type });

export const subportView = (row: SubportRow) => ({
  port_id: row.port_id,
  segmentation_type: row.segmentation_type,
  segmentation_id: row.segmentation_id,
});

/** Trunks of ports, as the ports show them. */
export function trunkDetails(db: Db, portIds: readonly string[]) {
  const rows = trunksOfPorts(db, portIds);
  const members = subportsOf(
    db,
    rows.map((row) => row.id),
  );
  const macs = new Map(
    (members.length === 0
      ? []
      : ports.byIds(
          db,
          members.map((one) => one.port_id),
        )
    ).map((port) => [port.id, port.mac_address]),
  );
  const byTrunk = groupBy(members, (one) => one.trunk_id);
  return new Map(
    rows.map((row) => [
      row.port_id,
      {
        trunk_id: row.id,
        sub_ports: (byTrunk.get(row.id) ?? []).map((one) => ({
          ...subportView(one),
          mac_address: macs.get(one.port_id) ?? '',
        })),
      },
    ]),
  );
}

/** @throws {CloudError} conflict for a port that is a trunk's parent or subport: the trunk lets go of it first. */
export function checkUntrunked(db: Db, portId: string): void {
  const subport = subports.byId(db, portId);
  if (subport !== undefined)
    throw inUse('PortInUseAsSubPort', `Port ${portId} is currently a subport for trunk ${subport.trunk_id}.`);
  const [trunk] = trunksOfPorts(db, [portId]);
  if (trunk !== undefined)
    throw inUse('PortInUseAsTrunkParent', `Port ${portId} is currently a parent port for trunk ${trunk.id}.`);
}
