import { setTimeout as delay } from 'node:timers/promises';
import { ensureExternalNetwork, ensureFlavors, make, type Named } from '../../main/demo/ensure.ts';
import { DEMO } from '../../main/demo/plan.ts';
import { ensureImage, ensureNetwork, ensureSecurityGroup } from '../../main/demo/project.ts';
import type { Json, OpenStackClient } from '../../main/openstack-client.ts';
import { ensureTinyGuest } from '../../resources/guest/build.ts';
import type { CrashCloud } from './crash-cloud.ts';

/** The loop follows events, so that a state is right at once; "one interval" of others is a minute. */
export const FOLLOWED_MS = 90_000;

/** In a cloud whose helper dies again and again: what servers need, and servers. */
export class CrashProject {
  readonly cloud: CrashCloud;
  readonly externalId: string;
  readonly networkId: string;
  readonly #imageId: string;
  readonly #flavorId: string;

  private constructor(
    cloud: CrashCloud,
    ids: { externalId: string; networkId: string; imageId: string; flavorId: string },
  ) {
    this.cloud = cloud;
    this.externalId = ids.externalId;
    this.networkId = ids.networkId;
    this.#imageId = ids.imageId;
    this.#flavorId = ids.flavorId;
  }

  /** Starts the cloud and makes image, flavor, network and security group; the host is as the database says. */
  static async start(cloud: CrashCloud): Promise<CrashProject> {
    const guest = await ensureTinyGuest();
    await cloud.start();
    const admin = await cloud.admin();
    const { network } = await ensureExternalNetwork(admin, await cloud.instance.client.external());
    await ensureFlavors(admin);
    const { flavors } = (await admin.get('compute', '/flavors')) as { flavors: Named[] };
    const flavorId = flavors.find((one) => one.name === DEMO.flavor)?.id ?? '';
    const imageId = (await ensureImage(admin, guest, () => undefined)).resource.id;
    const networkId = (await ensureNetwork(admin, network.id)).resource.id;
    await ensureSecurityGroup(admin);
    await cloud.settled();
    await cloud.compared();
    return new CrashProject(cloud, { externalId: network.id, networkId, imageId, flavorId });
  }

  askForServer(admin: OpenStackClient, name: string): Promise<Named> {
    return make(admin, 'compute', '/servers', 'server', {
      name,
      imageRef: this.#imageId,
      flavorRef: this.#flavorId,
      networks: [{ uuid: this.networkId }],
      security_groups: [{ name: DEMO.securityGroup }],
    });
  }

  /** @returns the id of a server that runs. */
  async boot(name: string): Promise<string> {
    const { id } = await this.askForServer(await this.cloud.admin(), name);
    await this.cloud.settled();
    return id;
  }

  async remove(serverId: string): Promise<void> {
    await (await this.cloud.admin()).delete('compute', `/servers/${serverId}`);
    await this.cloud.settled();
  }

  async act(serverId: string, action: Json): Promise<void> {
    await (await this.cloud.admin()).post('compute', `/servers/${serverId}/action`, action);
    await this.cloud.settled();
  }

  async portOf(serverId: string): Promise<string> {
    const path = `/ports?device_id=${serverId}`;
    const { ports } = (await (await this.cloud.admin()).get('network', path)) as { ports: Named[] };
    return ports[0]?.id ?? '';
  }

  async statusOf(serverId: string): Promise<string> {
    const answer = await (await this.cloud.admin()).get('compute', `/servers/${serverId}`);
    return (answer['server'] as { status: string }).status;
  }

  /** The server's status, once it is this one or has had its time. */
  async statusSoon(serverId: string, status: string, timeoutMs = FOLLOWED_MS): Promise<string> {
    const deadline = Date.now() + timeoutMs;
    while ((await this.statusOf(serverId)) !== status && Date.now() < deadline) await delay(50);
    await this.cloud.settled();
    return await this.statusOf(serverId);
  }
}
