import { describe } from 'vitest';
import { type Db, memoryDatabase, transaction } from '../../db/index.ts';
import { createFakeHostNetwork, type FakeHostNetwork } from '../../host/net/fake.ts';
import { silentLogger } from '../../http/index.ts';
import { standardSagaTests, type SagaWorld } from '../../saga/standard-tests.ts';
import type { Caller, NetworkContext } from '../app/context.ts';
import { FloatingIpApp } from '../app/floating-ip.ts';
import { HaNetworks } from '../app/ha-network.ts';
import { NetworkApp } from '../app/network.ts';
import { PortApp } from '../app/port.ts';
import { PortForwardingApp } from '../app/port-forwarding.ts';
import { PortCore } from '../app/port-core.ts';
import { Quotas } from '../app/quota.ts';
import { RouterApp } from '../app/router.ts';
import type { RouterContext } from '../app/router-context.ts';
import { RouterInterfaces } from '../app/router-interface.ts';
import { SubnetApp } from '../app/subnet.ts';
import { defaultConfig } from '../config.ts';
import type { FloatingIpRow } from '../store/floating-ip.ts';
import { layNumberPools } from '../store/network.ts';
import type { PortRow } from '../store/row.ts';
import type { RouterRow } from '../store/router.ts';
import { NetworkDriver } from './driver.ts';
import { floatingIpAssociate } from './floating-ip-associate.ts';
import { floatingIpDelete } from './floating-ip-delete.ts';
import { floatingIpDisassociate } from './floating-ip-disassociate.ts';
import type { FloatingIpInput } from './floating-ip-way.ts';
import { portForwardingUpdate } from './port-forwarding-update.ts';
import { routerDelete } from './router-delete.ts';
import { RouterDriver } from './router-driver.ts';
import { routerUpdate, type RouterServices } from './router-update.ts';

const caller: Caller = {
  auth: {
    userId: 'u',
    userName: 'u',
    userDomainId: 'default',
    projectId: 'a',
    roles: new Set(['admin', 'member', 'reader']),
    auditId: 'a',
  },
  may: () => true,
  requestId: 'req-test',
};

const nothing = (): void => undefined;

function only<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined) throw new Error('nothing was made');
  return row;
}

/** A router between a network and the external one with rows as the API leaves them; the host has nothing yet. */
class Bench {
  readonly db: Db = memoryDatabase();
  readonly host: FakeHostNetwork = createFakeHostNetwork();
  readonly services: RouterServices;
  readonly routers: RouterApp;
  readonly interfaces: RouterInterfaces;
  readonly floatingIps: FloatingIpApp;
  readonly forwardings: PortForwardingApp;
  readonly router: RouterRow;
  readonly port: PortRow;
  readonly externalId: string;
  readonly subnetId: string;
  readonly #networks: NetworkDriver;

