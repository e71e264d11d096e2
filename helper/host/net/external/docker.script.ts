/**
 * Runs in a network namespace that stands for a desktop with Docker: FORWARD drops, and Docker's translation rules
 * name addresses that a tenant happens to use. Prints what a tenant's traffic met.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { bridgeName } from '../names.ts';
import { allow, EGRESS, TestCloud } from '../testing/cloud.ts';

const run = (program: string, ...words: string[]): string =>
  execFileSync(program, words, { encoding: 'utf8' });
const rules = (): string => run('iptables', '-S') + run('iptables', '-t', 'nat', '-S');

run('ip', 'link', 'set', 'lo', 'up');

/** A desktop that forwards nothing gets that back. */
async function forwarding(): Promise<string[]> {
  const alone = new TestCloud('alone');
  const seen = (): string => readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim();
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '0');
  const external = {
    bridge: bridgeName(randomUUID()),
    addresses: ['203.0.113.1/24'],
    mtu: 1500,
    masquerade: true,
  };
  const values = [seen()];
  await alone.host.external.ensure(external);
  values.push(seen());
  await alone.end();
  return [...values, seen()];
}

const forwarded = await forwarding();
run('iptables', '-N', 'DOCKER-USER');
run('iptables', '-A', 'FORWARD', '-j', 'DOCKER-USER');
run('iptables', '-P', 'FORWARD', 'DROP');
run(
  'iptables',
  '-t',
  'nat',
  '-A',
  'POSTROUTING',
  '-s',
  '10.84.0.0/24',
  '-j',
  'SNAT',
  '--to-source',
  '192.0.2.1',
);
run(
  'iptables',
  '-t',
  'nat',
  '-A',
  'PREROUTING',
  '-d',
  '10.84.0.12',
  '-j',
  'DNAT',
  '--to-destination',
  '192.0.2.2',
);
const before = rules();
const cloud = new TestCloud('docker');
const outcome: Record<string, unknown> = { forwarded };
try {
  await cloud.host.external.ensure({
    bridge: bridgeName(randomUUID()),
    addresses: ['203.0.113.1/24'],
    mtu: 1500,
    masquerade: true,
  });
  const network = await cloud.network();
  await cloud.host.external.letPass([network.bridge]);
  const a = await cloud.guest(network, '10.84.0.11');
  const b = await cloud.guest(network, '10.84.0.12', { rules: [...EGRESS, allow('ingress')] });
  const script = `require('net').createServer(s=>s.end(s.remoteAddress)).listen(7000,'0.0.0.0',()=>console.log('up'))`;
  const mirror = spawn('nsenter', [`--net=/run/netns/${b.namespace}`, process.execPath, '-e', script]);
  await once(mirror.stdout, 'data');
  const { stdout } = await cloud.inside(a.namespace, 'busybox', 'nc', '-w', '1', b.ip, '7000');
  mirror.kill('SIGKILL');
  outcome['seenAs'] = stdout;
  outcome['rules'] = rules()
    .split('\n')
    .filter((line) => line.includes('deskcloud:'))
    .map((line) => line.replaceAll(/(brq|net-docker-)[0-9a-f-]+/g, '$1').replaceAll('"', ''));
} catch (error) {
  outcome['error'] = String(error);
} finally {
  await cloud.end();
}
outcome['asBefore'] = rules() === before;
process.stdout.write(JSON.stringify(outcome));
