import { transaction, type Db } from '../db/index.ts';
import { networkDialect } from '../errors/dialects.ts';
import type { HostNetwork } from '../host/net/interface.ts';
import type { Endpoint, Logger, Service } from '../http/index.ts';
import type { EnqueueOptions, SagaEngine } from '../saga/index.ts';
import { networkAbsent } from './absent.ts';
import { AddressGroupApp, shareableAddressGroups } from './app/address-group.ts';
import { AddressScopeApp, shareableScopes } from './app/address-scope.ts';
import { ComputeAddressProxy } from './app/compute-addresses.ts';
import { AgentScheduler } from './app/agent-scheduler.ts';
import { AutoAllocatedTopology } from './app/auto-allocated.ts';
import { ComputeProxy } from './app/compute-proxy.ts';
import type { NetworkContext } from './app/context.ts';
import { coreExtensions, type Extension } from './app/extension.ts';
import { NetworkApp } from './app/network.ts';
import { PortApp } from './app/port.ts';
import { PortCore } from './app/port-core.ts';
import { Quotas } from './app/quota.ts';
import { shareableNetworks } from './app/network-sharing.ts';
import { RbacApp, type Shareable } from './app/rbac.ts';
import { routerProject } from './app/router.ts';
import { SecurityGroupApp, shareableGroups } from './app/security-group.ts';
import { SecurityGroupRuleApp } from './app/security-group-rule.ts';
import { SegmentApp } from './app/segment.ts';
import { ServerPorts } from './app/server-ports.ts';
import { addressesOf, nicsOf, securityGroupNamesOf, serverOnNetwork } from './app/server-view.ts';
import { SubnetApp } from './app/subnet.ts';
import { shareablePools, SubnetpoolApp } from './app/subnetpool.ts';
import { SubnetpoolAllocation } from './app/subnetpool-allocation.ts';
import { defaultConfig, type NetworkConfig } from './config.ts';
import { networkDiscovery } from './discovery.ts';
import { addressGroupEndpoints } from './endpoints/address-groups.ts';
import { addressScopeEndpoints } from './endpoints/address-scopes.ts';
import { agentEndpoints } from './endpoints/agents.ts';
import { autoAllocatedEndpoints } from './endpoints/auto-allocated.ts';
import { miscEndpoints } from './endpoints/misc.ts';
import { networkEndpoints } from './endpoints/networks.ts';
import { portEndpoints } from './endpoints/ports.ts';
import { quotaEndpoints } from './endpoints/quotas.ts';
import { rbacEndpoints } from './endpoints/rbac-policies.ts';
import { securityGroupRuleEndpoints } from './endpoints/security-group-rules.ts';
import { securityGroupEndpoints } from './endpoints/security-groups.ts';
import { segmentEndpoints } from './endpoints/segments.ts';
import { subnetEndpoints } from './endpoints/subnets.ts';
import { subnetpoolEndpoints } from './endpoints/subnetpools.ts';
import { tagEndpoints, type Tagged } from './endpoints/tags.ts';
import type { MetadataListener, NetworkFace, ServerNic } from './face.ts';
import { networkRules } from './policy.ts';
import { createQos } from './qos.ts';
import { createRouters, floatingIpsOf, serverBehindRouter } from './routers.ts';
import { NetworkDriver } from './sagas/driver.ts';
import { networkProvision } from './sagas/network-provision.ts';
import { networkRemove } from './sagas/network-remove.ts';
import { portUpdate } from './sagas/port-update.ts';
import { reconcileNetworks } from './sagas/reconcile.ts';
import { createRouterTasks, withRouters } from './sagas/router-tasks.ts';
import { segmentRemove } from './sagas/segment-remove.ts';
import { securityGroupUpdate } from './sagas/security-group-update.ts';
import { createTrunks } from './trunks.ts';
import { createTasks } from './sagas/tasks.ts';
import { countAddressGroups } from './store/address-group.ts';
import { layNumberPools } from './store/network.ts';
import { countPolicies } from './store/rbac.ts';
import { countPools } from './store/subnetpool.ts';

export type { MetadataListener, NetworkFace } from './face.ts';
export { defaultConfig, type NetworkConfig } from './config.ts';

