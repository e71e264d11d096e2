import type { ConntrackHelperRow } from '../store/conntrack-helper.ts';
import type { PortForwardingRow } from '../store/port-forwarding.ts';
import { helperBrief } from './conntrack-helper.ts';
import { forwardingBrief } from './port-forwarding.ts';
import type { FloatingIpRow } from '../store/floating-ip.ts';
import type { PortIpRow, PortRow } from '../store/row.ts';
import type { RouterRow } from '../store/router.ts';
import { timeText } from './view.ts';

const list = (json: string): unknown[] => (json === '[]' ? [] : (JSON.parse(json) as unknown[]));

const standard = (row: RouterRow | FloatingIpRow) => ({
  id: row.id,
  project_id: row.project_id,
  tenant_id: row.project_id,
  description: row.description,
  created_at: timeText(row.created_at),
  updated_at: timeText(row.updated_at),
  revision_number: row.revision,
});

/** @param admin shows what kind of router it is. */
export const routerView = (
  row: RouterRow,
  gateway: readonly Pick<PortIpRow, 'subnet_id' | 'address'>[],
  helpers: readonly ConntrackHelperRow[],
  admin: boolean,
  zone: string,
) => ({
  ...standard(row),
  name: row.name,
  admin_state_up: row.admin_state_up === 1,
  status: row.status,
  external_gateway_info:
    row.gateway_network_id === null
      ? null
      : {
          network_id: row.gateway_network_id,
          enable_snat: row.enable_snat === 1,
          qos_policy_id: row.gateway_qos_policy_id,
          external_fixed_ips: gateway.map((ip) => ({ subnet_id: ip.subnet_id, ip_address: ip.address })),
        },
  routes: list(row.routes),
  availability_zone_hints: list(row.availability_zone_hints),
  availability_zones: [zone],
  flavor_id: null,
  conntrack_helpers: helpers.map(helperBrief),
  ...(admin ? { distributed: row.distributed === 1, ha: row.ha === 1 } : {}),
  tags: list(row.tags),
});

/** @param port what it leads to. */
export const floatingIpView = (
  row: FloatingIpRow,
  port: PortRow | undefined,
  forwardings: readonly PortForwardingRow[],
) => ({
  ...standard(row),
  floating_network_id: row.floating_network_id,
  floating_ip_address: row.floating_ip_address,
  port_id: row.port_id,
  fixed_ip_address: row.fixed_ip_address,
  router_id: row.router_id,
  status: row.status,
  dns_name: row.dns_name,
  dns_domain: row.dns_domain,
  qos_policy_id: row.qos_policy_id,
  port_details:
    port === undefined
      ? null
      : {
          name: port.name,
          network_id: port.network_id,
          mac_address: port.mac_address,
          admin_state_up: port.admin_state_up === 1,
          status: port.status,
          device_id: port.device_id,
          device_owner: port.device_owner,
        },
  port_forwardings: forwardings.map(forwardingBrief),
  tags: list(row.tags),
});
