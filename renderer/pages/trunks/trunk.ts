import type { Network, Port, Trunk } from '../../cloud/types.ts';

/** Before a network's id: a port to be made there, where otherwise a port's id is. */
export const NEW = 'new ';

export const newOn = (network: Pick<Network, 'id'>): string => `${NEW}${network.id}`;

/** Ports that neither a server, a router nor a trunk has. */
export const freePorts = (ports: readonly Port[], trunks: readonly Trunk[]): readonly Port[] => {
  const taken = new Set(
    trunks.flatMap((one) => [one.port_id, ...one.sub_ports.map(({ port_id: id }) => id)]),
  );
  return ports.filter((one) => one.device_id === '' && one.device_owner === '' && !taken.has(one.id));
};

/** The first VLAN, from 100 on, that the trunk has not. */
export function freeVlan(trunk: Pick<Trunk, 'sub_ports'> | undefined): number {
  const taken = new Set(trunk?.sub_ports.map((one) => one.segmentation_id));
  let vlan = 100;
  while (taken.has(vlan)) vlan += 1;
  return vlan;
}

export const isVlan = (vlan: number | null): vlan is number =>
  vlan !== null && Number.isInteger(vlan) && vlan >= 1 && vlan <= 4094;

/** What makes the subports' interfaces in a Linux guest. @param macOf a subport's MAC address. */
export const guestCommands = (trunk: Trunk, macOf: (portId: string) => string | undefined): string =>
  trunk.sub_ports
    .map(({ port_id: id, segmentation_id: vlan }) => {
      const name = `eth0.${vlan}`;
      const mac = macOf(id);
      return [
        `ip link add link eth0 name ${name}${mac === undefined ? '' : ` address ${mac}`} type vlan id ${vlan}`,
        `ip link set ${name} up`,
        `dhclient ${name}`,
      ].join('\n');
    })
    .join('\n');
