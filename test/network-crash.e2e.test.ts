import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { make } from '../main/demo/ensure.ts';
import type { OpenStackClient } from '../main/openstack-client.ts';
import { CrashCloud, type Crash } from './support/crash-cloud.ts';
import { CrashProject } from './support/crash-project.ts';
import { expectHostMatchesDatabase } from './support/host-matches-database.ts';
import { NOTHING } from './support/instance.ts';
import { after, expectSucceeded, untilUnharmed, within } from './support/kills.ts';

const cloud = new CrashCloud('ncrash', 'linux', expectHostMatchesDatabase);
const { instance } = cloud;
let project: CrashProject;

beforeAll(async () => {
  project = await CrashProject.start(cloud);
});

afterAll(async () => {
  const left = await instance.remove();
  expect(left).toEqual(NOTHING);
});

describe('SIGKILL of the helper, then a restart: networks are done, and the host is as the database says (R1, R9, R10)', () => {
  test('in making a router with a gateway, its interface, taking both away', async ({ annotate }) => {
    const admin = await cloud.admin();
    const network = await make(admin, 'network', '/networks', 'network', { name: 'behind' });
    const subnet = await make(admin, 'network', '/subnets', 'subnet', {
      network_id: network.id,
      ip_version: 4,
      cidr: '10.77.0.0/24',
    });
    await cloud.settled();
    const counts = { create: 0, add: 0, remove: 0, delete: 0 };
    await untilUnharmed(async (n) => {
      const order = after(n);
      const step = async (
        key: keyof typeof counts,
        name: string,
        ask: (admin: OpenStackClient) => Promise<unknown>,
      ): Promise<Crash> => {
        const crash = await cloud.crash(name, order, ask);
        expectSucceeded(crash, order);
        if (crash.killed) counts[key] = n;
        return crash;
      };
      const created = await step('create', 'router-update', (asking) =>
        make(asking, 'network', '/routers', 'router', {
          name: `crash-${n}`,
          external_gateway_info: { network_id: project.externalId },
        }),
      );
      const id = created.operation?.resource.id ?? '';
      const what = { subnet_id: subnet.id };
      await step('add', 'router-update', (asking) =>
        asking.put('network', `/routers/${id}/add_router_interface`, what),
      );
      await step('remove', 'router-update', (asking) =>
        asking.put('network', `/routers/${id}/remove_router_interface`, what),
      );
      const deleted = await step('delete', 'router-delete', (asking) =>
        asking.delete('network', `/routers/${id}`),
      );
      expect(deleted.told.routers.map((one) => one.id)).not.toContain(id);
      return created.killed;
    });
    await annotate(`router: ${JSON.stringify(counts)} kills`);
    expect(Math.min(...Object.values(counts))).toBeGreaterThanOrEqual(4);
    // R21: a network that is deleted while the helper dies leaves no namespace, directory, or number.
    const removed = await cloud.crash('network-remove', within('devices removed', 10), (asking) =>
      asking.delete('network', `/networks/${network.id}`),
    );
    expect(removed.told.networks.map((one) => one.id)).not.toContain(network.id);
  });

  test('in leading a floating IP to a port, taking it off and deleting it (R16)', async ({ annotate }) => {
    const portId = await project.portOf(await project.boot('behind-ip'));
    const counts = { associate: 0, disassociate: 0, delete: 0 };
    await untilUnharmed(async (n) => {
      const order = after(n);
      const made = await make(await cloud.admin(), 'network', '/floatingips', 'floatingip', {
        floating_network_id: project.externalId,
      });
      await cloud.settled();
      const path = `/floatingips/${made.id}`;
      const step = async (
        key: keyof typeof counts,
        ask: (admin: OpenStackClient) => Promise<unknown>,
      ): Promise<Crash> => {
        const crash = await cloud.crash(`floating-ip-${key}`, order, ask);
        expectSucceeded(crash, order);
        if (crash.killed) counts[key] = n;
        return crash;
      };
      const lead = (asking: OpenStackClient) =>
        asking.put('network', path, { floatingip: { port_id: portId } });
      const associated = await step('associate', lead);
      expect(associated.told.floatingIps).toMatchObject([{ id: made.id, port_id: portId, status: 'ACTIVE' }]);
      const off = await step('disassociate', (asking) =>
        asking.put('network', path, { floatingip: { port_id: null } }),
      );
      expect(off.told.floatingIps).toMatchObject([{ id: made.id, port_id: null, status: 'DOWN' }]);
      await lead(await cloud.admin());
      await cloud.settled();
      const deleted = await step('delete', (asking) => asking.delete('network', path));
      expect(deleted.told.floatingIps).toEqual([]);
      return associated.killed;
    });
    await annotate(`floating IP: ${JSON.stringify(counts)} kills`);
    expect(Math.min(...Object.values(counts))).toBeGreaterThanOrEqual(6);
  });
});