  constructor() {
    const { db, host } = this;
    const network: NetworkContext = {
      db,
      config: defaultConfig,
      clock: () => 0,
      tasks: {
        provision: nothing,
        remove: nothing,
        leaveSegment: nothing,
        portsChanged: nothing,
        rulesChanged: nothing,
      },
      deviceProject: () => undefined,
    };
    transaction(db, () => layNumberPools(db, [1, 10]));
    const quotas = new Quotas(defaultConfig.quotas);
    const ports = new PortCore(network, quotas);
    const networks = new NetworkApp(network, quotas, ports);
    const subnets = new SubnetApp(network, quotas, ports);
    const inner = only(networks.create(caller, [{ name: 'inner' }]));
    const flat = { 'provider:network_type': 'flat', 'provider:physical_network': 'external' };
    this.externalId = only(networks.create(caller, [{ 'router:external': true, ...flat }])).id;
    const subnet = { ip_version: 4, enable_dhcp: false } as const;
    subnets.create(caller, [{ ...subnet, network_id: this.externalId, cidr: '198.18.10.0/24' }]);
    this.subnetId = only(
      subnets.create(caller, [{ ...subnet, network_id: inner.id, cidr: '10.0.0.0/24' }]),
    ).id;
    this.port = only(new PortApp(network, ports).create(caller, [{ network_id: inner.id }]));
    const context: RouterContext = {
      network,
      ports,
      quotas,
      routerTasks: {
        changed: nothing,
        removed: nothing,
        associated: nothing,
        disassociated: nothing,
        floatingIpDeleted: nothing,
        forwarded: nothing,
        firewallChanged: nothing,
      },
    };
    this.routers = new RouterApp(context, new HaNetworks(context, networks, subnets));
    this.interfaces = new RouterInterfaces(context);
    this.floatingIps = new FloatingIpApp(context);
    this.forwardings = new PortForwardingApp(context);
    this.router = this.newRouter();
    this.interfaces.add(caller, this.router, { subnet_id: this.subnetId });
    const common = { db, host, metadata: { serve: nothing }, config: defaultConfig, logger: silentLogger };
    this.#networks = new NetworkDriver({ ...common, onLease: nothing });
    this.services = { routers: new RouterDriver({ ...common, networks: this.#networks }) };
  }

  newRouter(): RouterRow {
    return only(this.routers.create(caller, [{ external_gateway_info: { network_id: this.externalId } }]));
  }

  floatingIp(portId?: string): FloatingIpRow {
    const body = {
      floating_network_id: this.externalId,
      ...(portId === undefined ? {} : { port_id: portId }),
    };
    return only(this.floatingIps.create(caller, [body]));
  }

  async applied(): Promise<void> {
    await this.services.routers.ensureNetworks(this.router.id);
    await this.services.routers.apply(this.router.id);
  }

  input(row: FloatingIpRow): FloatingIpInput {
    return { floatingIpId: row.id, address: row.floating_ip_address, routerIds: [this.router.id] };
  }

  /** Ids are made anew for each world: what is compared knows them by their place. */
  world<Input>(input: Input): SagaWorld<Input, RouterServices> {
    return {
      db: this.db,
      services: this.services,
      input,
      inventory: async () => {
        const { bridges, veths, namespaces } = await this.host.inventory();
        return {
          bridges: bridges.length,
          veths: veths.length,
          namespaces: namespaces.length,
          routers: [...this.host.state.routers.values()].map((spec) => ({
            inside: spec.interfaces.map((one) => one.addresses),
            outside: spec.gateway?.addresses,
            floatingIps: spec.floatingIps,
            forwardings: spec.forwardings,
          })),
        };
      },
      dispose: async () => {
        this.services.routers.close();
        await this.#networks.close();
        this.db.close();
      },
    };
  }
}

/** Tables whose rows carry ids that each world makes for itself; statuses are compared by the API's tests. */
const ignore = [
  'network',
  'rbac_policy',
  'segment',
  'subnet',
  'port',
  'port_ip',
  'port_security_group',
  'security_group',
  'security_group_rule',
  'network_segment.network_id',
  'network_free_range',
  'network_pool',
  ...['id', 'gateway_network_id', 'gateway_port_id'].map((column) => `router.${column}`),
  ...['id', 'floatingip_id', 'internal_port_id'].map((column) => `port_forwarding.${column}`),
  ...['id', 'floating_network_id', 'floating_port_id', 'port_id', 'router_id'].map(
    (column) => `floating_ip.${column}`,
  ),
];

describe('what follows from the rows of routers and floating IPs', () => {
  standardSagaTests({
    saga: routerUpdate,
    forwardOnly: true,
    ignore,
    makeWorld: async () => {
      const bench = new Bench();
      return await Promise.resolve(bench.world({ routerId: bench.router.id }));
    },
  });

  standardSagaTests({
    saga: routerDelete,
    forwardOnly: true,
    ignore,
    makeWorld: async () => {
      const bench = new Bench();
      await bench.applied();
      bench.interfaces.remove(caller, bench.router, { subnet_id: bench.subnetId });
      bench.routers.delete(caller, bench.router);
      return bench.world({ routerId: bench.router.id });
    },
  });

  standardSagaTests({
    saga: floatingIpAssociate,
    forwardOnly: true,
    ignore,
    makeWorld: async () => {
      const bench = new Bench();
      await bench.applied();
      return bench.world(bench.input(bench.floatingIp(bench.port.id)));
    },
  });

  standardSagaTests({
    saga: floatingIpDisassociate,
    forwardOnly: true,
    ignore,
    makeWorld: async () => {
      const bench = new Bench();
      const row = bench.floatingIp(bench.port.id);
      await bench.applied();
      bench.floatingIps.update(caller, row, { port_id: null });
      return bench.world(bench.input(row));
    },
  });

  standardSagaTests({
    saga: floatingIpDelete,
    forwardOnly: true,
    ignore,
    makeWorld: async () => {
      const bench = new Bench();
      const row = bench.floatingIp(bench.port.id);
      await bench.applied();
      bench.floatingIps.delete(caller, row);
      return bench.world(bench.input(row));
    },
  });

  standardSagaTests({
    saga: portForwardingUpdate,
    forwardOnly: true,
    ignore,
    makeWorld: async () => {
      const bench = new Bench();
      await bench.applied();
      const floating = bench.floatingIp();
      const body = {
        protocol: 'tcp',
        external_port: 2222,
        internal_port: 22,
        internal_port_id: bench.port.id,
      };
      bench.forwardings.create(caller, floating.id, [body]);
      return bench.world({
        floatingIpId: floating.id,
        address: floating.floating_ip_address,
        routerId: bench.router.id,
        gone: [{ protocol: 'tcp', first: 80, last: 80, fixed: '10.0.0.9', inside: 80 }],
      });
    },
  });
});
