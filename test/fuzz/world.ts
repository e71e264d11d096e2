import { formatMicroversion, type Service } from '../../helper/http/index.ts';
import { makeDemo } from '../../main/demo/index.ts';
import { simulatedGuest } from '../../main/demo/simulated-guest.ts';
import { OpenStackClient, type Json } from '../../main/openstack-client.ts';
import { kindOfSegment } from './pool.ts';
import type { Wire } from './wire.ts';
import type { TestInstance } from '../support/instance.ts';

/** Who asks: by role, in the project of the things or in another. */
export type CallerName = 'admin' | 'member' | 'reader' | 'stranger' | 'nobody';

export interface Caller {
  readonly token: string;
  readonly userId: string;
  readonly projectId: string;
  readonly password: string;
}

/** A cloud with the demo in it, and users of each role. */
export interface World {
  readonly services: readonly Service[];
  readonly admin: OpenStackClient;
  readonly callers: Readonly<Record<Exclude<CallerName, 'nobody'>, Caller>>;
}

const ROLES = { admin: 'admin', member: 'member', reader: 'reader', stranger: 'member' } as const;
const PASSWORD = 'fuzz-password';

/** Makes the demo cloud in an instance on the simulated host. */
export async function furnish(instance: TestInstance): Promise<OpenStackClient> {
  await makeDemo({
    helper: instance.client,
    guestImage: () => simulatedGuest(instance.directory),
    keyPath: `${instance.directory}/key`,
    knownHostsPath: `${instance.directory}/known_hosts`,
    progress: { update: () => undefined, line: () => undefined },
    waitForSsh: false,
  });
  return instance.admin();
}

/** Users of each role, two projects, and all endpoint tables. */
export async function populate(
  instance: TestInstance,
  admin: OpenStackClient,
  services: readonly Service[],
): Promise<World> {
  const credentials = await instance.client.credentials();
  const { roles } = (await admin.get('identity', '/roles')) as { roles: { id: string; name: string }[] };
  const projects = new Map<string, string>();
  for (const name of ['fuzz', 'fuzz-other'])
    projects.set(name, idOf(await admin.post('identity', '/projects', { project: { name } })));
  const callers: Partial<Record<CallerName, Caller>> = {};
  for (const [caller, roleName] of Object.entries(ROLES) as [keyof typeof ROLES, string][]) {
    const projectName = caller === 'stranger' ? 'fuzz-other' : 'fuzz';
    const user = { name: `fuzz-${caller}`, password: PASSWORD };
    const userId = idOf(await admin.post('identity', '/users', { user }));
    const projectId = projects.get(projectName) ?? '';
    const role = roles.find(({ name }) => name === roleName)?.id ?? '';
    await admin.put('identity', `/projects/${projectId}/users/${userId}/roles/${role}`);
    const { token } = await OpenStackClient.login({
      ...credentials,
      username: user.name,
      password: PASSWORD,
      projectName,
    });
    callers[caller] = { token, userId, projectId, password: PASSWORD };
  }
  return { services, admin, callers: callers as World['callers'] };
}

const idOf = (body: Json): string => (Object.values(body)[0] as { id: string }).id;

/** A thing in a list: its kind, its id, and the path by which it is deleted, if it can be. */
export interface Thing {
  readonly service: Service;
  readonly kind: string;
  readonly id: string;
  readonly path: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Queries with which a list shows all that there is. */
const EVERYTHING: Readonly<Record<string, string>> = {
  'compute /servers': '?all_tenants=1',
  'compute /flavors': '?is_public=None',
  'compute /os-server-groups': '?all_projects=1',
  'image /images': '?visibility=all',
  'volume /volumes': '?all_tenants=1',
  'volume /snapshots': '?all_tenants=1',
  'volume /backups': '?all_tenants=1',
  'volume /attachments': '?all_tenants=1',
  'volume /types': '?is_public=None',
  'volume /group_types': '?is_public=None',
  'volume /groups': '?all_tenants=1',
  'volume /group_snapshots': '?all_tenants=1',
  'volume /volume-transfers': '?all_tenants=1',
};

/** Attributes by which a thing without an id is known. */
const ID_KEYS = ['id', 'uuid', 'name', 'namespace', 'access'] as const;

/** Everything that the lists without parameters show, and key pairs of all users. */
export async function inventory(
  world: Pick<World, 'services' | 'admin'>,
  wire: Wire,
): Promise<readonly Thing[]> {
  const things: Thing[] = [];
  const token = world.admin.token;
  for (const service of world.services.filter(({ name }) => name !== 'deskcloud')) {
    const version = versionHeader(service);
    for (const { method, path } of service.endpoints) {
      if (method !== 'GET' || path.includes('{') || path.endsWith('/detail') || path.endsWith('/')) continue;
      if (/^\/(auth|schemas|info|limits\/model|extensions)/.test(path)) continue;
      const queries = [EVERYTHING[`${service.name} ${path}`] ?? ''];
      if (service.name === 'image' && path === '/images') queries.push('?visibility=all&os_hidden=true');
      // Roles of other domains go with them.
      if (service.name === 'identity' && path === '/roles') queries.push('?domain_id=default');
      if (path === '/os-keypairs')
        queries.push(
          ...things
            .filter(({ kind }) => kind === 'user')
            .map(({ id }) => `?user_id=${encodeURIComponent(id)}`),
        );
      for (const query of queries) {
        let next: string | undefined = `${service.prefix}${service.root}${path}${query}`;
        while (next !== undefined) {
          const answer = await wire.send({
            method,
            path: next,
            headers: { 'x-auth-token': token, ...version },
          });
          if (answer.status === 401) throw new Error(`${next}: the administrator is refused`);
          if (answer.status !== 200) break;
          things.push(...thingsIn(service, path, query, answer.json));
          const link = (answer.json as { next?: unknown }).next;
          next = typeof link === 'string' && link.startsWith('/') ? `${service.prefix}${link}` : undefined;
        }
      }
    }
  }
  return things;
}

/** The microversion that lists and deletions are asked by. */
export const versionHeader = ({ name, microversions }: Service): Readonly<Record<string, string>> =>
  microversions === undefined
    ? {}
    : {
        'openstack-api-version': `${microversions.type} ${name === 'compute' ? '2.60' : formatMicroversion(microversions.max)}`,
      };

function thingsIn(service: Service, path: string, query: string, json: unknown): readonly Thing[] {
  const segment = path.split('/').at(-1) ?? '';
  const list = Object.values(json as object).find((value) => Array.isArray(value)) as unknown[] | undefined;
  const removable = service.endpoints.some(
    (one) =>
      one.method === 'DELETE' &&
      one.path.startsWith(`${path}/{`) &&
      one.path.split('/').length === path.split('/').length + 1,
  );
  return (list ?? []).flatMap((item) => {
    const outer = (typeof item === 'object' && item !== null ? item : {}) as Record<string, unknown>;
    // A key pair is wrapped once more.
    const inner = outer['keypair'] as Record<string, unknown> | undefined;
    const body = inner ?? outer;
    const id = ID_KEYS.map((key) => body[key]).find(
      (value) => typeof value === 'string' || typeof value === 'number',
    );
    if (id === undefined) return [];
    const user = path === '/os-keypairs' && query !== '' ? query : '';
    return [
      {
        service,
        kind: kindOfSegment(segment),
        id: String(id),
        path: removable
          ? `${service.prefix}${service.root}${path}/${encodeURIComponent(String(id))}${user}`
          : undefined,
        body,
      },
    ];
  });
}
