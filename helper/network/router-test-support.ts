import { makeFakeWorld, type NetworkWorld } from './test-support.ts';
import type { NetworkConfig } from './index.ts';
import type { HostNetwork } from '../host/net/interface.ts';

export interface Resource {
  readonly id: string;
  readonly [attribute: string]: unknown;
}

/** A short hand for the calls that tests of routers make again and again. */
export class RouterTests<Host extends HostNetwork> {
  readonly world: NetworkWorld<Host>;

  constructor(world: NetworkWorld<Host>) {
    this.world = world;
  }

  async create(token: string, kind: string, body: object): Promise<Resource> {
    const path = kind === 'floatingip' ? '/floatingips' : `/${kind}s`;
    const answer = await this.world.ok(token, 'POST', path, { [kind]: body });
    return answer[kind] as Resource;
  }

  async show(token: string, path: string): Promise<Resource> {
    const answer = await this.world.ok(token, 'GET', path);
    return Object.values(answer)[0] as Resource;
  }

  async list(token: string, path: string): Promise<Resource[]> {
    const answer = await this.world.ok(token, 'GET', path);
    return Object.values(answer)[0] as Resource[];
  }

  /** Status and type of a refusal. */
  async refused(token: string, method: string, path: string, body?: object): Promise<unknown[]> {
    const { status, type } = await this.world.call(token, method, path, body);
    return [status, type];
  }

  async subnet(token: string, cidr: string, body: object = {}): Promise<Resource> {
    const network = await this.create(token, 'network', {});
    return this.create(token, 'subnet', { network_id: network.id, ip_version: 4, cidr, ...body });
  }

  /** The external network as the cloud's admin makes it. */
  async external(cidr = '198.18.10.0/24', physical = 'external'): Promise<Resource> {
    const network = await this.create('admin', 'network', {
      'router:external': true,
      'provider:network_type': 'flat',
      'provider:physical_network': physical,
    });
    await this.create('admin', 'subnet', {
      network_id: network.id,
      ip_version: 4,
      cidr,
      enable_dhcp: false,
    });
    return network;
  }

  async router(token: string, external: Resource, ...inside: readonly Resource[]): Promise<Resource> {
    const router = await this.create(token, 'router', {
      external_gateway_info: { network_id: external.id },
    });
    for (const subnet of inside) await this.join(token, router, subnet);
    return router;
  }

  async join(token: string, router: Resource, subnet: Resource): Promise<Resource> {
    const body = { subnet_id: subnet.id };
    return (await this.world.ok(
      token,
      'PUT',
      `/routers/${router.id}/add_router_interface`,
      body,
    )) as unknown as Resource;
  }

  port(token: string, subnet: Resource, body: object = {}): Promise<Resource> {
    return this.create(token, 'port', { network_id: subnet['network_id'], ...body });
  }

  async set(token: string, floating: Resource, body: object): Promise<Resource> {
    const path = `/floatingips/${floating.id}`;
    const answer = await this.world.ok(token, 'PUT', path, { floatingip: body });
    return answer['floatingip'] as Resource;
  }
}

export const fakeRouterTests = async (config: Partial<NetworkConfig> = {}) =>
  new RouterTests(await makeFakeWorld(config));
