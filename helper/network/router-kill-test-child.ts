/**
 * A helper of its own for router-kill.host.test.ts: does one thing by the API and kills itself with SIGKILL at the
 * n-th command on the host.
 */
import { join } from 'node:path';
import type { CommandRunner } from '../host/command/interface.ts';
import { LinuxCommandRunner } from '../host/command/linux.ts';
import { createLinuxHostNetwork } from '../host/net/linux.ts';
import { RouterTests } from './router-test-support.ts';
import { makeWorld } from './test-support.ts';

export interface KillState {
  readonly owner: string;
  readonly directory: string;
  readonly bridge: string;
  readonly vni: number;
  readonly routerId: string;
  readonly subnetId: string;
  readonly floatingId: string;
  readonly portId: string;
}

const [, , stateText = '{}', action = '', killText = '0'] = process.argv;
const state = JSON.parse(stateText) as KillState;
const killAt = Number(killText);
const real = new LinuxCommandRunner();
let armed = false;
let count = 0;

const commands: CommandRunner = {
  run: (...parameters) => {
    if (armed) count += 1;
    if (armed && count === killAt) process.kill(process.pid, 'SIGKILL');
    return real.run(...parameters);
  },
};

const host = createLinuxHostNetwork({ owner: state.owner, stateDirectory: state.directory, commands });
const config = {
  vniRange: [state.vni, state.vni + 5] as const,
  physicalNetworks: { external: state.bridge },
};
const t = new RouterTests(await makeWorld(host, config, join(state.directory, 'network.db')));
await t.world.settled();
armed = true;

const router = `/routers/${state.routerId}`;
const lead = (port_id: string | null) =>
  t.world.ok('a', 'PUT', `/floatingips/${state.floatingId}`, { floatingip: { port_id } });
const actions: Record<string, () => Promise<unknown>> = {
  associate: () => lead(state.portId),
  disassociate: () => lead(null),
  join: () => t.world.ok('a', 'PUT', `${router}/add_router_interface`, { subnet_id: state.subnetId }),
  leave: () => t.world.ok('a', 'PUT', `${router}/remove_router_interface`, { subnet_id: state.subnetId }),
};
await actions[action]?.();
await t.world.settled();
await t.world.close();
