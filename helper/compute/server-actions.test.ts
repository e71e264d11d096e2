import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TestWorld } from './test-world.ts';

let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.create();
});
afterEach(() => world.dispose());

type Body = Record<string, Record<string, unknown>>;
const show = async (id: string, version?: string): Promise<Record<string, unknown>> =>
  ((await world.call('member', 'GET', `/v2.1/servers/${id}`, undefined, version)).body as Body)['server'] ??
  {};
const act = (id: string, body: object, token = 'member', version?: string) =>
  world.call(token, 'POST', `/v2.1/servers/${id}/action`, body, version);
const active = async (): Promise<string> => {
  const id = await world.create();
  await world.quiet();
  return id;
};
const messageOf = (answer: { body: unknown }): unknown => Object.values(answer.body as Body)[0]?.['message'];

describe('actions', () => {
  test('stop, start, pause, unpause, reboot', async () => {
    const id = await active();
    for (const [body, status, power] of [
      [{ 'os-stop': null }, 'SHUTOFF', 4],
      [{ 'os-start': null }, 'ACTIVE', 1],
      [{ pause: null }, 'PAUSED', 3],
      [{ unpause: null }, 'ACTIVE', 1],
      [{ reboot: { type: 'SOFT' } }, 'ACTIVE', 1],
      [{ reboot: { type: 'hard' } }, 'ACTIVE', 1],
    ] as const) {
      expect((await act(id, body)).status).toBe(202);
      await world.quiet();
      expect(await show(id)).toMatchObject({
        status,
        'OS-EXT-STS:power_state': power,
        'OS-EXT-STS:task_state': null,
      });
    }
  });

  test('a guest that ignores its power button is stopped and rebooted all the same', async () => {
    const id = await active();
    world.domains.deaf = true;
    await act(id, { reboot: { type: 'SOFT' } });
    expect((await show(id))['status']).toBe('REBOOT');
    await world.quiet();
    expect((await show(id))['status']).toBe('ACTIVE');
    await act(id, { 'os-stop': null });
    await world.quiet();
    expect(world.domains.states.get(id)).toBe('shutdown');
  });

  test('a server that is on no host is not ready, whatever its state was set to, and leaves no domain', async () => {
    const id = await active();
    await act(id, { shelve: null });
    await world.quiet();
    await act(id, { shelveOffload: null }, 'admin');
    await world.quiet();
    expect((await show(id))['status']).toBe('SHELVED_OFFLOADED');
    expect((await act(id, { 'os-resetState': { state: 'active' } }, 'admin')).status).toBe(202);
    for (const body of [
      { reboot: { type: 'HARD' } },
      { 'os-stop': null },
      { pause: null },
      { shelve: null },
      { createImage: { name: 'copy' } },
    ]) {
      const answer = await act(id, body);
      expect([answer.status, messageOf(answer)]).toEqual([409, `Instance ${id} is not ready`]);
    }
    expect((await world.call('member', 'DELETE', `/v2.1/servers/${id}`)).status).toBe(204);
    await world.quiet();
    expect(world.domains.states.size).toBe(0);
  });

  test('are refused in the wrong state, in nova’s words', async () => {
    const id = await active();
    const refused = await act(id, { 'os-start': null });
    expect(refused.status).toBe(409);
    expect(refused.body).toEqual({
      conflictingRequest: {
        code: 409,
        message: `Cannot 'start' instance ${id} while it is in vm_state active`,
      },
    });
    world.domains.deaf = true;
    await act(id, { 'os-stop': null });
    expect(messageOf(await act(id, { pause: null }))).toBe(
      `Cannot 'pause' instance ${id} while it is in task_state powering-off`,
    );
  });

  test('a lock keeps its owner out, not the administrator', async () => {
    const id = await active();
    expect((await act(id, { lock: { locked_reason: 'mine' } }, 'member', '2.73')).status).toBe(202);
    expect(await show(id, '2.73')).toMatchObject({ locked: true, locked_reason: 'mine' });
    const refused = await act(id, { 'os-stop': null });
    expect([refused.status, messageOf(refused)]).toEqual([409, `Instance ${id} is locked`]);
    expect((await world.call('member', 'DELETE', `/v2.1/servers/${id}`)).status).toBe(409);
    expect((await act(id, { 'os-stop': null }, 'admin')).status).toBe(202);
    await world.quiet();
    expect((await act(id, { unlock: null })).status).toBe(202);
    expect((await act(id, { lock: null }, 'admin')).status).toBe(202);
    expect((await act(id, { unlock: null })).status).toBe(403);
    expect((await act(id, { unlock: null }, 'admin')).status).toBe(202);
  });

  test('reset state is the administrator’s', async () => {
    const id = await active();
    expect((await act(id, { 'os-resetState': { state: 'error' } })).status).toBe(403);
    expect((await act(id, { 'os-resetState': { state: 'error' } }, 'admin')).status).toBe(202);
    expect((await show(id))['status']).toBe('ERROR');
    expect((await act(id, { 'os-resetState': { state: 'busy' } }, 'admin')).status).toBe(400);
  });

  test('are for members of the project only', async () => {
    const id = await active();
    expect((await act(id, { 'os-stop': null }, 'reader')).status).toBe(403);
    expect((await act(id, { 'os-stop': null }, 'other')).status).toBe(404);
    expect((await world.call('other', 'GET', `/v2.1/servers/${id}`)).status).toBe(404);
    expect((await world.call('other', 'DELETE', `/v2.1/servers/${id}`)).status).toBe(404);
    expect((await world.call('reader', 'DELETE', `/v2.1/servers/${id}`)).status).toBe(403);
    expect((await world.call('reader', 'GET', `/v2.1/servers/${id}`)).status).toBe(200);
    expect((await world.call(undefined, 'GET', `/v2.1/servers/${id}`)).status).toBe(401);
  });

  test('delete cancels a stop that waits for its guest, and twice is once', async () => {
    const id = await active();
    world.domains.deaf = true;
    await act(id, { 'os-stop': null });
    expect((await world.call('member', 'DELETE', `/v2.1/servers/${id}`)).status).toBe(204);
    expect((await world.call('member', 'DELETE', `/v2.1/servers/${id}`)).status).toBe(204);
    expect((await show(id))['OS-EXT-STS:task_state']).toBe('deleting');
    await world.quiet();
    expect((await world.call('member', 'GET', `/v2.1/servers/${id}`)).status).toBe(404);
    expect(await world.inventory()).toMatchObject({ domains: [], files: [] });
  });
});

