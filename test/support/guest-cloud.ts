import { ensureExternalNetwork, make } from '../../main/demo/ensure.ts';
import {
  ensureFloatingIp,
  ensureImage,
  ensureKeyPair,
  ensureNetwork,
  ensureSecurityGroup,
  type GuestImage,
} from '../../main/demo/project.ts';
import type { Json, OpenStackClient } from '../../main/openstack-client.ts';
import type { TestInstance } from './instance.ts';
import { makeKey } from './person.ts';

export interface FlavorSize {
  readonly vcpus: number;
  readonly ram: number;
  readonly disk: number;
}

/** A server with what tests ask of it. */
export type ServerBody = Json & {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly fault?: { readonly code: number; readonly message: string };
};

/** A project in which servers can be made at once: image, flavor, network with a way out, SSH let in, key pair. */
export class GuestCloud {
  readonly #externalId: string;
  readonly client: OpenStackClient;
  readonly imageId: string;
  readonly flavorId: string;
  readonly networkId: string;

  private constructor(
    client: OpenStackClient,
    ids: { externalId: string; imageId: string; flavorId: string; networkId: string },
  ) {
    this.client = client;
    this.#externalId = ids.externalId;
    this.imageId = ids.imageId;
    this.flavorId = ids.flavorId;
    this.networkId = ids.networkId;
  }

  static async make(
    instance: TestInstance,
    image: Omit<GuestImage, 'sha256'>,
    size: FlavorSize,
  ): Promise<GuestCloud> {
    const client = await instance.admin();
    const external = await ensureExternalNetwork(client, await instance.client.external());
    const network = await ensureNetwork(client, external.network.id);
    await ensureSecurityGroup(client);
    await ensureKeyPair(client, `${await makeKey(instance)}.pub`);
    const uploaded = await ensureImage(client, { ...image, sha256: 'test' }, () => undefined);
    const flavor = await make(client, 'compute', '/flavors', 'flavor', { name: 'test', ...size });
    return new GuestCloud(client, {
      externalId: external.network.id,
      imageId: uploaded.resource.id,
      flavorId: flavor.id,
      networkId: network.resource.id,
    });
  }

  /** The same for another login, as after a start of the helper: its address is new. */
  as(client: OpenStackClient): GuestCloud {
    const { imageId, flavorId, networkId } = this;
    return new GuestCloud(client, { imageId, flavorId, networkId, externalId: this.#externalId });
  }

  /** Asks for a server. @param extra more of the request's body, in place of the usual. */
  async boot(name: string, extra: Json = {}): Promise<ServerBody> {
    return (await make(this.client, 'compute', '/servers', 'server', {
      name,
      imageRef: this.imageId,
      flavorRef: this.flavorId,
      key_name: 'demo-key',
      networks: [{ uuid: this.networkId }],
      security_groups: [{ name: 'demo-ssh' }],
      ...extra,
    })) as ServerBody;
  }

  async show(id: string): Promise<ServerBody> {
    return (await this.client.get('compute', `/servers/${id}`))['server'] as ServerBody;
  }

  /** Waits until the server is no longer in BUILD. */
  async built(id: string): Promise<ServerBody> {
    for (;;) {
      const server = await this.show(id);
      if (server.status !== 'BUILD') return server;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** @returns the address outside. */
  async floatingIp(serverId: string): Promise<string> {
    return (await ensureFloatingIp(this.client, serverId, this.#externalId)).address;
  }

  async consoleLog(id: string, length?: number): Promise<string> {
    const answer = await this.client.post('compute', `/servers/${id}/action`, {
      'os-getConsoleOutput': length === undefined ? {} : { length },
    });
    return answer['output'] as string;
  }

  async consoleUrl(id: string, type: 'novnc' | 'serial'): Promise<string> {
    const answer = await this.client.post('compute', `/servers/${id}/remote-consoles`, {
      remote_console: { protocol: type === 'novnc' ? 'vnc' : 'serial', type },
    });
    return (answer['remote_console'] as { url: string }).url;
  }

  async delete(id: string): Promise<void> {
    await this.client.delete('compute', `/servers/${id}`);
    for (;;) {
      const { servers } = (await this.client.get('compute', '/servers')) as { servers: { id: string }[] };
      if (!servers.some((server) => server.id === id)) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
