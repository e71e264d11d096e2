/** The client against a scripted daemon: what a real one does too seldom to be tested with. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connect, type CallInfo, type ConnectOptions, type Libvirt } from './client.ts';
import { array, i32, nullable, string } from './codec.ts';
import {
  connectError,
  LibvirtConnectError,
  LibvirtDisconnectedError,
  LibvirtError,
  LibvirtProtocolError,
  LibvirtTimeoutError,
} from './errors.ts';
import { encoded, FakeDaemon, Procedure, type Peer } from './fake-daemon.ts';
import { domain } from './types.ts';
import { KeepaliveProcedure, MessageStatus, MessageType, Program, type Packet } from './protocol.ts';

let daemon: FakeDaemon;
let libvirt: Libvirt | undefined;

const open = async (options: ConnectOptions = {}): Promise<Libvirt> => {
  libvirt = await connect({ socketPath: daemon.socketPath, ...options });
  return libvirt;
};

const theOnly = <T>(values: Iterable<T>): T => {
  const [value] = values;
  if (value === undefined) throw new Error('there is none');
  return value;
};

beforeEach(async () => {
  daemon = new FakeDaemon();
  await daemon.listen();
});

afterEach(async () => {
  await libvirt?.close();
  libvirt = undefined;
  await daemon.remove();
});

describe('calls', () => {
  test('replies find their calls in any order', async () => {
    const calls: { packet: Packet; peer: Peer }[] = [];
    daemon.script = (packet, peer) => {
      if (packet.procedure !== Procedure.GET_HOSTNAME) return false;
      calls.push({ packet, peer });
      if (calls.length === 3) {
        for (const call of calls.toReversed()) {
          call.peer.reply(call.packet, encoded(string, `host-${call.packet.serial}`));
        }
      }
      return true;
    };
    const lv = await open();
    const names = await Promise.all([
      lv.connectGetHostname(),
      lv.connectGetHostname(),
      lv.connectGetHostname(),
    ]);
    expect(names).toEqual(calls.map(({ packet }) => `host-${packet.serial}`));
  });

  test('an error reply becomes a LibvirtError with all fields', async () => {
    daemon.script = (packet, peer) => {
      if (packet.procedure !== Procedure.GET_TYPE) return false;
      peer.fail(packet, 42, 'Domain not found');
      return true;
    };
    const error = await (await open()).connectGetType().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LibvirtError);
    expect(error).toMatchObject({
      code: 42,
      codeName: 'NO_DOMAIN',
      domainName: 'QEMU',
      message: 'Domain not found',
      procedure: 'connectGetType',
      str1: 'Domain not found',
      int1: -1,
    });
  });

  test('a call without an answer times out, its late reply is ignored, the connection goes on', async () => {
    const late: (() => void)[] = [];
    daemon.script = (packet, peer) => {
      if (packet.procedure === Procedure.GET_TYPE) {
        late.push(() => peer.reply(packet, encoded(string, 'late')));
        return true;
      }
      if (packet.procedure !== Procedure.GET_HOSTNAME) return false;
      for (const reply of late) reply();
      peer.reply(packet, encoded(string, 'host'));
      return true;
    };
    const lv = await open();
    const error = await lv.connectGetType({}, { timeoutMs: 20 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LibvirtTimeoutError);
    expect(await lv.connectGetHostname()).toBe('host');
  });

  test('calls that take long have connections of their own, and leave none behind', async () => {
    const CREATE = 196;
    const starts: { packet: Packet; peer: Peer }[] = [];
    daemon.script = (packet, peer) => {
      if (packet.procedure !== CREATE) return false;
      starts.push({ packet, peer });
      return true;
    };
    const lv = await open();
    const dom = { name: 'vm', uuid: '00000000-0000-4000-8000-000000000001', id: -1 };
    const pending = [lv.domainCreateWithFlags({ dom }), lv.domainCreateWithFlags({ dom })];
    await vi.waitFor(() => expect(starts).toHaveLength(2));
    expect(new Set(starts.map(({ peer }) => peer)).size).toBe(2);
    expect(daemon.peers.size).toBe(3);
    for (const { packet, peer } of starts) peer.reply(packet, encoded(domain, dom));
    expect(await Promise.all(pending)).toEqual([dom, dom]);
    await vi.waitFor(() => expect(daemon.peers.size).toBe(1));
  });

  test('a malformed reply fails its call only', async () => {
    daemon.script = (packet, peer) => {
      if (packet.procedure === Procedure.GET_TYPE) peer.reply(packet, Buffer.from('7fffffff', 'hex'));
      else if (packet.procedure === Procedure.GET_HOSTNAME) peer.reply(packet, encoded(string, 'host'));
      else return false;
      return true;
    };
    const lv = await open();
    await expect(lv.connectGetType()).rejects.toBeInstanceOf(LibvirtProtocolError);
    expect(await lv.connectGetHostname()).toBe('host');
  });

  test('arguments that cannot be encoded send nothing', async () => {
    const lv = await open();
    const before = daemon.received.length;
    await expect(lv.domainLookupByName({ name: 'a\0b' })).rejects.toThrow('NUL');
    expect(daemon.received.length).toBe(before);
  });

  test('each call is observed with its arguments and error', async () => {
    const calls: CallInfo[] = [];
    const lv = await open({ onCall: (info) => calls.push(info) });
    await expect(lv.domainLookupByName({ name: 'web' })).rejects.toThrow('not in the script');
    expect(calls).toMatchObject([{ procedure: 'domainLookupByName', detail: 'name=web' }]);
    expect(calls[0]?.error).toBeInstanceOf(LibvirtError);
    expect(calls[0]?.durationMs).toBeGreaterThan(0);
  });

  test('random bytes instead of a reply: the call fails, nothing hangs or crashes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        daemon.script = (packet, peer) => {
          if (packet.procedure !== Procedure.GET_TYPE) return false;
          peer.socket.end(bytes);
          return true;
        };
        const lv = await connect({ socketPath: daemon.socketPath, reconnect: false });
        const error = await lv.connectGetType().catch((e: unknown) => e);
        expect(error).toBeInstanceOf(LibvirtDisconnectedError);
        await lv.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe('keepalive', () => {
  test('a ping is answered', async () => {
    await open();
    theOnly(daemon.peers).message(Program.KEEPALIVE, KeepaliveProcedure.PING);
    await vi.waitFor(() => {
      expect(daemon.received.at(-1)).toMatchObject({
        program: Program.KEEPALIVE,
        procedure: KeepaliveProcedure.PONG,
      });
    });
  });
});

describe('connecting', () => {
  test('a missing or dead daemon names the remedy', async () => {
    await expect(connect({ socketPath: '/nonexistent/lvts' })).rejects.toThrow(
      /libvirtd is not running.*systemctl start libvirtd.*virtlogd -d; libvirtd -d/,
    );
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    expect(connectError('/s', refused).message).toContain('libvirtd is not running');
    const denied = Object.assign(new Error('connect EACCES'), { code: 'EACCES' });
    expect(connectError('/s', denied).message).toContain('join the libvirt group');
  });

  test.each([
    ['SASL', [1], 'demands SASL'],
    ['polkit that refuses', [2], 'polkit refused'],
  ])('%s: the error names the remedy', async (_name, types, message) => {
    daemon.script = (packet, peer) => {
      if (packet.procedure !== Procedure.AUTH_LIST) return false;
      peer.reply(packet, encoded(array(i32, 20), types));
      return true;
    };
    const error = await open().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LibvirtConnectError);
    expect(String(error)).toContain(message);
    expect(String(error)).toContain('run as root or join the libvirt group');
    await vi.waitFor(() => expect(daemon.peers.size).toBe(0));
  });

  test('polkit that agrees lets us in', async () => {
    daemon.script = (packet, peer) => {
      if (packet.procedure === Procedure.AUTH_LIST) peer.reply(packet, encoded(array(i32, 20), [2]));
      else if (packet.procedure === Procedure.AUTH_POLKIT) peer.reply(packet, encoded(i32, 1));
      else return false;
      return true;
    };
    expect((await open()).connected).toBe(true);
  });
});

describe('a lost connection', () => {
  test('rejects what is pending, fails calls at once, comes back and registers again', async () => {
    daemon.script = ({ procedure }) => procedure === Procedure.GET_TYPE;
    const lv = await open();
    const events: string[] = [];
    await lv.subscribe('lifecycle', (event) => void events.push(event.dom.name));
    const pending = lv.connectGetType().catch((e: unknown) => e);
    const reconnected = once(lv, 'reconnected');
    const disconnected = once(lv, 'disconnected');
    await vi.waitFor(() => expect(daemon.received.at(-1)?.procedure).toBe(Procedure.GET_TYPE));
    await daemon.stop();
    expect(await pending).toMatchObject({ name: 'LibvirtDisconnectedError', outcome: 'unknown' });
    await disconnected;
    expect(lv.connected).toBe(false);
    await expect(lv.connectGetHostname()).rejects.toMatchObject({ outcome: 'not-sent' });
    await expect(
      lv.domainManagedSave({ dom: { name: 'x', uuid: crypto.randomUUID(), id: -1 } }),
    ).rejects.toMatchObject({
      outcome: 'not-sent',
    });
    await expect(lv.waitConnected(10)).rejects.toMatchObject({ outcome: 'not-sent' });
    await daemon.listen();
    await lv.waitConnected(10_000);
    await reconnected;
    theOnly(daemon.peers).lifecycle('after', 2);
    await vi.waitFor(() => expect(events).toEqual(['after']));
    expect(daemon.received.filter(({ procedure }) => procedure === Procedure.REGISTER)).toHaveLength(2);
  });

  test('close() while reconnecting leaves no timer and ends who waits', async () => {
    const lv = await open();
    const disconnected = once(lv, 'disconnected');
    await daemon.stop();
    await disconnected;
    const waiting = lv.waitConnected(60_000).catch((e: unknown) => e);
    await lv.close();
    expect(await waiting).toBeInstanceOf(LibvirtDisconnectedError);
    await daemon.listen();
    expect(daemon.peers.size).toBe(0);
  });
});

describe('events', () => {
  test('a flood with a listener that never returns: replies still come, memory is bounded, loss is told', async () => {
    daemon.script = (packet, peer) => {
      if (packet.procedure !== Procedure.GET_HOSTNAME) return false;
      for (let n = 0; n < 5000; n += 1) peer.lifecycle(`vm-${n}`, 2);
      peer.reply(packet, encoded(string, 'host'));
      return true;
    };
    const lv = await open();
    let lossReports = 0;
    const slow = await lv.subscribe('lifecycle', () => new Promise<void>(() => undefined), {
      queueLimit: 100,
      onLost: () => {
        lossReports += 1;
      },
    });
    const quick: string[] = [];
    await lv.subscribe('lifecycle', (event) => void quick.push(event.dom.name), { queueLimit: 10_000 });
    expect(await lv.connectGetHostname()).toBe('host');
    await vi.waitFor(() => expect(quick).toHaveLength(5000));
    expect(slow.lost).toBe(5000 - 100 - 1);
    expect(lossReports).toBe(1);
  });

  test('a subscription can be iterated, keeps order, and ends with close()', async () => {
    const lv = await open();
    const subscription = await lv.subscribe('lifecycle');
    const peer = theOnly(daemon.peers);
    for (const name of ['a', 'b', 'c']) peer.lifecycle(name, 0);
    const names: string[] = [];
    for await (const event of subscription) {
      names.push(event.dom.name);
      if (names.length === 3) await lv.close();
    }
    expect(names).toEqual(['a', 'b', 'c']);
    expect(subscription.closed).toBe(true);
  });

  test('a listener that throws is reported and gets the next event', async () => {
    const lv = await open();
    const warnings: string[] = [];
    lv.on('warning', (error) => warnings.push(error.message));
    let seen = 0;
    await lv.subscribe('lifecycle', () => {
      seen += 1;
      throw new Error(`broken ${seen}`);
    });
    const peer = theOnly(daemon.peers);
    peer.lifecycle('a', 0);
    peer.lifecycle('b', 0);
    await vi.waitFor(() => expect(warnings).toEqual(['broken 1', 'broken 2']));
  });

  test('an event that cannot be read is a warning, not the end', async () => {
    const lv = await open();
    const warnings: Error[] = [];
    lv.on('warning', (error) => warnings.push(error));
    theOnly(daemon.peers).message(Program.REMOTE, 318, Buffer.from('00', 'hex'));
    await vi.waitFor(() => expect(warnings[0]).toBeInstanceOf(LibvirtProtocolError));
    expect(lv.connected).toBe(true);
  });
});

describe('streams', () => {
  const SCREENSHOT = 211;
  const CONSOLE = 201;
  const dom = { name: 'vm', uuid: '00000000-0000-4000-8000-000000000001', id: 1 };

  test('a reader that does not read stops the daemon, not the other calls; all bytes arrive', async () => {
    const chunk = Buffer.alloc(65_536, 7);
    const total = 400;
    let sent = 0;
    daemon.script = (packet, peer) => {
      if (packet.procedure === Procedure.GET_HOSTNAME) peer.reply(packet, encoded(string, 'host'));
      else if (packet.procedure !== SCREENSHOT) return false;
      else if (packet.type === MessageType.STREAM) peer.stream(packet, MessageStatus.OK);
      else {
        peer.reply(packet, encoded(nullable(string), 'image/x-test'));
        const pump = (): void => {
          while (sent < total) {
            sent += 1;
            if (!peer.stream(packet, MessageStatus.CONTINUE, chunk)) {
              peer.socket.once('drain', pump);
              return;
            }
          }
          peer.stream(packet, MessageStatus.CONTINUE);
        };
        pump();
      }
      return true;
    };
    const lv = await open();
    const { mimeType, data } = await lv.domainScreenshot({ dom });
    expect(mimeType).toBe('image/x-test');
    expect(await lv.connectGetHostname()).toBe('host');
    expect(sent).toBeLessThan(total / 2);
    let bytes = 0;
    for await (const part of data) bytes += (part as Buffer).length;
    expect(bytes).toBe(total * chunk.length);
    await vi.waitFor(() => expect(daemon.peers.size).toBe(1));
  });

  test('a stream that breaks off is an error, never a short success', async () => {
    daemon.script = (packet, peer) => {
      if (packet.procedure !== SCREENSHOT) return false;
      peer.reply(packet, encoded(nullable(string), null));
      peer.stream(packet, MessageStatus.CONTINUE, Buffer.from('half'));
      peer.socket.end();
      return true;
    };
    const { data } = await (await open()).domainScreenshot({ dom });
    await expect(data.toArray()).rejects.toBeInstanceOf(LibvirtDisconnectedError);
  });

  test('a console goes both ways, and ends when we end it', async () => {
    daemon.script = (packet, peer) => {
      if (packet.procedure !== CONSOLE) return false;
      if (packet.type === MessageType.CALL) peer.reply(packet);
      else if (packet.status === MessageStatus.OK) peer.stream(packet, MessageStatus.OK);
      else peer.stream(packet, MessageStatus.CONTINUE, Buffer.from(packet.payload.toString().toUpperCase()));
      return true;
    };
    const tty = await (await open()).domainOpenConsole({ dom });
    tty.write('login');
    const [answer] = (await once(tty, 'data')) as [Buffer];
    expect(answer.toString()).toBe('LOGIN');
    tty.end();
    await once(tty, 'close');
    await vi.waitFor(() => expect(daemon.peers.size).toBe(1));
  });
});

describe('the process', () => {
  test('an idle connection has no timer', async () => {
    const lv = await open();
    await lv.subscribe('lifecycle', () => undefined);
    const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
    await lv.close();
    const without = process.getActiveResourcesInfo().filter((name) => name === 'Timeout');
    expect(timers.length).toBe(without.length);
  });

  test('nothing keeps it alive after close()', async () => {
    const script = `
      const { connect } = await import(${JSON.stringify(new URL('index.ts', import.meta.url).href)});
      const libvirt = await connect({ socketPath: ${JSON.stringify(daemon.socketPath)} });
      await libvirt.subscribe('lifecycle', () => undefined);
      await libvirt.close();
      process.stdout.write('closed');`;
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
      timeout: 10_000,
    });
    expect(stdout).toBe('closed');
  });
});
