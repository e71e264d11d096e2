import { readFileSync } from 'node:fs';
import { LinuxConntrackHost } from './conntrack/linux.ts';
import { ipBatch, netContext } from './context.ts';
import { LinuxDeviceHost } from './devices/linux.ts';
import { LinuxDhcpServerHost } from './dhcp/linux.ts';
import { LinuxExternalHost } from './external/linux.ts';
import { LinuxFirewallHost } from './firewall/linux.ts';
import type { HostNetwork, HostNetworkOptions } from './interface.ts';
import { takeInventory } from './inventory.ts';
import { LinuxLinkHost } from './link/linux.ts';
import { LinuxRouterHost } from './router/linux.ts';
import { LinuxSocketHost } from './sockets/linux.ts';

/** Every network object of one instance, on this Linux host. Needs root. */
export function createLinuxHostNetwork(options: HostNetworkOptions): HostNetwork {
  const net = netContext(options);
  const firewall = new LinuxFirewallHost(net);
  const conntrack = new LinuxConntrackHost(net);
  const external = new LinuxExternalHost(net);
  const link = new LinuxLinkHost(net, firewall, conntrack, external);
  const router = new LinuxRouterHost(net, conntrack, radvdUser());
  const dhcp = new LinuxDhcpServerHost(net, options.dnsmasqUser ?? dnsmasqUser());
  return {
    link,
    firewall,
    conntrack,
    router,
    dhcp,
    sockets: new LinuxSocketHost(),
    external,
    devices: new LinuxDeviceHost(net, firewall, external),
    inventory: () => takeInventory(net, firewall),
    removeAll: async () => {
      for (const routerId of await router.list()) await router.remove(routerId);
      for (const networkId of await dhcp.list()) await dhcp.remove(networkId);
      const left = await takeInventory(net, firewall);
      const devices = [...left.taps, ...left.shapers, ...left.veths, ...left.vxlans, ...left.bridges];
      await ipBatch(
        net,
        devices.map((device) => `link del dev ${device}`),
      );
      await external.stopPassing(left.bridges);
      for (const bridge of external.bridges()) await external.remove(bridge);
      await firewall.removeAll();
    },
  };
}

const dnsmasqUser = (): string => userOrNobody('dnsmasq');
const radvdUser = (): string => userOrNobody('radvd');

function userOrNobody(name: string): string {
  return readFileSync('/etc/passwd', 'utf8').includes(`\n${name}:`) ? name : 'nobody';
}
