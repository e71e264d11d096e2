import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LinuxCommandRunner } from '../../command/linux.ts';

const SCRIPT = fileURLToPath(new URL('docker.script.ts', import.meta.url));
const commands = new LinuxCommandRunner();
/** Docker's rules are put into a namespace of their own: on this machine others work at the same time. */
const desktop = `net-desktop-${process.pid}`;

beforeAll(async () => {
  await commands.run(['ip', 'netns', 'add', desktop]);
});
afterAll(async () => {
  await commands.run(['ip', 'netns', 'del', desktop]);
});

it("passes Docker's rules without a change to what is Docker's", async () => {
  const { stdout } = await commands.run(['ip', 'netns', 'exec', desktop, process.execPath, SCRIPT]);
  expect(JSON.parse(stdout)).toEqual({
    forwarded: ['0', '1', '0'],
    seenAs: '10.84.0.11',
    rules: [
      '-A DOCKER-USER -i brq -o brq -m comment --comment deskcloud:net-docker- -j ACCEPT',
      '-A DOCKER-USER -o brq -m comment --comment deskcloud:net-docker- -j ACCEPT',
      '-A DOCKER-USER -i brq -m comment --comment deskcloud:net-docker- -j ACCEPT',
    ],
    asBefore: true,
  });
});
