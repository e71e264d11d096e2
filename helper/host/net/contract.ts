import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DhcpSpec } from './dhcp/interface.ts';
import type { PortFilter } from './firewall/interface.ts';
import type { HostNetwork } from './interface.ts';
import type { NetworkSegment } from './link/interface.ts';
import {
  bridgeName,
  dhcpNamespace,
  gatewayDevice,
  routerNamespace,
  shaperName,
  tapName,
  vxlanName,
} from './names.ts';
import type { RouterSpec } from './router/interface.ts';

/** What each HostNetwork has to do: run by the fake's test and by the real one's. */
export function hostNetworkContract(
  name: string,
  make: () => { host: HostNetwork; end: () => Promise<void> },
): void {
  describe(`a host's network: ${name}`, () => {
    const networkId = randomUUID();
    const external = bridgeName(randomUUID());
    const portId = randomUUID();
    const number = 30_000 + Math.floor(Math.random() * 30_000);
    const segment: NetworkSegment = {
      networkId,
      bridge: bridgeName(networkId),
      mtu: 1450,
      zone: number,
      vxlan: { vni: 0xdc0000 + number, local: '127.0.0.1', peers: [] },
    };
    const tap = { tap: tapName(portId), bridge: segment.bridge, mtu: 1450, macAddress: 'fa:16:3e:00:00:0a' };
    const filter: PortFilter = {
      portId,
      tapName: tap.tap,
      bridgeName: segment.bridge,
      mark: 1,
      zone: segment.zone,
      macAddress: tap.macAddress,
      fixedIps: ['10.83.0.10'],
      allowedAddressPairs: [],
      portSecurity: true,
      stateful: true,
      rules: [
        { direction: 'egress', ethertype: 'IPv4', protocol: null, portMin: null, portMax: null },
        {
          direction: 'ingress',
          ethertype: 'IPv4',
          protocol: 'tcp',
          portMin: 22,
          portMax: 22,
          remoteGroupId: 'group-1',
        },
      ],
    };
    const dhcp: DhcpSpec = {
      networkId,
      bridge: segment.bridge,
      mtu: 1450,
      port: { portId: randomUUID(), macAddress: 'fa:16:3e:00:00:02', addresses: ['10.83.0.2/24'] },
      subnets: [
        {
          subnetId: randomUUID(),
          cidr: '10.83.0.0/24',
          gatewayIp: '10.83.0.1',
          dnsNameservers: [],
          hostRoutes: [],
        },
      ],
      hosts: [{ macAddress: tap.macAddress, ip: '10.83.0.10', hostName: 'host-10-83-0-10' }],
      domain: 'openstacklocal',
      leaseSeconds: 600,
      dnsRelayPort: 5353,
    };
    const router: RouterSpec = {
      routerId: randomUUID(),
      forwarding: true,
      interfaces: [
        {
          portId: randomUUID(),
          macAddress: 'fa:16:3e:00:00:01',
          addresses: ['10.83.0.1/24', 'fd00:83::/64'],
          bridge: segment.bridge,
          mtu: 1450,
          advertise: {
            managed: false,
            otherConfig: false,
            prefixes: [{ cidr: 'fd00:83::/64', autonomous: true }],
            nameServers: [],
          },
        },
      ],
      gateway: {
        portId: randomUUID(),
        macAddress: 'fa:16:3e:00:00:03',
        addresses: ['203.0.113.10/24'],
        bridge: external,
        mtu: 1500,
        nextHops: ['203.0.113.1'],
        snat: true,
      },
      floatingIps: [{ floating: '203.0.113.20', fixed: '10.83.0.10' }],
      routes: [],
    };
    let host: HostNetwork;
    let end: () => Promise<void>;

    beforeAll(() => {
      ({ host, end } = make());
    });
    afterAll(() => end());

    it('begins with nothing', async () => {
      const inventory = await host.inventory();
      expect(Object.values(inventory).flat()).toEqual([]);
    });

    it('has segments, made as often as one likes', async () => {
      await host.external.ensure({
        bridge: external,
        addresses: ['203.0.113.1/24'],
        mtu: 1500,
        masquerade: true,
      });
      expect([host.external.isExternal(external), host.external.isExternal(segment.bridge)]).toEqual([
        true,
        false,
      ]);
      await host.link.ensureSegment(segment);
      await host.link.ensureSegment(segment);
      const inventory = await host.inventory();
      expect([...inventory.bridges].sort()).toEqual([external, segment.bridge].sort());
      expect(inventory.vxlans).toEqual([vxlanName(segment.vxlan?.vni ?? 0)]);
    });

    it('has taps on segments only', async () => {
      await expect(host.link.ensureTap({ ...tap, bridge: 'brqnowhere' })).rejects.toThrow('is not there');
      await host.link.ensureTap(tap);
      await host.link.ensureTap(tap);
      expect(await host.link.tapExists(tap.tap)).toBe(true);
      expect((await host.inventory()).taps).toEqual([tap.tap]);
      expect((await host.link.counters([tap.tap, 'tapnowhere'])).map((one) => one.device)).toEqual([tap.tap]);
      expect(await host.link.removeSegment(segment)).toBe(false);
    });

    it('limits taps', async () => {
      const rate = { kbps: 3000, burstKbit: 0 };
      await host.link.shapeTap(tap.tap, { ingress: rate, egress: rate });
      await host.link.shapeTap(tap.tap, { egress: { kbps: 100, burstKbit: 800 } });
      expect((await host.inventory()).shapers).toEqual([shaperName(tap.tap)]);
      await host.link.shapeTap(tap.tap, {});
      expect((await host.inventory()).shapers).toEqual([]);
      await host.link.shapeTap(tap.tap, { egress: rate });
      await host.link.shapeTap('tapnowhere', { egress: rate });
    });

    it('has a filter per port, and sets per group', async () => {
      const group = { groupId: 'group-1', v4: ['10.83.0.11', '10.83.0.0/24'], v6: ['2001:db8::1'] };
      await host.firewall.applyPorts([filter], [group]);
      await host.firewall.applyPorts([filter]);
      await host.firewall.applyGroupMembers({ ...group, v4: [] });
      expect(await host.firewall.listPorts()).toEqual([{ portId, tapName: tap.tap, mark: 1 }]);
      expect(await host.firewall.listGroups()).toEqual(['group-1']);
      const bad = { ...filter, rules: [{ ...filter.rules[0]!, protocol: 'no such' }] };
      await expect(host.firewall.applyPorts([bad])).rejects.toThrow(TypeError);
      await expect(host.firewall.applyGroupMembers({ ...group, v4: ['::1'] })).rejects.toThrow(TypeError);
      await expect(host.conntrack.flush({})).rejects.toThrow(TypeError);
      await host.conntrack.flush({ zone: segment.zone, addresses: ['10.83.0.10'] });
    });

    it('has a DHCP server per network', async () => {
      expect(await host.dhcp.updateHosts(dhcp)).toBe(false);
      expect(host.dhcp.isRunning(networkId)).toBe(false);
      expect(await host.dhcp.ensure(dhcp)).toBe('started');
      expect(await host.dhcp.ensure(dhcp)).toBe('unchanged');
      const more = {
        ...dhcp,
        hosts: [...dhcp.hosts, { ...dhcp.hosts[0]!, ip: '10.83.0.12', hostName: 'b' }],
      };
      expect(await host.dhcp.ensure(more)).toBe('reloaded');
      expect(await host.dhcp.updateHosts(dhcp)).toBe(true);
      expect(await host.dhcp.list()).toEqual([networkId]);
      expect(host.dhcp.isRunning(networkId)).toBe(true);
      expect(await host.dhcp.leases(networkId)).toEqual([]);
      const bad = { ...dhcp, hosts: [{ ...dhcp.hosts[0]!, hostName: 'a\nb' }] };
      await expect(host.dhcp.ensure(bad)).rejects.toThrow(TypeError);
      await expect(host.dhcp.updateHosts(bad)).rejects.toThrow(TypeError);
    });

    it('has routers, and says what changed', async () => {
      const floating = '203.0.113.20';
      const created = { created: true, announced: ['203.0.113.10', floating], released: [] };
      expect(await host.router.ensure(router)).toEqual(created);
      const unchanged = { created: false, announced: [], released: [] };
      expect(await host.router.ensure(router)).toEqual(unchanged);
      const moved = { ...router, floatingIps: [{ floating, fixed: '10.83.0.11' }] };
      expect(await host.router.ensure(moved)).toEqual({
        ...unchanged,
        announced: [floating],
        released: [floating],
      });
      expect(await host.router.ensure({ ...router, floatingIps: [] })).toEqual({
        ...unchanged,
        released: [floating],
      });
      expect(await host.router.list()).toEqual([router.routerId]);
      host.router.announce(routerNamespace(router.routerId), gatewayDevice(router.gateway?.portId ?? ''), []);
    });

    it('lists all of it', async () => {
      const inventory = await host.inventory();
      const ports = [dhcp.port, ...router.interfaces, router.gateway!].map((port) => tapName(port.portId));
      expect([...inventory.veths].sort()).toEqual(ports.sort());
      expect([...inventory.namespaces].sort()).toEqual([
        dhcpNamespace(networkId),
        routerNamespace(router.routerId),
      ]);
      expect(inventory.dnsmasq.map((process) => process.networkId)).toEqual([networkId]);
      expect(inventory.radvd.map((process) => process.routerId)).toEqual([router.routerId]);
      expect(inventory.filteredPorts).toEqual([portId]);
    });

    it('reports all of it as it is, and shows each thing with the commands for it', async () => {
      const report = await host.devices.report();
      const named = (name: string) => report.devices.find((one) => one.name === name);
      const guest = named(tap.tap);
      expect(guest).toMatchObject({ kind: 'tap', namespace: null, bridge: segment.bridge, external: false });
      expect(named(external)).toMatchObject({ kind: 'bridge', external: true });
      expect(named(external)?.addresses).toContain('203.0.113.1/24');
      expect(named(vxlanName(segment.vxlan?.vni ?? 0))).toMatchObject({
        kind: 'vxlan',
        vni: segment.vxlan?.vni,
      });
      const gateway = gatewayDevice(router.gateway?.portId ?? '');
      expect(named(gateway)).toMatchObject({
        kind: 'veth',
        namespace: routerNamespace(router.routerId),
        peer: tapName(router.gateway?.portId ?? ''),
      });
      expect(named(tapName(router.gateway?.portId ?? ''))).toMatchObject({ peer: gateway, external: true });
      expect(named(gateway)?.addresses).toContain('203.0.113.10/24');
      const services = report.namespaces.map(({ kind, resourceId, services }) => [
        kind,
        resourceId,
        services.map(({ name }) => name).sort(),
      ]);
      expect(services.sort(([a], [b]) => String(a).localeCompare(String(b)))).toEqual([
        ['dhcp', networkId, ['dnsmasq', 'metadata']],
        ['router', router.routerId, ['metadata', 'radvd']],
      ]);
      expect(report.filteredPorts).toEqual([portId]);
      const counted = (await host.devices.counters()).map((one) => one.device);
      expect(counted).toContain(tap.tap);
      expect(counted).not.toContain('lo');

      const namespace = routerNamespace(router.routerId);
      const [table = ''] = report.tables;
      for (const question of [
        { kind: 'device', name: tap.tap, namespace: null },
        { kind: 'device', name: gateway, namespace },
        { kind: 'namespace', name: namespace },
        { kind: 'namespace', name: dhcpNamespace(networkId) },
        { kind: 'filter', portId },
        { kind: 'table', name: table, namespace: null },
        { kind: 'table', name: 'inet deskcloud', namespace },
      ] as const) {
        const looks = await host.devices.look(question);
        expect(looks.length).toBeGreaterThan(0);
        expect(looks[0]?.output.length).toBeGreaterThan(20);
      }
      expect((await host.devices.look({ kind: 'filter', portId }))[0]?.output).toContain('tcp dport 22');
      // Nobody else's, and no words that mean something else.
      expect(await host.devices.look({ kind: 'device', name: 'lo', namespace: null })).toEqual([]);
      expect(await host.devices.look({ kind: 'namespace', name: 'qrouter-other' })).toEqual([]);
      await expect(host.devices.look({ kind: 'device', name: '-all', namespace: null })).rejects.toThrow(
        TypeError,
      );
    });

    it('forgets each thing when told, twice', async () => {
      for (let times = 0; times < 2; times += 1) {
        await host.router.remove(router.routerId);
        await host.dhcp.remove(networkId);
        await host.link.removeTap(tap.tap);
        await host.firewall.apply({ removePorts: [portId], removeGroups: ['group-1'] });
        expect(await host.link.removeSegment(segment)).toBe(true);
        await host.external.remove(external);
      }
      const { tables, ...rest } = await host.inventory();
      expect(Object.values(rest).flat()).toEqual([]);
      await host.removeAll();
      expect((await host.inventory()).tables).toEqual([]);
      expect(tables.length).toBeGreaterThan(0);
    });
  });
}