describe('consoles', () => {
  test('the log’s end, without control characters', async () => {
    const id = await active();
    const directory = join(world.directory, 'state', 'instances', id);
    await mkdir(directory, { recursive: true });
    const output = async (length?: number): Promise<unknown> =>
      (
        (await act(id, { 'os-getConsoleOutput': length === undefined ? {} : { length } })).body as {
          output: string;
        }
      ).output;
    expect(await output()).toBe('');
    await writeFile(join(directory, 'console.log'), 'one\ntwo\u001b[31m\u0007\nthree\n');
    expect(await output()).toBe('one\ntwo[31m\nthree\n');
    expect(await output(1)).toBe('three');
    expect(await output(0)).toBe('');
    expect(await output(2)).toBe('two[31m\nthree');
    expect(await output(-1)).toBe('one\ntwo[31m\nthree\n');
    expect(((await act(id, { 'os-getConsoleOutput': { length: 'x' } })) as { status: number }).status).toBe(
      400,
    );
  });

  test('remote consoles: an action until 2.5, a resource from 2.6', async () => {
    const id = await active();
    const old = await act(id, { 'os-getVNCConsole': { type: 'novnc' } });
    expect(old.status).toBe(200);
    expect(old.body).toMatchObject({ console: { type: 'novnc' } });
    expect((await act(id, { 'os-getVNCConsole': { type: 'novnc' } }, 'member', '2.6')).status).toBe(400);
    const make = (protocol: string, type: string, version = '2.6') =>
      world.call(
        'member',
        'POST',
        `/v2.1/servers/${id}/remote-consoles`,
        { remote_console: { protocol, type } },
        version,
      );
    expect((await make('vnc', 'novnc')).body).toMatchObject({
      remote_console: { protocol: 'vnc', type: 'novnc' },
    });
    expect((await make('serial', 'serial')).status).toBe(200);
    expect((await make('vnc', 'serial')).status).toBe(400);
    expect((await make('spice', 'spice-html5')).status).toBe(400);
    expect((await make('mks', 'webmks')).status).toBe(400);
    expect((await make('vnc', 'novnc', '2.5')).status).toBe(404);
    await act(id, { 'os-stop': null });
    await world.quiet();
    expect((await make('vnc', 'novnc')).status).toBe(409);
  });
});

