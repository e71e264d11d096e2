import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LinuxCommandRunner } from '../command/linux.ts';
import { account, iqnOf, iscsiHostContract } from './contract.ts';
import { LinuxIscsiHost } from './linux.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const port = await freePort();

function place() {
  const directory = mkdtempSync(join(tmpdir(), 'deskcloud-iscsi-'));
  return {
    directory,
    host: new LinuxIscsiHost({ portal: { host: '127.0.0.1', port }, runDirectory: directory }),
    file: (name: string): string => {
      const path = join(directory, name);
      writeFileSync(path, '', { mode: 0o600 });
      truncateSync(path, 1 << 20);
      return path;
    },
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
}

iscsiHostContract('tgt', place);

describe("tgt's daemon", () => {
  const world = place();
  const { host } = world;
  const chap = account('reader');
  const target = { iqn: iqnOf(randomUUID()), path: world.file('a'), accounts: [chap] };
  const commands = new LinuxCommandRunner();
  const pid = (): number => {
    const found = readdirSync('/proc').find((name) => {
      try {
        return (
          /tgtd/.test(readFileSync(`/proc/${name}/comm`, 'utf8')) && cmdline(name).includes(world.directory)
        );
      } catch {
        return false;
      }
    });
    return Number(found);
  };
  const cmdline = (name: string): string => readFileSync(`/proc/${name}/cmdline`, 'utf8');
  /** What QEMU's own initiator sees, with the password from a file. */
  const look = async (password: string): Promise<string> => {
    const path = join(world.directory, 'password');
    writeFileSync(path, password, { mode: 0o600 });
    const { stdout, stderr } = await commands.run(
      [
        'qemu-img',
        'info',
        '--object',
        `secret,id=s,file=${path}`,
        '--image-opts',
        `driver=iscsi,transport=tcp,portal=127.0.0.1:${port},target=${target.iqn},lun=1,user=reader,password-secret=s`,
      ],
      { okCodes: [0, 1] },
    );
    return stdout + stderr;
  };

  beforeAll(() => host.ensure(target));
  afterAll(async () => {
    await host.removeAll();
    world.dispose();
  });

  test('lets in who knows the password, and nobody else; it is on no command line', async () => {
    expect(await look(chap.password.reveal())).toContain('virtual size: 1 MiB');
    expect(await look('another-password')).toContain('Failed');
    for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
      let line = '';
      try {
        line = cmdline(name);
      } catch {
        // It has just ended.
      }
      expect(line).not.toContain(chap.password.reveal());
    }
  });

  test('shows a larger disk', async () => {
    truncateSync(target.path, 3 << 20);
    await host.grow(target.iqn);
    expect(await look(chap.password.reveal())).toContain('virtual size: 3 MiB');
  });

  test('is found again by another helper, and its targets are made again when it was killed', async () => {
    const next = new LinuxIscsiHost({ portal: host.portal, runDirectory: world.directory });
    const before = pid();
    await next.ensure(target);
    expect(pid()).toBe(before);
    process.kill(before, 'SIGKILL');
    await expect.poll(() => next.isRunning()).toBe(false);
    expect(await next.list()).toEqual([]);
    await next.ensure(target);
    expect(pid()).not.toBe(before);
    expect(await look(chap.password.reveal())).toContain('virtual size: 3 MiB');
  });

  test('says what is wrong: the port is taken, a path that tgt cannot take', async () => {
    const rival = place();
    await expect(rival.host.ensure({ ...target, accounts: [] })).rejects.toThrow('volume.iscsiPort');
    await expect(host.ensure({ ...target, path: '/a,b' })).rejects.toThrow('no comma');
    rival.dispose();
  });
});
