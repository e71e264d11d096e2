/**
 * `node helper/teardown.ts`: takes an instance off the machine: helper, guests, devices, rules, state. Prints a line
 * of JSON for each step. Nothing running, and nothing there, is fine. With --keep-state the next start brings it back.
 */
import { readdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { parseArguments } from './arguments.ts';
import { loadConfig, type Config } from './config.ts';
import { removeAllVolumes } from './host/lvm/remove-all.ts';
import { createLinuxHost } from './host/linux.ts';

const say = (fraction: number, text: string): void => {
  process.stdout.write(`${JSON.stringify({ fraction, text })}\n`);
};

/** Asks the helper to end and waits until its socket is gone or answers no more. */
async function stopHelper(socketPath: string): Promise<void> {
  if (!(await post(socketPath, '/deskcloud/v1/stop/keep'))) return;
  while (await post(socketPath, '/deskcloud/v1/status'))
    await new Promise((resolve) => setTimeout(resolve, 50));
}

function post(socketPath: string, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request({ socketPath, path, method: 'POST', timeout: 10_000 }, (response) => {
      response.resume();
      response.on('close', () => resolve(true));
    });
    sent.on('error', () => resolve(false));
    sent.end();
  });
}

async function removeFromHost(config: Config, keepState: boolean): Promise<void> {
  const host = await createLinuxHost(config);
  try {
    const domains = await host.domains.list().catch((error: unknown) => {
      // Without libvirt there are no guests to remove; the rest goes all the same.
      say(0.2, `guests could not be looked for: ${(error as Error).message}`);
      return [];
    });
    for (const [index, { uuid, name }] of domains.entries()) {
      say(0.2 + (0.4 * index) / domains.length, `removing guest ${name}`);
      await host.domains.destroy(uuid);
      await host.domains.undefine(uuid);
    }
    // Nothing needs them any more; without libvirt there are none, since it keeps them in its memory.
    for (const { id } of await host.secrets.list().catch(() => [])) await host.secrets.remove(id);
    await host.iscsi.removeAll();
    const groups = (config.volume.backends ?? []).flatMap(({ volumeGroup }) => volumeGroup ?? []);
    if (!keepState)
      for (const problem of await removeAllVolumes(host.lvm, groups))
        say(0.6, `volumes could not be removed from ${problem}`);
    say(0.6, 'removing devices, namespaces and rules');
    await host.network.removeAll();
  } finally {
    await host.domains.close();
    await host.secrets.close();
  }
}

/** Empties a directory; the directory itself stays where it is a mount point or somebody else's. */
function empty(directory: string): void {
  try {
    for (const name of readdirSync(directory))
      rmSync(join(directory, name), { recursive: true, force: true });
    rmSync(directory, { recursive: true, force: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'ENOENT' && code !== 'EBUSY') throw error;
  }
}

try {
  const options = parseArguments(process.argv.slice(2));
  const config = loadConfig(options.config, options.overrides);
  say(0, 'stopping the helper');
  await stopHelper(join(config.runDirectory, 'helper.sock'));
  if (config.host === 'linux') await removeFromHost(config, options.keepState);
  if (!options.keepState) {
    say(0.9, 'removing the state');
    for (const directory of [config.stateDirectory, config.runDirectory, config.logDirectory])
      empty(directory);
  }
  say(1, 'done');
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