describe('instance actions', () => {
  test('list newest first; events by who may see them', async () => {
    const id = await active();
    await act(id, { 'os-stop': null });
    await world.quiet();
    const path = `/v2.1/servers/${id}/os-instance-actions`;
    interface Action {
      action: string;
      request_id: string;
      events?: { event: string; result: string | null; traceback?: string | null }[];
    }
    const list = async (query = '', version = '2.93') =>
      (await world.call('reader', 'GET', `${path}${query}`, undefined, version)).body as {
        instanceActions: Action[];
        links?: { href: string }[];
      };
    const all = (await list()).instanceActions;
    expect(all.map(({ action }) => action)).toEqual(['stop', 'create']);
    const first = await list('?limit=1');
    expect(first.links?.[0]?.href).toContain(`marker=${all[0]?.request_id}`);
    expect((await list(`?limit=1&marker=${all[0]?.request_id}`)).instanceActions[0]?.action).toBe('create');
    expect((await world.call('reader', 'GET', `${path}?marker=none`, undefined, '2.58')).status).toBe(400);

    const one = async (token: string, version: string): Promise<Action | undefined> =>
      (
        (await world.call(token, 'GET', `${path}/${all[1]?.request_id}`, undefined, version)).body as {
          instanceAction: Action;
        }
      ).instanceAction;
    expect(await one('reader', '2.1')).not.toHaveProperty('events');
    const events = (await one('reader', '2.51'))?.events ?? [];
    expect(events.length).toBeGreaterThan(10);
    expect(events[0]).not.toHaveProperty('traceback');
    expect((await one('admin', '2.84'))?.events?.[0]).toHaveProperty('traceback');
    expect((await world.call('reader', 'GET', `${path}/req-none`)).status).toBe(404);

    await world.call('member', 'DELETE', `/v2.1/servers/${id}`);
    await world.quiet();
    expect((await world.call('reader', 'GET', path, undefined, '2.20')).status).toBe(404);
    expect((await list('', '2.21')).instanceActions[0]?.action).toBe('delete');
  });
});

