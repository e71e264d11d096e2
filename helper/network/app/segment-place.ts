import type { Db } from '../../db/index.ts';
import { badRequest, conflict, unavailable } from '../../errors/error.ts';
import type { NetworkConfig } from '../config.ts';
import {
  giveNumber,
  physicalNetworkUser,
  reserveNumber,
  takeNumber,
  vlansOn,
  vniInUse,
} from '../store/network.ts';
import type { NetworkType } from '../store/row.ts';
import type { ApiSegmentRow } from '../store/segment.ts';
import type { NetworkContext } from './context.ts';

const LAST_VLAN = 4094;

/** neutron's InvalidInput. */
export const invalidInput = (message: string): Error =>
  badRequest(`Invalid input for operation: ${message}.`, { type: 'InvalidInput' });

/** How a segment is made, as a caller asks; without a type it is a VXLAN of the host's choosing. */
export interface PlaceAsked {
  readonly type: string | undefined;
  readonly physical: string | undefined;
  readonly number: number | string | undefined;
}

export interface Place {
  readonly type: NetworkType;
  readonly physical: string | null;
  /** Of a VXLAN its id, of a VLAN its tag. */
  readonly number: number | null;
}

/** Kinds of neutron's that a host of Deskcloud does not have, and why. */
const ABSENT: Readonly<Record<string, string>> = {
  gre: 'GRE tunnels are of Open vSwitch, and the networks here are Linux bridges',
  geneve: 'Geneve tunnels are of OVN, and the networks here are Linux bridges',
};

/**
 * Chooses a segment and takes its number, in the caller's transaction.
 * @throws {CloudError} InvalidInput, TunnelIdInUse, FlatNetworkInUse, NoNetworkAvailable, as neutron's type drivers.
 */
export function choosePlace(
  { db, config, kernel }: Pick<NetworkContext, 'db' | 'config' | 'kernel'>,
  asked: PlaceAsked,
): Place {
  const { type, physical, number } = asked;
  if (type === undefined && (physical !== undefined || number !== undefined))
    throw invalidInput('network_type required');
  switch (type) {
    case undefined:
    case 'vxlan':
      if (physical !== undefined) throw invalidInput('provider:physical_network specified for vxlan network');
      return { type: 'vxlan', physical: null, number: chooseVni(db, number) };
    case 'local':
      if (physical !== undefined)
        throw invalidInput('physical_network prohibited for local provider network');
      if (number !== undefined) throw invalidInput('segmentation_id prohibited for local provider network');
      return { type: 'local', physical: null, number: null };
    case 'flat':
      return chooseFlat(db, config, physical, number);
    case 'vlan':
      if (kernel?.vlan !== true) {
        throw invalidInput(
          "provider:network_type vlan is not available on this host: its kernel has no VLAN devices. Load their module ('modprobe 8021q') and start Deskcloud again, or take vxlan, local or flat",
        );
      }
      return chooseVlan(db, config, physical, number);
    default: {
      const why = ABSENT[type];
      throw invalidInput(
        why === undefined
          ? `network_type value '${type}' not supported`
          : `provider:network_type ${type} is not available on this host: ${why}. It has vxlan, local, flat and, where its kernel has them, vlan`,
      );
    }
  }
}

function chooseFlat(
  db: Db,
  config: NetworkConfig,
  physical: string | undefined,
  number: number | string | undefined,
): Place {
  if (number !== undefined) throw invalidInput('segmentation_id prohibited for flat provider network');
  if (physical === undefined) throw invalidInput('physical_network required for flat provider network');
  if (!Object.hasOwn(config.physicalNetworks, physical))
    throw invalidInput(`physical_network '${physical}' unknown for flat provider network`);
  if (physicalNetworkUser(db, physical) !== undefined) {
    throw conflict(`Unable to create the flat network. Physical network ${physical} is in use.`, {
      type: 'FlatNetworkInUse',
    });
  }
  return { type: 'flat', physical, number: null };
}

/** Errors as neutron's type_vlan.py. Without a tag the first free one; the physical networks have no ranges. */
function chooseVlan(
  db: Db,
  config: NetworkConfig,
  asked: string | undefined,
  number: number | string | undefined,
): Place {
  if (asked === undefined && number !== undefined)
    throw invalidInput('segmentation_id requires physical_network for VLAN provider network');
  const physical = asked ?? Object.keys(config.physicalNetworks)[0];
  if (physical === undefined || !Object.hasOwn(config.physicalNetworks, physical))
    throw invalidInput(`physical_network '${physical}' unknown for VLAN provider network`);
  const taken = vlansOn(db, physical);
  if (number === undefined) {
    for (let id = 1; id <= LAST_VLAN; id++) if (!taken.has(id)) return { type: 'vlan', physical, number: id };
    throw unavailable('Unable to create the network. No tenant network is available for allocation.', {
      type: 'NoNetworkAvailable',
    });
  }
  const id = Number(number);
  if (!Number.isInteger(id) || id < 1 || id > LAST_VLAN)
    throw invalidInput(`segmentation_id out of range (1 through ${LAST_VLAN})`);
  if (taken.has(id)) {
    throw conflict(
      `Unable to create the network. The VLAN ${id} on physical network ${physical} is in use.`,
      { type: 'VlanIdInUse' },
    );
  }
  return { type: 'vlan', physical, number: id };
}

function chooseVni(db: Db, asked: number | string | undefined): number {
  if (asked === undefined) {
    for (;;) {
      const vni = takeNumber(db, 'vni');
      if (vni === undefined) {
        throw unavailable('Unable to create the network. No tenant network is available for allocation.', {
          type: 'NoNetworkAvailable',
        });
      }
      if (!vniInUse(db, vni)) return vni;
    }
  }
  const vni = Number(asked);
  if (!Number.isInteger(vni) || vni < 1 || vni > 16_777_215)
    throw invalidInput(`provider:segmentation_id out of range (1 through 16777215)`);
  if (vniInUse(db, vni)) {
    throw conflict(`Unable to create the network. The tunnel ID ${vni} is in use.`, {
      type: 'TunnelIdInUse',
    });
  }
  reserveNumber(db, 'vni', vni);
  return vni;
}

/** The number of a segment that was never on the host is free at once. */
export function releasePlace(
  db: Db,
  config: NetworkConfig,
  { network_type, segmentation_id: vni }: Pick<ApiSegmentRow, 'network_type' | 'segmentation_id'>,
): void {
  const [first, last] = config.vniRange;
  if (network_type === 'vxlan' && vni !== null && vni >= first && vni <= last) giveNumber(db, 'vni', vni);
}
