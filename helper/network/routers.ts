import type { Db } from '../db/index.ts';
import { routerDevice } from '../host/net/names.ts';
import type { Endpoint } from '../http/index.ts';
import type { SagaEngine } from '../saga/index.ts';
import { canonical, macOfLinkLocal } from './app/address.ts';
import type { NetworkContext } from './app/context.ts';
import { ConntrackHelperApp } from './app/conntrack-helper.ts';
import { extension, type Extension } from './app/extension.ts';
import { FloatingIpApp } from './app/floating-ip.ts';
import { HaNetworks } from './app/ha-network.ts';
import type { NetworkApp } from './app/network.ts';
import type { PortCore, PortObserver } from './app/port-core.ts';
import { PortForwardingApp } from './app/port-forwarding.ts';
import type { Quotas } from './app/quota.ts';
import { RouterApp } from './app/router.ts';
import type { RouterContext, RouterTasks } from './app/router-context.ts';
import { RouterInterfaces } from './app/router-interface.ts';
import type { SubnetApp } from './app/subnet.ts';
import { conntrackHelperEndpoints } from './endpoints/conntrack-helpers.ts';
import { floatingIpPoolEndpoints } from './endpoints/floatingip-pools.ts';
import { portForwardingEndpoints } from './endpoints/port-forwardings.ts';
import { floatingIpEndpoints } from './endpoints/floating-ips.ts';
import { routerEndpoints } from './endpoints/routers.ts';
import type { Tagged } from './endpoints/tags.ts';
import { createRouterServices } from './router-services.ts';
import { firewallGroupUpdate } from './sagas/firewall-group-update.ts';
import { floatingIpAssociate } from './sagas/floating-ip-associate.ts';
import { floatingIpDelete } from './sagas/floating-ip-delete.ts';
import { floatingIpDisassociate } from './sagas/floating-ip-disassociate.ts';
import { portForwardingUpdate } from './sagas/port-forwarding-update.ts';
import { routerDelete } from './sagas/router-delete.ts';
import { RouterDriver, type RouterDriverDeps } from './sagas/router-driver.ts';
import { routerUpdate } from './sagas/router-update.ts';
import { countFloatingIps, floatingIpsOfPorts } from './store/floating-ip.ts';
import { countRouters, GATEWAY, isInterface, portBehindRouter, portsOfRouter } from './store/router.ts';
import { macInNetwork } from './store/port.ts';
import type { PortRow } from './store/row.ts';
import { groupBy } from './store/table.ts';

const routerExtensions: readonly Extension[] = [
  extension('router', 'Neutron L3 Router', 'Routers and floating IPs', '2012-07-20'),
  extension('ext-gw-mode', 'Neutron L3 Configurable external gateway mode', 'enable_snat', '2013-03-28'),
  extension('extraroute', 'Neutron Extra Route', 'Routes of routers', '2013-02-01'),
  extension('extraroute-atomic', 'Atomically add/remove extra routes', 'Routes one by one', '2019-07-10'),
  extension(
    'expose-port-forwarding-in-fip',
    'Expose Floating IP port forwardings',
    'port_forwardings',
    '2018-06-28',
  ),
  extension('expose-l3-conntrack-helper', 'Expose CT target rules', 'conntrack_helpers', '2019-04-04'),
  extension(
    'floating-ip-port-forwarding',
    'Floating IP Port Forwarding',
    'Ports that lead inside',
    '2018-01-19',
  ),
  extension(
    'floating-ip-port-forwarding-description',
    'Floating IP Port Forwarding new attribute description',
    'Descriptions of forwardings',
    '2019-11-01',
  ),
  extension(
    'floating-ip-port-forwarding-detail',
    'Floating IP port forwarding detail',
    'id and internal_port_id in port_forwardings',
    '2022-05-06',
  ),
  extension(
    'floating-ip-port-forwarding-port-ranges',
    'Floating IP Port Forwarding support port ranges',
    'Ranges of ports',
    '2020-07-01',
  ),
  extension('floatingip-pools', 'Floating IP Pools Extension', 'Subnets of floating IPs', '2018-03-21'),
  extension('l3-conntrack-helper', 'L3 Conntrack helper', 'Protocols with further connections', '2019-04-04'),
  extension('fip-port-details', 'Floating IP Port Details Extension', 'port_details', '2018-04-09'),
  extension('l3_agent_scheduler', 'L3 Agent Scheduler', 'Agents of a router', '2013-02-07'),
  extension('dvr', 'Distributed Virtual Router', 'distributed: of one host, as any other', '2014-06-01'),
  extension('l3-ha', 'HA Router extension', 'ha: of one agent, which is the active one', '2014-04-26'),
  extension(
    'router-admin-state-down-before-update',
    'Enforce Router Admin State Down Before Update Extension',
    'Kinds of routers change while they are down',
    '2019-04-26',
  ),
  extension('router_availability_zone', 'Router Availability Zone', 'Zones of routers', '2015-01-01'),
];