describe('attributes', () => {
  test('metadata', async () => {
    const id = await active();
    const path = `/v2.1/servers/${id}/metadata`;
    const call = (method: string, rest = '', body?: unknown, token = 'member') =>
      world.call(token, method, `${path}${rest}`, body);
    expect((await call('POST', '', { metadata: { a: '1', b: '2' } })).body).toEqual({
      metadata: { a: '1', b: '2' },
    });
    expect((await call('PUT', '/a', { meta: { a: '3' } })).body).toEqual({ meta: { a: '3' } });
    expect((await call('PUT', '/a', { meta: { b: '3' } })).status).toBe(400);
    expect((await call('PUT', '/a', { meta: {} })).status).toBe(400);
    expect((await call('GET', '/a')).body).toEqual({ meta: { a: '3' } });
    expect((await call('DELETE', '/b')).status).toBe(204);
    expect((await call('DELETE', '/b')).status).toBe(404);
    expect((await call('GET', '/constructor')).status).toBe(404);
    expect((await call('PUT', '', { metadata: { z: '' } })).body).toEqual({ metadata: { z: '' } });
    expect((await call('GET')).body).toEqual({ metadata: { z: '' } });
    expect((await call('POST', '', { metadata: { a: '', b: '', c: '' } })).status).toBe(403);
    expect((await call('POST', '', { metadata: {} }, 'reader')).status).toBe(403);
    await act(id, { 'os-resetState': { state: 'error' } }, 'admin');
    expect((await call('POST', '', { metadata: {} })).status).toBe(409);
  });

  test('tags', async () => {
    const id = await active();
    const call = (method: string, rest = '', body?: unknown, version = '2.26') =>
      world.call('member', method, `/v2.1/servers/${id}/tags${rest}`, body, version);
    expect((await call('GET', '', undefined, '2.25')).status).toBe(404);
    const put = await call('PUT', '/red');
    expect([put.status, put.headers.get('location')?.endsWith(`/servers/${id}/tags/red`)]).toEqual([
      201,
      true,
    ]);
    expect((await call('PUT', '/red')).status).toBe(204);
    expect((await call('GET', '/red')).status).toBe(204);
    expect((await call('GET', '/blue')).status).toBe(404);
    expect((await call('PUT', '/a%2Cb')).status).toBe(400);
    expect((await call('PUT', '', { tags: ['x', 'y', 'x'] })).body).toEqual({ tags: ['x', 'y'] });
    expect((await call('DELETE', '/x')).status).toBe(204);
    expect((await call('DELETE', '/x')).status).toBe(404);
    expect((await call('GET')).body).toEqual({ tags: ['y'] });
    expect((await call('DELETE')).status).toBe(204);
    expect((await call('GET')).body).toEqual({ tags: [] });
  });

  test('name, description, access addresses, disk configuration', async () => {
    const id = await active();
    const put = (server: object, version?: string, token = 'member') =>
      world.call(token, 'PUT', `/v2.1/servers/${id}`, { server }, version);
    const updated = await put({ name: 'ünï ☃', accessIPv4: '192.0.2.1', 'OS-DCF:diskConfig': 'AUTO' });
    expect(updated.status).toBe(200);
    expect(updated.body).toMatchObject({ server: { name: 'ünï ☃', accessIPv4: '192.0.2.1' } });
    expect((updated.body as Body)['server']).not.toHaveProperty('key_name');
    expect((await put({ description: 'd' }, '2.75')).body).toMatchObject({
      server: { description: 'd', key_name: null },
    });
    expect((await put({ description: null }, '2.19')).body).toMatchObject({ server: { description: null } });
    expect((await put({ hostname: 'other' }, '2.90')).body).toMatchObject({
      server: { 'OS-EXT-SRV-ATTR:hostname': 'other' },
    });
    expect((await put({ name: 'x' }, undefined, 'reader')).status).toBe(403);
  });

  test('addresses, interfaces, security groups, volumes', async () => {
    const id = await active();
    const get = async (path: string, version?: string) =>
      (await world.call('reader', 'GET', `/v2.1/servers/${id}${path}`, undefined, version)).body;
    const address = { version: 4, addr: '10.0.0.5' };
    expect(await get('/ips')).toEqual({ addresses: { private: [address] } });
    expect(await get('/ips/private')).toEqual({ private: [address] });
    expect((await world.call('reader', 'GET', `/v2.1/servers/${id}/ips/none`)).status).toBe(404);
    const { interfaceAttachments } = (await get('/os-interface', '2.70')) as {
      interfaceAttachments: { port_id: string; tag: null }[];
    };
    expect(interfaceAttachments).toMatchObject([{ port_state: 'ACTIVE', tag: null }]);
    expect(await get(`/os-interface/${interfaceAttachments[0]?.port_id}`)).toMatchObject({
      interfaceAttachment: { mac_addr: 'fa:16:3e:00:00:01' },
    });
    expect((await world.call('reader', 'GET', `/v2.1/servers/${id}/os-interface/none`)).status).toBe(404);
    expect(await get('/os-security-groups')).toMatchObject({ security_groups: [{ name: 'default' }] });
    expect(await get('/os-volume_attachments')).toEqual({ volumeAttachments: [] });
  });
});
