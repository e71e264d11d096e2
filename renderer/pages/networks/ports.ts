import type { Messages } from '../../i18n/en/index.ts';
import type { Port } from '../../cloud/types.ts';

/** What a port is the connection of. */
export type PortRole =
  | 'server'
  | 'dhcp'
  | 'routerInterface'
  | 'routerGateway'
  | 'floatingIp'
  | 'metadata'
  | 'subport'
  | 'free'
  | 'other';

const ROLES: Readonly<Record<string, PortRole>> = {
  '': 'free',
  'network:dhcp': 'dhcp',
  'network:router_interface': 'routerInterface',
  'network:router_gateway': 'routerGateway',
  'network:floatingip': 'floatingIp',
  'network:distributed': 'metadata',
  'trunk:subport': 'subport',
};

export function roleOf(port: Pick<Port, 'device_owner'>): PortRole {
  if (port.device_owner.startsWith('compute:')) return 'server';
  return ROLES[port.device_owner] ?? 'other';
}

/** Who else is a port's master: the API refuses to delete what a router or a floating IP has. */
export const isOwned = (port: Pick<Port, 'device_owner'>): boolean =>
  ['routerInterface', 'routerGateway', 'floatingIp'].includes(roleOf(port));

/** A port's name, or what it is when nobody named it. */
export const portName = (port: Port, m: Messages): string =>
  port.name === '' ? `${m.networks.roles[roleOf(port)]} · ${port.id.slice(0, 8)}` : port.name;

/** Where a port's device is shown in the window. */
export function deviceHref(port: Port): string | undefined {
  const role = roleOf(port);
  if (role === 'server') return `/servers/${port.device_id}`;
  return role === 'routerInterface' || role === 'routerGateway' ? `/routers/${port.device_id}` : undefined;
}
