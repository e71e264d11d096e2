import type { Db } from '../../db/index.ts';
import { badRequest, conflict, unavailable } from '../../errors/error.ts';
import type { NetworkConfig } from '../config.ts';
import { giveNumber, physicalNetworkUser, reserveNumber, takeNumber, vniInUse } from '../store/network.ts';
import type { NetworkType } from '../store/row.ts';

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
  readonly vni: number | null;
}

/** Kinds of neutron's that a host of Deskcloud does not have, and why. */
const ABSENT: Readonly<Record<string, string>> = {
  vlan: 'VLAN devices on a physical network need a trunk to a switch, which a desktop has not',
  gre: 'GRE tunnels are of Open vSwitch, and the networks here are Linux bridges',
  geneve: 'Geneve tunnels are of OVN, and the networks here are Linux bridges',
};

/**
 * Chooses a segment and takes its number, in the caller's transaction.
 * @throws {CloudError} InvalidInput, TunnelIdInUse, FlatNetworkInUse, NoNetworkAvailable, as neutron's type drivers.
 */
export function choosePlace(db: Db, config: NetworkConfig, asked: PlaceAsked): Place {
  const { type, physical, number } = asked;
  if (type === undefined && (physical !== undefined || number !== undefined))
    throw invalidInput('network_type required');
  switch (type) {
    case undefined:
    case 'vxlan':
      if (physical !== undefined) throw invalidInput('provider:physical_network specified for vxlan network');
      return { type: 'vxlan', physical: null, vni: chooseVni(db, number) };
    case 'local':
      if (physical !== undefined)
        throw invalidInput('physical_network prohibited for local provider network');
      if (number !== undefined) throw invalidInput('segmentation_id prohibited for local provider network');
      return { type: 'local', physical: null, vni: null };
    case 'flat':
      return chooseFlat(db, config, physical, number);
    default: {
      const why = ABSENT[type];
      throw invalidInput(
        why === undefined
          ? `network_type value '${type}' not supported`
          : `provider:network_type ${type} is not available on this host: ${why}. It has vxlan, local and flat`,
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
  return { type: 'flat', physical, vni: null };
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
export function releasePlace(db: Db, config: NetworkConfig, vni: number | null): void {
  const [first, last] = config.vniRange;
  if (vni !== null && vni >= first && vni <= last) giveNumber(db, 'vni', vni);
}
