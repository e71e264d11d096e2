import { existsSync } from 'node:fs';
import { commands, type TestInstance } from './instance.ts';
import { becomes, NamespacePlace } from './place.ts';

/** Another machine beside an instance's external network: a namespace on its bridge. */
export class OutsideMachine extends NamespacePlace {
  readonly #bridge: string;
  readonly #peer: string;

  constructor(instance: TestInstance) {
    super('outside', `out-${instance.owner}`);
    this.#bridge = instance.bridge;
    this.#peer = `bxo${instance.owner.slice(-6)}`;
  }

  /** It keeps for an hour what it knows of its neighbours, unless they tell it something new. */
  async plug(address: string): Promise<void> {
    // It comes with the first router.
    await becomes(() => Promise.resolve(existsSync(`/sys/class/net/${this.#bridge}`)), true, 60_000);
    const stdin = [
      `netns add ${this.namespace}`,
      `link add name ${this.#peer} type veth peer name eth0 netns ${this.namespace}`,
      `link set dev ${this.#peer} master ${this.#bridge} up`,
      '',
    ].join('\n');
    await commands.run(['ip', '-batch', '-'], { stdin });
    await this.sh(`ip link set lo up; ip link set eth0 up; ip addr add ${address}/24 dev eth0`);
    await this.sh('echo 3600000 >/proc/sys/net/ipv4/neigh/eth0/base_reachable_time_ms');
  }

  async remove(): Promise<void> {
    // By name: a connection that was cut keeps its namespace, and so the pair, for minutes.
    await commands.run(['ip', 'link', 'del', 'dev', this.#peer], { okCodes: [0, 1] });
    await commands.run(['ip', 'netns', 'del', this.namespace], { okCodes: [0, 1] });
  }
}