export interface NetworkDeps {
  readonly db: Db;
  readonly sagas: SagaEngine;
  readonly host: HostNetwork;
  readonly metadata: MetadataListener;
  readonly logger: Logger;
  /** Milliseconds since the epoch; the system's clock by default. */
  readonly clock?: () => number;
  readonly config?: Partial<NetworkConfig>;
  /** The project of the server with this id, so that nobody names another's as the device of a port (S27). */
  readonly serverProject?: (db: Db, serverId: string) => string | undefined;
  /** Told in the transaction that deletes a server's port, as it was: the guest is to lose its card. */
  readonly serverPortDeleted?: (serverId: string, nic: ServerNic, who: EnqueueOptions) => void;
}

export interface Network {
  readonly service: Service;
  readonly face: NetworkFace;
  /** Brings the host to what the database says; answers what could not be, in words. */
  reconcile(): Promise<readonly string[]>;
  /** Starts again the DHCP servers that died since; answers the networks whose were. */
  reviveDhcp(): Promise<readonly string[]>;
  /** Adopts or rebuilds what the host has of the networks; call after the sagas were registered and before guests start. */
  start(): Promise<void>;
  /** Closes what this process has open. Devices, DHCP servers and guests' traffic stay as they are. */
  stop(): Promise<void>;
}

/** The network service: Neutron's API, and the devices of this host behind it. */
export function createNetwork(deps: NetworkDeps): Network {
  const { db, sagas, host, logger } = deps;
  const config: NetworkConfig = { ...defaultConfig, ...deps.config };
  const routerTasks = createRouterTasks(sagas);
  const kernel = { vlan: false };
  const context: NetworkContext = {
    db,
    kernel,
    config,
    clock: deps.clock ?? Date.now,
    tasks: withRouters(createTasks(db, sagas, config), db, routerTasks),
    serverPortDeleted: (port, caller) => {
      const nics = nicsOf(db, config, floatingIpsOf, port.device_id);
      const nic = nics.find((one) => one.portId === port.id);
      const { projectId = null, userId } = caller.auth;
      if (nic !== undefined)
        deps.serverPortDeleted?.(port.device_id, nic, { requestId: caller.requestId, projectId, userId });
    },
    deviceProject: (inDb, id) => routerProject(inDb, id) ?? deps.serverProject?.(inDb, id),
  };
  transaction(db, () => layNumberPools(db, config.vniRange));
  const driver = new NetworkDriver({
    db,
    host,
    metadata: deps.metadata,
    config,
    logger,
    onLease: (serverId, lease, renewed) => {
      sagas.appendEvent(
        { type: 'server', id: serverId },
        {
          name: renewed ? 'DHCP lease renewed' : 'DHCP lease given',
          number: 38,
          service: 'network',
          text: `${lease.ip} to ${lease.macAddress}${lease.hostName === null ? '' : ` (${lease.hostName})`}`,
        },
      );
    },
  });
  sagas.register(networkProvision, { driver });
  sagas.register(portUpdate, { driver });
  sagas.register(securityGroupUpdate, { driver });
  sagas.register(networkRemove, { driver });
  sagas.register(segmentRemove, { driver });

  const quotas = new Quotas(config.quotas);
  const ports = new PortCore(context, quotas);
  const networkApp = new NetworkApp(context, quotas, ports);
  const scopeApp = new AddressScopeApp(context);
  const poolApp = new SubnetpoolApp(context, quotas);
  const allocation = new SubnetpoolAllocation(context, quotas);
  const subnetApp = new SubnetApp(context, quotas, ports);
  const portApp = new PortApp(context, ports);
  const groupApp = new SecurityGroupApp(context, quotas);
  const ruleApp = new SecurityGroupRuleApp(context, quotas);
  const routers = createRouters({
    context,
    ports,
    networks: networkApp,
    subnets: subnetApp,
    quotas,
    sagas,
    routerTasks,
    driver: { host, metadata: deps.metadata, logger, networks: driver },
  });
  const trunkPart = createTrunks({ context, quotas, sagas, driver });
  const qos = createQos({ network: context, ports, quotas, routerTasks });
  quotas.add('address_group', -1, countAddressGroups);
  quotas.add('subnetpool', -1, countPools);
  quotas.add('rbac_policy', 10, countPolicies);
  const shareables: readonly Shareable[] = [
    shareableNetworks(context.clock),
    shareableGroups,
    shareableScopes,
    shareablePools,
    shareableAddressGroups,
    qos.shareable,
  ];
  const topology = new AutoAllocatedTopology(context, {
    networks: networkApp,
    subnets: subnetApp,
    routers: routers.routers,
    interfaces: routers.interfaces,
  });
  const extensions: readonly Extension[] = [
    ...coreExtensions,
    ...routers.extensions,
    ...qos.extensions,
    ...trunkPart.extensions,
  ];
  const tagged: readonly Tagged[] = [
    {
      collection: 'networks',
      table: 'network',
      rule: 'network',
      load: (caller, id) => networkApp.target(caller, networkApp.load(caller, id)),
    },
    {
      collection: 'subnets',
      table: 'subnet',
      rule: 'subnet',
      load: (caller, id) => ({ ...subnetApp.load(caller, id) }),
    },
    {
      collection: 'ports',
      table: 'port',
      rule: 'port',
      load: (caller, id) => ({ ...portApp.load(caller, id) }),
    },
    {
      collection: 'security-groups',
      table: 'security_group',
      rule: 'security_group',
      load: (caller, id) => groupApp.target(caller, groupApp.load(caller, id)),
    },
    {
      collection: 'subnetpools',
      table: 'subnetpool',
      rule: 'subnetpool',
      load: (caller, id) => poolApp.target(caller, poolApp.load(caller, id)),
    },
    ...routers.tagged,
    ...qos.tagged,
    ...trunkPart.tagged,
  ];
  const endpoints: readonly Endpoint[] = [
    ...networkEndpoints(networkApp),
    ...subnetEndpoints(subnetApp),
    ...portEndpoints(portApp),
    ...securityGroupEndpoints(groupApp),
    ...securityGroupRuleEndpoints(ruleApp),
    ...routers.endpoints,
    ...qos.endpoints,
    ...trunkPart.endpoints,
    ...addressScopeEndpoints(scopeApp),
    ...addressGroupEndpoints(new AddressGroupApp(context, quotas)),
    ...subnetpoolEndpoints(poolApp, allocation),
    ...agentEndpoints(new AgentScheduler(context, ports, routerTasks), networkApp, routers.routers),
    ...autoAllocatedEndpoints(topology),
    ...segmentEndpoints(new SegmentApp(context)),
    ...rbacEndpoints(new RbacApp(context, quotas, shareables)),
    ...quotaEndpoints(context, quotas),
    ...tagEndpoints(db, context.clock, tagged),
    ...miscEndpoints(context, extensions),
  ];

  const reconcile = async (): Promise<readonly string[]> => [
    ...(await reconcileNetworks({ db, host, config, logger, driver })),
    ...(await routers.driver.reconcile()),
  ];
  return {
    service: {
      name: 'network',
      prefix: '/networking',
      root: '/v2.0',
      dialect: networkDialect,
      absent: networkAbsent,
      rules: networkRules,
      discovery: networkDiscovery,
      endpoints,
    },
    face: {
      ...createFace(context, new ServerPorts(context, ports, quotas, topology), driver),
      compute: new ComputeProxy({ context, groups: groupApp, rules: ruleApp, ports }),
      computeAddresses: new ComputeAddressProxy({
        context,
        networks: networkApp,
        floating: routers.floatingIps,
        ports,
      }),
    },
    reconcile,
    reviveDhcp: () => driver.reviveDhcp(),
    start: async () => {
      kernel.vlan = await host.link.hasVlans();
      await reconcile();
    },
    stop: async () => {
      routers.driver.close();
      await driver.close();
    },
  };
}

