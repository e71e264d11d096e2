/**
 * Runs inside the clean root, by the package's own Node: what a person does with the package, on a simulated host.
 * Ends with an error where something is not as it should be.
 */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';

const SIMULATED = ['--host', 'simulated'];

function run(program: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8' });
  assert.equal(status, 0, `${program} ${words.join(' ')}: ${stdout}${stderr}`);
  return stdout;
}
const deskcloud = (...words: readonly string[]): string => run('deskcloud', ...SIMULATED, ...words);
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const get = async (port: string, path: string, headers: Record<string, string>): Promise<IncomingMessage> => {
  const sent = request({ host: '127.0.0.1', port, path, headers }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return answer;
};

async function text(answer: IncomingMessage): Promise<string> {
  let all = '';
  for await (const piece of answer.setEncoding('utf8')) all += String(piece);
  return all;
}

say(deskcloud('up').split('\n', 1)[0] ?? '');
assert.match(deskcloud('status'), /SIMULATED/);
assert.match(deskcloud('env'), /OS_PASSWORD/);
assert.match(run('stat', '-c', '%a %U %G', '/run/deskcloud/helper.sock'), /^660 root deskcloud$/m);
assert.match(run('stat', '-c', '%a %G', '/var/log/deskcloud/helper.log'), /^640 deskcloud$/m);
deskcloud('demo');
say('the demo cloud is there');
assert.match(deskcloud('trace', 'demo-server'), /server-create|Create server/i);

const window = spawn('deskcloud', [...SIMULATED, 'start', '--browser'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
let address: URL | undefined;
for await (const line of createInterface({ input: window.stdout })) {
  if (!/^\s+http:/.test(line)) continue;
  address = new URL(line.trim());
  break;
}
assert.ok(address);
const opened = await get(address.port, address.pathname + address.search, { host: address.host });
assert.equal(opened.statusCode, 303);
const cookie = opened.headers['set-cookie']?.[0]?.split(';', 1)[0] ?? '';
const page = await text(await get(address.port, '/servers', { host: address.host, cookie }));
assert.match(page, /<div id="app">/);
const script = /src="(\/assets\/[^"]+)"/.exec(page)?.[1] ?? '';
assert.equal((await get(address.port, script, { host: address.host, cookie })).statusCode, 200);
window.kill('SIGINT');
await once(window, 'exit');
say('the window is served');

// While the helper runs: it ends with the package.
run('dpkg', '--remove', 'deskcloud');
assert.equal(existsSync('/run/deskcloud/helper.sock'), false);
assert.equal(existsSync('/var/lib/deskcloud/deskcloud.db') || existsSync('/var/lib/deskcloud'), true);
assert.equal(existsSync('/usr/lib/deskcloud'), false);
say('removed; the state stays');
