import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestCloud, type Answer, type TestCloud } from './testing.ts';

let cloud: TestCloud;
let admin: string;
let serial = 0;
let domainId: string;
let top: string;
let middle: string;
let leaf: string;

type Body = Record<string, { id: string }>;
interface Assignment {
  role: { id: string; name?: string };
  scope: { project?: { id: string }; domain?: { id: string }; 'OS-INHERIT:inherited_to'?: string };
  links: { assignment: string };
}
const call = (method: string, path: string, body?: unknown): Promise<Answer<Body>> =>
  cloud.call<Body>(method, `/v3${path}`, { token: admin, ...(body === undefined ? {} : { body }) });
const make = async (path: string, noun: string, body: object): Promise<string> => {
  const answer = await call('POST', path, { [noun]: body });
  expect(answer.status).toBe(201);
  return answer.body[noun]?.id ?? '';
};
const role = (more: object = {}) => make('/roles', 'role', { name: `role${(serial += 1)}`, ...more });
const user = () =>
  make('/users', 'user', { name: `user${(serial += 1)}`, password: 'secret', domain_id: domainId });
const rolesOf = async (userId: string, scope: object): Promise<string[] | number> => {
  const answer = await cloud.call<{ token: { roles: { id: string }[] } }>('POST', '/v3/auth/tokens', {
    body: {
      auth: {
        identity: { methods: ['password'], password: { user: { id: userId, password: 'secret' } } },
        scope,
      },
    },
  });
  return answer.status === 201 ? answer.body.token.roles.map((one) => one.id) : answer.status;
};
const project = (id: string): object => ({ project: { id } });
const assignments = async (query: string): Promise<Assignment[]> => {
  const answer = await cloud.call<{ role_assignments: Assignment[] }>(
    'GET',
    `/v3/role_assignments?${query}`,
    { token: admin },
  );
  expect(answer.status).toBe(200);
  return answer.body.role_assignments;
};

beforeAll(async () => {
  cloud = await startTestCloud();
  admin = await cloud.adminToken();
  domainId = await make('/domains', 'domain', { name: 'd' });
  top = await make('/projects', 'project', { name: 'top', domain_id: domainId });
  middle = await make('/projects', 'project', { name: 'middle', domain_id: domainId, parent_id: top });
  leaf = await make('/projects', 'project', { name: 'leaf', domain_id: domainId, parent_id: middle });
});
afterAll(() => cloud.close());

describe('OS-INHERIT', () => {
  test('a role for what is below a project: not on it, on all below, until it is taken away', async () => {
    const [userId, roleId] = [await user(), await role()];
    const path = `/OS-INHERIT/projects/${top}/users/${userId}/roles/${roleId}/inherited_to_projects`;
    expect((await call('GET', path)).status).toBe(404);
    expect((await call('PUT', path)).status).toBe(204);
    expect((await call('HEAD', path)).status).toBe(204);
    expect(await rolesOf(userId, project(top))).toBe(401);
    expect(await rolesOf(userId, project(middle))).toEqual([roleId]);
    expect(await rolesOf(userId, project(leaf))).toEqual([roleId]);
    expect(await rolesOf(userId, { domain: { id: domainId } })).toBe(401);
    const own = await cloud.call<{ projects: { name: string }[] }>('GET', `/v3/users/${userId}/projects`, {
      token: admin,
    });
    expect(own.body.projects.map((one) => one.name).sort()).toEqual(['leaf', 'middle']);
    const session = await cloud.call('POST', '/v3/auth/tokens', {
      body: {
        auth: {
          identity: { methods: ['password'], password: { user: { id: userId, password: 'secret' } } },
          scope: project(leaf),
        },
      },
    });
    const token = session.headers.get('x-subject-token') ?? '';
    expect((await cloud.call('GET', '/v3/auth/projects', { token })).status).toBe(200);
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await cloud.call('GET', '/v3/auth/projects', { token })).status).toBe(401);
    expect((await call('DELETE', path)).status).toBe(404);
  });

  test('of a domain, for a group; lists where it was granted and where it counts', async () => {
    const [userId, roleId] = [await user(), await role()];
    const groupId = await make('/groups', 'group', { name: 'g', domain_id: domainId });
    await call('PUT', `/groups/${groupId}/users/${userId}`);
    const path = `/OS-INHERIT/domains/${domainId}/groups/${groupId}/roles`;
    expect((await call('PUT', `${path}/${roleId}/inherited_to_projects`)).status).toBe(204);
    const listed = await call('GET', `${path}/inherited_to_projects`);
    expect(listed.body['roles']).toMatchObject([{ id: roleId }]);
    expect((await call('GET', `/domains/${domainId}/groups/${groupId}/roles`)).body['roles']).toEqual([]);
    expect(await rolesOf(userId, project(top))).toEqual([roleId]);

    const [granted] = await assignments(`group.id=${groupId}`);
    expect(granted?.scope).toEqual({ domain: { id: domainId }, 'OS-INHERIT:inherited_to': 'projects' });
    expect(granted?.links.assignment).toBe(
      `${cloud.origin}/identity/v3${path}/${roleId}/inherited_to_projects`,
    );
    expect(await assignments(`group.id=${groupId}&scope.OS-INHERIT:inherited_to=projects`)).toHaveLength(1);
    const here = await assignments(`user.id=${userId}&scope.project.id=${leaf}&effective`);
    expect(here.map((one) => [one.role.id, one.scope])).toEqual([[roleId, { project: { id: leaf } }]]);
    const all = await assignments(`user.id=${userId}&effective`);
    expect(all.map((one) => one.scope.project?.id ?? '').sort()).toEqual([top, middle, leaf].sort());
    const below = await assignments(`scope.project.id=${middle}&include_subtree&effective&user.id=${userId}`);
    expect(below.map((one) => one.scope.project?.id ?? '').sort()).toEqual([middle, leaf].sort());
    expect((await call('GET', '/role_assignments?include_subtree')).status).toBe(400);
    expect(
      (await call('GET', `/role_assignments?effective&scope.OS-INHERIT:inherited_to=projects`)).status,
    ).toBe(400);
  });

  test('what is inherited and lost takes application credentials with it', async () => {
    const [userId, roleId] = [await user(), await role()];
    const path = `/OS-INHERIT/domains/${domainId}/users/${userId}/roles/${roleId}/inherited_to_projects`;
    await call('PUT', path);
    const login = await cloud.call('POST', '/v3/auth/tokens', {
      body: {
        auth: {
          identity: { methods: ['password'], password: { user: { id: userId, password: 'secret' } } },
          scope: project(leaf),
        },
      },
    });
    const token = login.headers.get('x-subject-token') ?? '';
    const made = await cloud.call('POST', `/v3/users/${userId}/application_credentials`, {
      token,
      body: { application_credential: { name: 'a' } },
    });
    expect(made.status).toBe(201);
    const count = () =>
      call('GET', `/users/${userId}/application_credentials`).then(
        (answer) => (answer.body['application_credentials'] as unknown as object[]).length,
      );
    expect(await count()).toBe(1);
    await call('DELETE', path);
    expect(await count()).toBe(0);
  });
});

