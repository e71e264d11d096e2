import { randomBytes } from 'node:crypto';
import { OpenStackClient, OpenStackError, type Json, type ServiceName } from '../openstack-client.ts';
import type { DesktopCredentials, ExternalNetworkPlan } from '../../helper/contract/status.ts';
import { DEMO } from './plan.ts';

/** A resource with what this needs of it. */
export type Named = Json & { readonly id: string; readonly name: string };

/** Finds a resource by its name in a list, or makes it. @returns it, and whether it is new. */
export async function ensure(
  find: () => Promise<Named | undefined>,
  make: () => Promise<Named>,
): Promise<{ resource: Named; made: boolean }> {
  const found = await find();
  return found === undefined ? { resource: await make(), made: true } : { resource: found, made: false };
}

/** The resource of this name in the list at `path`, whose body has it under `key`. */
export async function findNamed(
  client: OpenStackClient,
  service: ServiceName,
  path: string,
  key: string,
  name: string,
): Promise<Named | undefined> {
  const separator = path.includes('?') ? '&' : '?';
  const body = await client.get(service, `${path}${separator}name=${encodeURIComponent(name)}`);
  return (body[key] as Named[]).find((one) => one.name === name);
}

/** Makes a resource and unwraps it from the answer. */
export async function make(
  client: OpenStackClient,
  service: ServiceName,
  path: string,
  key: string,
  body: Json,
): Promise<Named> {
  return (await client.post(service, path, { [key]: body }))[key] as Named;
}

/** The demo project with its user, and a login as that user. The password is new with each call. */
export async function ensureDemoUser(
  admin: OpenStackClient,
  credentials: DesktopCredentials,
): Promise<{ client: OpenStackClient; made: boolean; project: Named }> {
  const { resource: project, made } = await ensure(
    () => findNamed(admin, 'identity', '/projects', 'projects', DEMO.project),
    () =>
      make(admin, 'identity', '/projects', 'project', {
        name: DEMO.project,
        description: "Deskcloud's demo cloud",
      }),
  );
  const password = randomBytes(18).toString('base64url');
  const { resource: user, made: newUser } = await ensure(
    () => findNamed(admin, 'identity', '/users', 'users', DEMO.user),
    () =>
      make(admin, 'identity', '/users', 'user', {
        name: DEMO.user,
        password,
        default_project_id: project.id,
      }),
  );
  const role = await findNamed(admin, 'identity', '/roles', 'roles', 'member');
  if (role === undefined) throw new OpenStackError(404, 'the cloud has no role named member');
  await admin.put('identity', `/projects/${project.id}/users/${user.id}/roles/${role.id}`);
  // The desktop's administrator works in the demo project too, so that `openstack --os-cloud deskcloud-demo` does.
  const adminRole = await findNamed(admin, 'identity', '/roles', 'roles', 'admin');
  if (adminRole !== undefined)
    await admin.put('identity', `/projects/${project.id}/users/${admin.userId}/roles/${adminRole.id}`);
  const client = await OpenStackClient.login({ ...credentials, projectName: DEMO.project });
  return { client, made: made || newUser, project };
}

/** The network outside the cloud, shared by all projects, made by the administrator. */
export async function ensureExternalNetwork(
  admin: OpenStackClient,
  plan: ExternalNetworkPlan,
): Promise<{ network: Named; made: boolean }> {
  const { resource: network, made } = await ensure(
    () => findNamed(admin, 'network', '/networks?router:external=true', 'networks', DEMO.externalNetwork),
    async () => {
      const others = '/networks?router:external=true&is_default=true';
      const { networks } = (await admin.get('network', others)) as { networks: Named[] };
      return make(admin, 'network', '/networks', 'network', {
        name: DEMO.externalNetwork,
        'router:external': true,
        // A cloud has one of them; `openstack server create --nic auto` needs it.
        is_default: networks.length === 0,
        'provider:network_type': 'flat',
        'provider:physical_network': plan.physicalNetwork,
      });
    },
  );
  await ensure(
    () => findNamed(admin, 'network', `/subnets?network_id=${network.id}`, 'subnets', DEMO.externalSubnet),
    () =>
      make(admin, 'network', '/subnets', 'subnet', {
        name: DEMO.externalSubnet,
        network_id: network.id,
        ip_version: 4,
        cidr: plan.cidr,
        gateway_ip: plan.gateway,
        enable_dhcp: false,
        allocation_pools: [{ start: plan.allocationStart, end: plan.allocationEnd }],
      }),
  );
  return { network, made };
}

/** A default pool of IPv4 subnets for all projects, unless the cloud has one. */
export async function ensureSubnetPool(admin: OpenStackClient): Promise<{ made: boolean }> {
  const { subnetpools } = (await admin.get('network', '/subnetpools?is_default=true')) as {
    subnetpools: (Named & { ip_version: number })[];
  };
  if (subnetpools.some((pool) => pool.ip_version === 4)) return { made: false };
  await make(admin, 'network', '/subnetpools', 'subnetpool', {
    ...DEMO.subnetPool,
    shared: true,
    is_default: true,
  });
  return { made: true };
}

/** The usual flavors. */
export async function ensureFlavors(admin: OpenStackClient): Promise<{ made: boolean }> {
  const { flavors } = (await admin.get('compute', '/flavors')) as { flavors: Named[] };
  const missing = DEMO.flavors.filter((flavor) => !flavors.some((one) => one.name === flavor.name));
  for (const flavor of missing) await make(admin, 'compute', '/flavors', 'flavor', { ...flavor });
  return { made: missing.length > 0 };
}
