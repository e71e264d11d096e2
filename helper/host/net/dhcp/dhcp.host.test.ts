import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dhcpNamespace } from '../names.ts';
import { TestCloud, type Guest, type Network } from '../testing/cloud.ts';
import type { DhcpHost, DhcpLease, DhcpSpec } from './interface.ts';

const RELAY_PORT = 5353;

describe('DHCP with a real dnsmasq', () => {
  const cloud = new TestCloud('dhcp');
  let network: Network;
  let spec: DhcpSpec;
  let a: Guest;

  const host = (guest: Guest, ip = guest.ip): DhcpHost => ({
    macAddress: guest.mac,
    ip,
    hostName: `host-${ip.replaceAll('.', '-')}`,
  });
  /** Asks as a guest does, once; answers with what the server gave, or undefined. */
  const ask = async (guest: Guest): Promise<string | undefined> => {
    const argv = [
      'nsenter',
      `--net=/run/netns/${guest.namespace}`,
      'busybox',
      'udhcpc',
      '-i',
      'eth0',
      '-q',
      '-n',
    ] as const;
    const rest = ['-t', '3', '-T', '1', '-O', '121', '-O', 'mtu', '-s', '/bin/true'] as const;
    const { stderr, stdout } = await cloud.commands.run([...argv, ...rest], { okCodes: [0, 1] });
    return /lease of ([0-9.]+) obtained/.exec(stderr + stdout)?.[1];
  };
  const pids = async (): Promise<number[]> => (await cloud.host.inventory()).dnsmasq.map((one) => one.pid);

  beforeAll(async () => {
    network = await cloud.network();
    a = await cloud.guest(network, '10.79.0.11');
    spec = {
      networkId: network.networkId,
      bridge: network.bridge,
      mtu: 1450,
      port: { portId: randomUUID(), macAddress: 'fa:16:3e:00:00:02', addresses: ['10.79.0.2/24'] },
      subnets: [
        {
          subnetId: randomUUID(),
          cidr: '10.79.0.0/24',
          gatewayIp: '10.79.0.1',
          dnsNameservers: [],
          hostRoutes: [{ destination: '10.80.0.0/24', nextHop: '10.79.0.254' }],
        },
      ],
      hosts: [host(a)],
      domain: 'openstacklocal',
      leaseSeconds: 86400,
      dnsRelayPort: RELAY_PORT,
    };
  });
  afterAll(() => cloud.end());

  it('starts one server, which gives a guest its address, is not root (S44), and looks only when nothing changed', async () => {
    expect(await cloud.host.dhcp.ensure(spec)).toBe('started');
    expect(await ask(a)).toBe(a.ip);
    expect(await cloud.host.dhcp.ensure(spec)).toBe('unchanged');
    expect(await cloud.restarted().dhcp.ensure(spec)).toBe('unchanged');
    const status = readFileSync(`/proc/${(await pids())[0]}/status`, 'utf8');
    expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).not.toBe('0');
  });

  it('gives the address of a port that went to its successor at once', async () => {
    const leases: (readonly DhcpLease[])[] = [];
    const end = cloud.host.dhcp.watchLeases(network.networkId, (now) => leases.push(now));
    const successor = await cloud.guest(network, a.ip);
    expect(await cloud.host.dhcp.updateHosts({ ...spec, hosts: [host(successor)] })).toBe(true);
    expect(await ask(successor)).toBe(a.ip);
    await expect.poll(() => leases.at(-1)?.map((lease) => lease.macAddress)).toEqual([successor.mac]);
    // The two change places: the old MACs are both others' now, so their leases have to be taken out.
    const b = { ...a, ip: '10.79.0.12' };
    await cloud.host.dhcp.updateHosts({ ...spec, hosts: [host(successor), host(b)] });
    await cloud.host.firewall.applyPorts([
      cloud.filter(network, a, { fixedIps: [a.ip, b.ip] }),
      cloud.filter(network, successor, { fixedIps: [a.ip, b.ip] }),
    ]);
    expect(await ask(b)).toBe(b.ip);
    await cloud.host.dhcp.updateHosts({ ...spec, hosts: [host(successor, b.ip), host(b, a.ip)] });
    expect(await ask(b)).toBe(a.ip);
    expect(await ask(successor)).toBe(b.ip);
    end();
  });

  it('has exactly one server whatever the pid file says (R20)', async () => {
    const path = join(cloud.stateDirectory, 'networks', network.networkId, 'pid');
    for (const text of ['', '999999\n', `${process.pid}\n`, undefined]) {
      if (text === undefined) rmSync(path);
      else writeFileSync(path, text);
      expect(await cloud.host.dhcp.ensure(spec)).not.toBe('unchanged');
      expect(await pids()).toHaveLength(1);
      expect(await cloud.host.dhcp.ensure(spec)).toBe('unchanged');
    }
    process.kill((await pids())[0] ?? 0, 'SIGKILL');
    await expect.poll(pids).toEqual([]);
    expect(await cloud.host.dhcp.updateHosts(spec)).toBe(false);
    expect(await cloud.host.dhcp.ensure(spec)).toBe('started');
    expect(await ask(a)).toBe(a.ip);
  });

  it('starts again for another subnet, and refuses values that would be lines of their own (S31)', async () => {
    const [subnet] = spec.subnets;
    const wider = { ...spec, subnets: [{ ...subnet!, cidr: '10.79.0.0/23' }] };
    expect(await cloud.host.dhcp.ensure(wider)).toBe('started');
    expect(await cloud.host.dhcp.ensure({ ...spec, leaseSeconds: 3600 })).toBe('started');
    const evil = { ...host(a), options: [{ name: 'bootfile-name', value: 'x\ndhcp-script=/tmp/x' }] };
    await expect(cloud.host.dhcp.ensure({ ...spec, hosts: [evil] })).rejects.toThrow('DHCP option');
    await expect(
      cloud.host.dhcp.ensure({ ...spec, hosts: [{ ...host(a), hostName: 'a,10.0.0.1' }] }),
    ).rejects.toThrow('DNS label');
  });

  it('has sockets of this process inside the namespace, with the guest as peer', async () => {
    const namespace = dhcpNamespace(network.networkId);
    const server = await cloud.host.sockets.listenTcp(namespace, { host: '169.254.169.254', port: 80 });
    const peers: (string | undefined)[] = [];
    server.on('connection', (socket) => {
      peers.push(socket.remoteAddress);
      socket.end();
    });
    await cloud.inside(a.namespace, 'ip', 'route', 'add', '169.254.169.254/32', 'via', '10.79.0.2');
    expect(await cloud.connects(a, '169.254.169.254', 80)).toBe(true);
    expect(peers).toEqual([a.ip]);
    await expect(
      cloud.host.sockets.listenTcp(namespace, { host: '169.254.169.254', port: 80 }),
    ).rejects.toThrow('EADDRINUSE');
    server.close();
    await once(server, 'close');
    const udp = await cloud.host.sockets.bindUdp(namespace, { host: '127.0.0.1', port: 0 });
    expect(udp.address().address).toBe('127.0.0.1');
    udp.close();
  });

  it('answers names of the network, and asks the relay for others', async () => {
    await cloud.host.dhcp.ensure(spec);
    const relay = await cloud.host.sockets.startDnsRelay(dhcpNamespace(network.networkId), RELAY_PORT);
    const { stdout } = await cloud.inside(
      a.namespace,
      'busybox',
      'nslookup',
      `host-10-79-0-11.openstacklocal`,
      '10.79.0.2',
    );
    expect(stdout).toContain('10.79.0.11');
    await relay.close();
  });

  it('leaves nothing of a network that is removed', async () => {
    await cloud.host.dhcp.remove(network.networkId);
    await cloud.host.dhcp.remove(network.networkId);
    expect(await cloud.host.dhcp.list()).toEqual([]);
  });
});