describe('roles of a domain', () => {
  test('are listed there, named once there, and not granted elsewhere', async () => {
    const id = await role({ name: 'own', domain_id: domainId });
    expect((await call('POST', '/roles', { role: { name: 'own', domain_id: domainId } })).status).toBe(409);
    expect((await call('POST', '/roles', { role: { name: 'own' } })).status).toBe(201);
    expect((await call('POST', '/roles', { role: { name: 'x', domain_id: 'nowhere' } })).status).toBe(404);
    const list = await call('GET', `/roles?domain_id=${domainId}`);
    expect(list.body['roles']).toMatchObject([{ id, domain_id: domainId }]);
    const userId = await user();
    const foreign = await make('/projects', 'project', { name: 'foreign' });
    expect((await call('PUT', `/projects/${foreign}/users/${userId}/roles/${id}`)).status).toBe(403);
  });

  test('count only by what they imply, and no common role implies them', async () => {
    const [userId, own, common] = [await user(), await role({ domain_id: domainId }), await role()];
    await call('PUT', `/projects/${top}/users/${userId}/roles/${own}`);
    expect(await rolesOf(userId, project(top))).toBe(401);
    expect((await call('PUT', `/roles/${common}/implies/${own}`)).status).toBe(403);
    expect((await call('PUT', `/roles/${own}/implies/${common}`)).status).toBe(201);
    expect(await rolesOf(userId, project(top))).toEqual([common]);
    const effective = await assignments(`user.id=${userId}&scope.project.id=${top}&effective`);
    expect(effective.map((one) => one.role.id)).toEqual([common]);
  });
});

test('a project tells what is above and below it', async () => {
  const show = async (query: string) =>
    (
      await cloud.call<{ project: { parents?: unknown; subtree?: unknown } }>(
        'GET',
        `/v3/projects/${middle}?${query}`,
        { token: admin },
      )
    ).body.project;
  expect((await show('parents_as_ids')).parents).toEqual({ [top]: { [domainId]: null } });
  expect((await show('subtree_as_ids')).subtree).toEqual({ [leaf]: null });
  expect((await show('parents_as_list&subtree_as_list')).parents).toEqual([]);
  const { body } = await call('GET', '/users?name=admin');
  const adminId = (body['users'] as unknown as { id: string }[])[0]?.id;
  const { id: reader } = (
    (await call('GET', '/roles?name=reader')).body['roles'] as unknown as { id: string }[]
  )[0] ?? { id: '' };
  await call('PUT', `/OS-INHERIT/domains/${domainId}/users/${adminId}/roles/${reader}/inherited_to_projects`);
  const shown = await show('parents_as_list&subtree_as_list');
  expect(shown.parents).toMatchObject([{ project: { id: top } }]);
  expect(shown.subtree).toMatchObject([{ project: { id: leaf } }]);
  expect((await call('GET', `/projects/${middle}?parents_as_list&parents_as_ids`)).status).toBe(400);
});
