import type { Db } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import type { SubnetRow } from '../store/row.ts';
import { segmentById, segmentsOf } from '../store/segment.ts';
import { subnetsOf } from '../store/subnet.ts';
import { segmentNotFound } from './segment.ts';

/** Checks the segment of a subnet, as neutron/db/ipam_backend_mixin.py: all subnets of a network have one, or none. */
export function checkSubnetSegment(
  db: Db,
  networkId: string,
  wanted: string | null,
  current?: Pick<SubnetRow, 'id' | 'segment_id'>,
): void {
  if (current !== undefined && current.segment_id === wanted) return;
  if (wanted !== null) {
    const segment = segmentById(db, wanted);
    if (segment === undefined) throw segmentNotFound(wanted);
    if (segment.network_id !== networkId) {
      throw badRequest(
        `The subnet's network id, '${networkId}', doesn't match the network_id of segment '${wanted}'`,
        { type: 'NetworkIdsDontMatch' },
      );
    }
  }
  const others = subnetsOf(db, networkId).filter((subnet) => subnet.id !== current?.id);
  if (others.some((subnet) => (subnet.segment_id === null) !== (wanted === null))) {
    throw badRequest(
      `All of the subnets on network '${networkId}' must either all be associated with segments or all not associated with any segment.`,
      { type: 'SubnetsNotAllAssociatedWithSegments' },
    );
  }
  if (current === undefined) return;
  if (current.segment_id !== null) {
    throw badRequest(
      'A subnet that is already associated with a segment cannot have its segment association changed.',
      { type: 'SubnetSegmentAssociationChangeNotAllowed' },
    );
  }
  if (segmentsOf(db, [networkId]).length > 1) {
    throw badRequest(
      `The network '${networkId}' has multiple segments, it is only possible to associate an existing subnet with a segment on networks with a single segment.`,
      { type: 'NoUpdateSubnetWhenMultipleSegmentsOnNetwork' },
    );
  }
}

/** @throws {CloudError} InvalidSubnetServiceType for what is no device owner. */
export function checkServiceTypes(types: readonly string[] | undefined): void {
  for (const one of types ?? []) {
    // neutron means its own prefixes only, and takes nearly any other; OpenStack's tests use 'test:'.
    if (/^[a-z_-]+:/.test(one)) continue;
    throw badRequest(
      `Invalid input for operation: Subnet service type ${one} does not correspond to a valid device owner.`,
      { type: 'InvalidSubnetServiceType' },
    );
  }
}