/** Routers and floating IPs as the network service's index needs them. */
export interface RouterPart {
  readonly endpoints: readonly Endpoint[];
  readonly extensions: readonly Extension[];
  readonly tagged: readonly Tagged[];
  readonly driver: RouterDriver;
  readonly floatingIps: FloatingIpApp;
  readonly routers: RouterApp;
  readonly interfaces: RouterInterfaces;
}

/** Registers the sagas, the quotas and the interest in ports. */
export function createRouters(deps: {
  readonly context: NetworkContext;
  readonly ports: PortCore;
  readonly networks: NetworkApp;
  readonly subnets: SubnetApp;
  readonly quotas: Quotas;
  readonly sagas: SagaEngine;
  readonly routerTasks: RouterTasks;
  readonly driver: Omit<RouterDriverDeps, 'db' | 'config'>;
}): RouterPart {
  const { context, ports, quotas, sagas, routerTasks } = deps;
  const driver = new RouterDriver({ ...deps.driver, db: context.db, config: context.config });
  const services = { routers: driver };
  sagas.register(routerUpdate, services);
  sagas.register(routerDelete, services);
  sagas.register(floatingIpAssociate, services);
  sagas.register(floatingIpDisassociate, services);
  sagas.register(floatingIpDelete, services);
  sagas.register(portForwardingUpdate, services);
  sagas.register(firewallGroupUpdate, services);
  // neutron's defaults.
  quotas.add('router', 10, countRouters);
  quotas.add('floatingip', 50, countFloatingIps);
  const own: RouterContext = { network: context, ports, quotas, routerTasks };
  const routerApp = new RouterApp(own, new HaNetworks(own, deps.networks, deps.subnets));
  const interfaces = new RouterInterfaces(own);
  const floatingIpApp = new FloatingIpApp(own);
  const forwardingApp = new PortForwardingApp(own);
  const helperApp = new ConntrackHelperApp(own);
  ports.observe(floatingIpApp);
  ports.observe(forwardingApp);
  ports.observe(routerPorts(routerTasks));
  const more = createRouterServices(own, deps.driver.host.router);
  return {
    driver,
    floatingIps: floatingIpApp,
    routers: routerApp,
    interfaces,
    endpoints: [
      ...routerEndpoints(routerApp, interfaces),
      ...floatingIpEndpoints(floatingIpApp),
      ...portForwardingEndpoints(floatingIpApp, forwardingApp),
      ...floatingIpPoolEndpoints(context.db),
      ...conntrackHelperEndpoints(routerApp, helperApp),
      ...more.endpoints,
    ],
    extensions: [...routerExtensions, ...more.extensions],
    tagged: [
      {
        collection: 'routers',
        table: 'router',
        rule: 'router',
        load: (caller, id) => ({ project_id: routerApp.load(caller, id).project_id }),
      },
      {
        collection: 'floatingips',
        table: 'floating_ip',
        rule: 'floatingip',
        load: (caller, id) => ({ project_id: floatingIpApp.load(caller, id).project_id }),
      },
    ],
  };
}

/** A router's port that was changed by the ports API is changed on the host. */
const routerPorts = (routerTasks: RouterTasks): PortObserver => ({
  portChanged: (row) => {
    if (isInterface(row.device_owner) || row.device_owner === GATEWAY) routerTasks.changed(row.device_id);
  },
  portDeleted: () => undefined,
});

/** Floating addresses by port, in one statement. */
export const floatingIpsOf = (
  db: Db,
  portIds: readonly string[],
): ReadonlyMap<string, readonly { readonly floating: string; readonly fixed: string }[]> => {
  const rows = portIds.length === 0 ? [] : floatingIpsOfPorts(db, portIds);
  return new Map(
    [...groupBy(rows, (row) => row.port_id ?? '')].map(([portId, list]) => [
      portId,
      list.map((row) => ({ floating: row.floating_ip_address, fixed: row.fixed_ip_address ?? '' })),
    ]),
  );
};

/** A link-local address says a port only together with the link, which the zone behind '%' names. */
function neighbourOfRouter(db: Db, routerId: string, address: string, mac: string): PortRow | undefined {
  const [, zone = ''] = address.split('%');
  const own = portsOfRouter(db, routerId).find(
    (port) => isInterface(port.device_owner) && routerDevice(port.id) === zone,
  );
  return own === undefined ? undefined : macInNetwork(db, own.network_id, mac);
}

/** The server that has this address on a network of this router (S30). */
export function serverBehindRouter(
  db: Db,
  routerId: string,
  address: string,
): { serverId: string; projectId: string; portId: string } | undefined {
  const mac = macOfLinkLocal(address);
  const port =
    mac === undefined
      ? portBehindRouter(db, routerId, canonical(address))
      : neighbourOfRouter(db, routerId, address, mac);
  if (port?.device_owner.startsWith('compute:') !== true) return undefined;
  return { serverId: port.device_id, projectId: port.project_id, portId: port.id };
}
