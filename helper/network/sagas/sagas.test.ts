import { randomUUID } from 'node:crypto';
import { describe } from 'vitest';
import { type Db, memoryDatabase, transaction } from '../../db/index.ts';
import { createFakeHostNetwork, type FakeHostNetwork } from '../../host/net/fake.ts';
import { silentLogger } from '../../http/index.ts';
import { standardSagaTests, type SagaWorld } from '../../saga/standard-tests.ts';
import { NetworkApp } from '../app/network.ts';
import { PortApp } from '../app/port.ts';
import { PortCore } from '../app/port-core.ts';
import { Quotas } from '../app/quota.ts';
import { SecurityGroupRuleApp } from '../app/security-group-rule.ts';
import { SubnetApp } from '../app/subnet.ts';
import type { Caller, NetworkContext } from '../app/context.ts';
import { ServerPorts } from '../app/server-ports.ts';
import { defaultConfig } from '../config.ts';
import { apiSegments, LEAVING, segmentsOf } from '../store/segment.ts';
import { layNumberPools, segments } from '../store/network.ts';
import { groupsOfPorts, portsOfNetwork } from '../store/port.ts';
import { NetworkDriver } from './driver.ts';
import { networkProvision, type NetworkServices } from './network-provision.ts';
import { networkRemove } from './network-remove.ts';
import { segmentRemove } from './segment-remove.ts';
import { portUpdate } from './port-update.ts';
import { securityGroupUpdate } from './security-group-update.ts';

const caller: Caller = {
  auth: {
    userId: 'u',
    userName: 'u',
    userDomainId: 'default',
    projectId: 'a',
    roles: new Set(['member', 'reader']),
    auditId: 'a',
  },
  may: () => true,
  requestId: 'req-test',
};

/** A network with a subnet, its rows as the API leaves them; the engine under test brings it to the host. */
class Bench {
  readonly db: Db = memoryDatabase();
  readonly host: FakeHostNetwork = createFakeHostNetwork();
  readonly services: NetworkServices;
  readonly networkId: string;
  readonly networks: NetworkApp;
  readonly ports: PortApp;
  readonly rules: SecurityGroupRuleApp;
  readonly servers: ServerPorts;

  constructor() {
    const nothing = (): void => undefined;
    const context: NetworkContext = {
      db: this.db,
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
    transaction(this.db, () => layNumberPools(this.db, [1, 10]));
    const quotas = new Quotas(defaultConfig.quotas);
    const core = new PortCore(context, quotas);
    this.networks = new NetworkApp(context, quotas, core);
    this.ports = new PortApp(context, core);
    this.rules = new SecurityGroupRuleApp(context, quotas);
    this.servers = new ServerPorts(context, core, quotas);
    const [network] = this.networks.create(caller, [{ name: 'n' }]);
    this.networkId = network?.id ?? '';
    new SubnetApp(context, quotas, core).create(caller, [
      { network_id: this.networkId, ip_version: 4, cidr: '10.0.0.0/24' },
    ]);
    const driver = new NetworkDriver({
      db: this.db,
      host: this.host,
      metadata: { serve: nothing },
      config: defaultConfig,
      logger: silentLogger,
      onLease: nothing,
    });
    this.services = { driver };
  }

  /** A plugged server. @returns its port's id */
  async server(): Promise<string> {
    const serverId = randomUUID();
    const plan = this.servers.plan(caller.auth, 'auto', undefined);
    this.servers.create({ serverId, serverName: 's', projectId: 'a', availabilityZone: 'nova', ...plan });
    await this.services.driver.plugServer(serverId);
    return plan.nics[0]?.portId ?? '';
  }

  /** Ids are made anew for each world: what is compared knows them by their place. */
  world<Input>(input: Input): SagaWorld<Input, NetworkServices> {
    return {
      db: this.db,
      services: this.services,
      input,
      inventory: async () => {
        const { bridges, vxlans, taps, namespaces, filteredPorts } = await this.host.inventory();
        return {
          bridges: bridges.length,
          vxlans,
          taps: taps.length,
          namespaces: namespaces.length,
          filteredPorts: filteredPorts.length,
          rules: [...this.host.state.filters.values()].map((filter) => filter.rules.length),
          addresses: [...this.host.state.filters.values()].map((filter) => filter.fixedIps),
          hosts: [...this.host.state.dhcp.values()].map((spec) => spec.hosts.map((host) => host.ip)),
        };
      },
      dispose: async () => {
        await this.services.driver.close();
        this.db.close();
      },
    };
  }
}

/** Tables whose rows carry ids that each world makes for itself. */
const ignore = [
  'network',
  'segment',
  'subnet',
  'port',
  'port_ip',
  'port_plug',
  'port_security_group',
  'security_group',
  'security_group_rule',
  'network_segment.network_id',
  'segment',
  'network_free_range',
  'network_pool',
];

describe('what follows from rows', () => {
  standardSagaTests({
    saga: networkProvision,
    forwardOnly: true,
    ignore,
    makeWorld: async () => {
      const bench = new Bench();
      return await Promise.resolve(bench.world({ networkId: bench.networkId }));
    },
  });

  standardSagaTests({
    saga: segmentRemove,
    forwardOnly: true,
    ignore,
    makeWorld: async () => {
      const bench = new Bench();
      const { db, networkId } = bench;
      await bench.services.driver.ensureSegment(networkId);
      const place = segments.byId(db, networkId)!;
      const [row] = segmentsOf(db, [networkId]);
      transaction(db, () => {
        apiSegments.update(db, row!, { is_first: LEAVING });
        segments.update(db, place, { vni: null, network_type: 'local' });
      });
      return bench.world({ networkId, segmentId: row!.id, place, vniRange: [1, 10] as const });
    },
  });

  standardSagaTests({
    saga: networkRemove,
    forwardOnly: true,
    ignore,
    makeWorld: async () => {
      const bench = new Bench();
      await bench.services.driver.ensureNetwork(bench.networkId);
      bench.networks.delete(bench.networks.load(caller, bench.networkId));
      return bench.world({ networkId: bench.networkId, vniRange: [1, 10] as const });
    },
  });

  standardSagaTests({
    saga: portUpdate,
    forwardOnly: true,
    ignore,
    makeWorld: async () => {
      const bench = new Bench();
      const portId = await bench.server();
      const other = await bench.server();
      const groupIds = groupsOfPorts(bench.db, [portId]).map((one) => one.security_group_id);
      bench.ports.update(caller, bench.ports.load(caller, portId), {
        fixed_ips: [{ ip_address: '10.0.0.99' }],
      });
      const [gone] = portsOfNetwork(bench.db, bench.networkId).filter((port) => port.id === other);
      if (gone !== undefined) bench.ports.delete(caller, gone);
      return bench.world({ networkId: bench.networkId, portIds: [portId, other], groupIds });
    },
  });

  standardSagaTests({
    saga: securityGroupUpdate,
    forwardOnly: true,
    ignore,
    makeWorld: async () => {
      const bench = new Bench();
      const portId = await bench.server();
      const groupIds = groupsOfPorts(bench.db, [portId]).map((one) => one.security_group_id);
      bench.rules.create(caller, [
        { security_group_id: groupIds[0] ?? '', direction: 'ingress', protocol: 'icmp' },
      ]);
      return bench.world({ groupIds });
    },
  });
});
