import { CloudError } from '../../errors/error.ts';
import { isUnscheduled, unschedule } from '../store/agent.ts';
import { networks } from '../store/network.ts';
import { addressesOfPorts, dhcpPortOf } from '../store/port.ts';
import { subnetsOf } from '../store/subnet.ts';
import { agentTakesWork, DHCP_AGENT } from './agent.ts';
import type { NetworkContext } from './context.ts';
import { isAutomatic, type FixedIpAsked } from './ipam.ts';
import type { PortCore } from './port-core.ts';
import { uuidOf } from './uuid.ts';

/**
 * Makes the network's DHCP port as its subnets want it: one address on each subnet with DHCP (of automatic ones it has
 * one in any case), no port without such a subnet. A subnet without a free address goes without DHCP, as it does in neutron.
 */
export function ensureDhcpPort(context: NetworkContext, ports: PortCore, networkId: string): void {
  const { db, config } = context;
  const network = networks.byId(db, networkId);
  if (network === undefined) return;
  const withDhcp = subnetsOf(db, networkId).filter((subnet) => subnet.enable_dhcp === 1);
  const existing = dhcpPortOf(db, networkId);
  if (existing === undefined && withDhcp.length > 0 && !agentTakesWork(db, config, DHCP_AGENT))
    unschedule(db, networkId);
  const wanted = isUnscheduled(db, networkId) ? [] : withDhcp;
  if (wanted.length === 0) {
    if (existing !== undefined) ports.delete(existing);
    return;
  }
  const port =
    existing ??
    ports.create({
      projectId: network.project_id,
      networkId,
      deviceId: `dhcp${uuidOf('host', config.hostName)}-${networkId}`,
      deviceOwner: 'network:dhcp',
      bindingHost: config.hostName,
      status: 'ACTIVE',
      fixedIps: [],
      quota: false,
    });
  const held = addressesOfPorts(db, [port.id]);
  const kept: FixedIpAsked[] = held
    .filter((ip) => wanted.some((subnet) => subnet.id === ip.subnet_id))
    .map((ip) => ({ subnet_id: ip.subnet_id, ip_address: ip.address }));
  ports.setAddresses(port, kept);
  for (const subnet of wanted.filter((one) => !isAutomatic(one))) {
    if (held.some((ip) => ip.subnet_id === subnet.id)) continue;
    try {
      ports.setAddresses(port, [...kept, { subnet_id: subnet.id }]);
      const fresh = addressesOfPorts(db, [port.id]).find((ip) => ip.subnet_id === subnet.id);
      if (fresh !== undefined) kept.push({ subnet_id: subnet.id, ip_address: fresh.address });
    } catch (error) {
      if (!(error instanceof CloudError) || error.type !== 'IpAddressGenerationFailure') throw error;
    }
  }
}
