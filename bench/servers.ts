import type { LaggedEvent, OperationEvent } from '../helper/contract/operation.ts';
import { ensure, findNamed, make } from '../main/demo/ensure.ts';
import { DEMO } from '../main/demo/plan.ts';
import type { HelperClient } from '../main/helper-client.ts';
import { OpenStackError, type OpenStackClient } from '../main/openstack-client.ts';

const LIMIT_MS = 120_000;

type End = { readonly type: 'finished' | 'failed' | 'cancelled' | 'stuck'; readonly message: string };

/** Learns the end of operations from the event stream, so that no pause between questions is measured. */
export class Ends {
  readonly #known = new Map<string, End>();
  readonly #waiting = new Map<string, (end: End) => void>();
  readonly #stop = new AbortController();
  readonly #following: Promise<void>;

  constructor(helper: HelperClient) {
    this.#following = helper.follow((event) => this.#take(event), this.#stop.signal);
    // Told by the next wait, or by close().
    this.#following.catch(() => undefined);
  }

  /** Waits for the end of the operation `name` on a resource. @throws {Error} when it fails. */
  async of(name: string, id: string): Promise<void> {
    const key = `${name} ${id}`;
    const end = this.#known.get(key) ?? (await this.#wait(key));
    if (end.type !== 'finished') throw new Error(`${key} ${end.type}: ${end.message}`);
  }

  /** The same of the next operation of this name, of which a resource may have several. */
  async next(name: string, id: string): Promise<void> {
    this.#known.delete(`${name} ${id}`);
    await this.of(name, id);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  #wait(key: string): Promise<End> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${key}: no end within ${LIMIT_MS / 1000} s`)),
        LIMIT_MS,
      );
      this.#waiting.set(key, (end) => {
        clearTimeout(timer);
        resolve(end);
      });
    });
  }

  #take(event: OperationEvent | LaggedEvent): void {
    if (event.type === 'lagged') return;
    if (
      event.type !== 'finished' &&
      event.type !== 'failed' &&
      event.type !== 'cancelled' &&
      event.type !== 'stuck'
    )
      return;
    const key = `${event.name} ${event.resource.id}`;
    const end = { type: event.type, message: event.error?.message ?? '' };
    this.#known.set(key, end);
    this.#waiting.get(key)?.(end);
    this.#waiting.delete(key);
  }
}

/** Servers of the bench, as a client of the public APIs makes them. */
export class Servers {
  readonly #client: OpenStackClient;
  readonly #ends: Ends;
  readonly #request: Readonly<Record<string, unknown>>;

  private constructor(client: OpenStackClient, ends: Ends, request: Readonly<Record<string, unknown>>) {
    this.#client = client;
    this.#ends = ends;
    this.#request = request;
  }

  /** Finds the demo's image and flavor, and makes a network for the servers: `cidr` is its range. */
  static async create(client: OpenStackClient, ends: Ends, cidr: string): Promise<Servers> {
    const { resource: network } = await ensure(
      () => findNamed(client, 'network', '/networks', 'networks', 'bench'),
      () => make(client, 'network', '/networks', 'network', { name: 'bench' }),
    );
    const subnet = { network_id: network.id, ip_version: 4, cidr };
    await make(client, 'network', '/subnets', 'subnet', subnet);
    const image = await findNamed(client, 'image', '/images', 'images', DEMO.image);
    const flavor = await findNamed(client, 'compute', '/flavors', 'flavors', DEMO.flavor);
    if (image === undefined || flavor === undefined)
      throw new Error('the demo cloud has no image or no flavor');
    return new Servers(client, ends, {
      imageRef: image.id,
      flavorRef: flavor.id,
      networks: [{ uuid: network.id }],
      metadata: { role: 'bench', rack: '7' },
    });
  }

  /** @returns the server's id once it is ACTIVE. @throws {Error} when it does not become so. */
  async make(name: string): Promise<string> {
    const { id } = await make(this.#client, 'compute', '/servers', 'server', { name, ...this.#request });
    await this.#ends.of('server-create', id);
    const { server } = (await this.#client.get('compute', `/servers/${id}`)) as {
      server: { status: string };
    };
    if (server.status !== 'ACTIVE') throw new Error(`server ${id} is ${server.status}, not ACTIVE`);
    return id;
  }

  /** Returns once the server is not found any more. */
  async remove(id: string): Promise<void> {
    await this.#client.delete('compute', `/servers/${id}`);
    await this.#ends.of('server-delete', id);
    try {
      await this.#client.get('compute', `/servers/${id}`);
    } catch (error) {
      if (error instanceof OpenStackError && error.status === 404) return;
      throw error;
    }
    throw new Error(`server ${id} is still there after its deletion`);
  }
}