function createFace(
  context: NetworkContext,
  serverPorts: ServerPorts,
  driver: NetworkDriver,
): Omit<NetworkFace, 'compute' | 'computeAddresses'> {
  return {
    planNics: (_db, auth, asked, groups) => serverPorts.plan(auth, asked, groups),
    createServerPorts: (_db, server) => serverPorts.create(server),
    deleteServerPorts: (_db, serverId) => serverPorts.delete(serverId),
    planInterface: (_db, auth, projectId, asked) => serverPorts.planInterface(auth, projectId, asked),
    attachServerPort: (_db, server) => serverPorts.attach(server),
    detachServerPort: (_db, serverId, portId) => serverPorts.detach(serverId, portId),
    plugServer: (serverId, signal) => driver.plugServer(serverId, signal),
    unplugServer: (serverId) => driver.unplugServer(serverId),
    unplugPorts: (ports) => driver.unplug(ports),
    nicsOf: (db, serverId) => nicsOf(db, context.config, floatingIpsOf, serverId),
    addressesOf: (db, serverIds) => addressesOf(db, floatingIpsOf, serverIds),
    securityGroupNamesOf: (db, serverIds) => securityGroupNamesOf(db, serverIds),
    serverByAddress: (db, from, address) =>
      'networkId' in from
        ? serverOnNetwork(db, from.networkId, address)
        : serverBehindRouter(db, from.routerId, address),
  };
}
