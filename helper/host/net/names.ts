import { createHash } from 'node:crypto';

/**
 * Names of devices and namespaces, as ARCHITECTURE "Names on the host" gives them. Pure functions of an id, so that
 * every name is known before the first step of an operation and the same after a restart.
 */

/** Kernel device names are shorter than 16 bytes. */
export const MAX_DEVICE_NAME = 15;

const ID = /^[0-9A-Za-z][0-9A-Za-z_-]{10,63}$/;

function short(id: string): string {
  if (!ID.test(id))
    throw new TypeError(`'${id}' is no id: a device name is made of the first 11 of its characters`);
  return id.slice(0, 11);
}

/** A network's bridge. */
export const bridgeName = (networkId: string): string => `brq${short(networkId)}`;
/** A port's device on the bridge: a server's tap, or the bridge end of a DHCP or router port's veth pair. */
export const tapName = (portId: string): string => `tap${short(portId)}`;
/** What comes from a guest is led through this device where it is limited. */
export const shaperName = (tap: string): string => `ifb${tap.slice(3)}`;
/** A VXLAN segment's device. @param vni 1 to 16777215 */
export const vxlanName = (vni: number): string => `vxlan-${vni}`;
/** The device that takes a VLAN network's frames off its physical network. */
export const vlanName = (networkId: string): string => `vl-${short(networkId)}`;
/** A network's DHCP namespace. */
export const dhcpNamespace = (networkId: string): string => `qdhcp-${networkId}`;
/** A router's namespace. */
export const routerNamespace = (routerId: string): string => `qrouter-${routerId}`;
/** A DHCP port's device inside the namespace. */
export const dhcpDevice = (portId: string): string => `ns-${short(portId)}`;
/** A router's inside device. */
export const routerDevice = (portId: string): string => `qr-${short(portId)}`;
/** A router's gateway device. */
export const gatewayDevice = (portId: string): string => `qg-${short(portId)}`;

/** A highly available router's device on its project's HA network. */
export const haDevice = (portId: string): string => `ha-${short(portId)}`;

/** What `ip link` shows as alias of everything that belongs to one instance. */
export const ownerAlias = (owner: string): string => `deskcloud:${owner}`;

/** The nft table of one instance: its tag as an nft identifier. */
export function tableName(owner: string): string {
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(owner)) {
    throw new TypeError(
      `'${owner}' is no instance tag (a lower-case letter, then letters, digits, -; at most 32)`,
    );
  }
  return owner.replaceAll('-', '_');
}

/** Device groups (`ip link ... group N`) of one instance: nft sees them, so an unknown tap of ours can be dropped. */
export interface DeviceGroups {
  /** Guests' taps: nothing passes without a port filter. */
  readonly guest: number;
  /** Our own devices on tenants' bridges (DHCP, router, VXLAN). */
  readonly trusted: number;
  /** Our own devices on the external bridge. */
  readonly external: number;
  /** Tunnels without a peer: whatever comes out of them is forged. */
  readonly closed: number;
}

/** Derived from the tag, so that two instances on one machine have different groups. */
export function deviceGroups(owner: string): DeviceGroups {
  const base =
    (0x40000000 | (createHash('sha256').update(owner).digest().readUInt32BE(0) & 0x0ffffffc)) >>> 0;
  return { guest: base, trusted: base + 1, external: base + 2, closed: base + 3 };
}

/** A stable, locally administered address for a bridge, so that it does not follow its ports' addresses. */
export function bridgeAddress(name: string): string {
  const bytes = createHash('sha256').update(name).digest().subarray(0, 5);
  return ['02', ...[...bytes].map((byte) => byte.toString(16).padStart(2, '0'))].join(':');
}
