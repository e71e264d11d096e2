import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { HostNetwork } from '../host/net/interface.ts';
import { TestCloud } from '../host/net/testing/cloud.ts';
import { routerNamespace } from '../host/net/names.ts';
import type { KillState } from './router-kill-test-child.ts';
import { RouterTests } from './router-test-support.ts';
import { makeWorld } from './test-support.ts';

const OUTER = `198.18.${20 + (process.pid % 200)}`;

/** R2, R16: a helper that dies in the middle of an operation of a router or floating IP leaves what the next finishes. */
describe('a helper that is killed in the middle of an operation', () => {
  const cloud = new TestCloud('kill');
  const owner = `net-kill-${process.pid}`;
  const bridge = `nbk${process.pid}`;
  const vni = 13_000_000 + (process.pid % 900_000);
  let state: KillState;

  /** @returns whether it got as far as to be killed. */
  const child = (action: string, killAt = 0): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const script = join(import.meta.dirname, 'router-kill-test-child.ts');
      const argv = ['--disable-warning=ExperimentalWarning', script, JSON.stringify(state), action];
      const running = spawn(process.execPath, [...argv, String(killAt)], {
        stdio: ['ignore', 'inherit', 'pipe'],
      });
      let errors = '';
      running.stderr.on('data', (text: Buffer) => (errors += text.toString()));
      running.on('close', (code, signal) => {
        if (code !== null && code !== 0) reject(new Error(`${action} ${killAt}: ${code} ${errors}`));
        else resolve(signal === 'SIGKILL');
      });
    });

  const open = async (host = cloud.restarted()): Promise<RouterTests<HostNetwork>> => {
    const config = { vniRange: [vni, vni + 5] as const, physicalNetworks: { external: bridge } };
    const path = join(cloud.stateDirectory, 'network.db');
    return new RouterTests(await makeWorld(host, config, path));
  };

  /** The next helper: what it finds, finishes and says. */
  const recover = async (): Promise<unknown> => {
    const t = await open();
    await t.world.settled();
    const report = {
      left: t.world.db.prepare("SELECT name, state FROM saga WHERE state <> 'succeeded'").all(),
      router: (await t.show('a', `/routers/${state.routerId}`))['status'],
      floatingIp: (await t.show('a', `/floatingips/${state.floatingId}`))['status'],
    };
    await t.world.close();
    return { report, host: await onHost() };
  };

  /** What packets meet: devices, addresses, translation. */
  const onHost = async (): Promise<unknown> => {
    const namespace = routerNamespace(state.routerId);
    const run = async (...argv: [string, ...string[]]): Promise<string> =>
      (await cloud.inside(namespace, ...argv)).stdout;
    const addresses = JSON.parse(await run('ip', '-j', 'addr')) as {
      ifname: string;
      addr_info: { local: string; prefixlen: number }[];
    }[];
    const devices = addresses.map(({ ifname, addr_info }) => ({
      kind: ifname.slice(0, 3),
      // Link-local ones are made from the MAC.
      addresses: addr_info
        .flatMap((one) => (one.local.startsWith('fe80') ? [] : [`${one.local}/${one.prefixlen}`]))
        .sort(),
    }));
    const rules = (await run('nft', 'list', 'table', 'inet', 'deskcloud'))
      .split('\n')
      .filter((line) => !line.includes('state_'))
      .map((line) => line.replaceAll(/"q[rg]-[^"]*"/g, '"device"').replaceAll(/198\.18\.\d+\.\d+/g, 'outer'));
    const { namespaces, veths } = await cloud.host.inventory();
    return {
      devices: devices
        .filter((one) => one.kind !== 'lo')
        .map((one) => JSON.stringify(one).replaceAll(/198\.18\.\d+\.\d+/g, 'outer'))
        .sort(),
      routes: (await run('ip', 'route')).replaceAll(/q[rg]-\S+|198\.18\.\d+\.\d+/g, 'x'),
      rules,
      namespaces,
      veths: veths.length,
    };
  };

  /** Does and undoes it, killed at every fourth command; each time the end must be that of an undisturbed run. */
  async function killOften(doIt: string, undoIt: string): Promise<number> {
    const ends: Record<string, unknown> = {};
    for (const action of [doIt, undoIt]) {
      await child(action);
      ends[action] = await recover();
    }
    let kills = 0;
    let going = true;
    for (let n = 1; going; n += 4) {
      going = false;
      for (const action of [doIt, undoIt]) {
        const killed = await child(action, n);
        expect(await recover(), `${action} killed at ${n}`).toEqual(ends[action]);
        kills += Number(killed);
        going ||= killed;
      }
    }
    return kills;
  }

  beforeAll(async () => {
    // The one that takes everything down in the end has to know of the bridge.
    const t = await open(cloud.host);
    const external = await t.external(`${OUTER}.0/24`);
    const subnet = await t.subnet('a', '10.85.1.0/24', { enable_dhcp: false });
    const router = await t.router('a', external);
    const port = await t.port('a', subnet, { fixed_ips: [{ ip_address: '10.85.1.10' }] });
    const floating = await t.create('a', 'floatingip', { floating_network_id: external.id });
    state = {
      owner,
      directory: cloud.stateDirectory,
      bridge,
      vni,
      routerId: router.id,
      subnetId: subnet.id,
      floatingId: floating.id,
      portId: port.id,
    };
    await t.world.settled();
    await t.world.close();
  });
  afterAll(() => cloud.end());

  test('while a router is joined to networks, and parted from them', { timeout: 300_000 }, async () => {
    expect(await killOften('join', 'leave')).toBeGreaterThan(4);
  });

  test('while a floating IP is led to a port, and taken off', { timeout: 300_000 }, async () => {
    await child('join');
    expect(await killOften('associate', 'disassociate')).toBeGreaterThan(4);
  });
});
