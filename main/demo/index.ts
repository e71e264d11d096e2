import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { OperationEvent } from '../../helper/contract/operation.ts';
import type { HelperClient } from '../helper-client.ts';
import { OpenStackClient } from '../openstack-client.ts';
import { asPerson } from '../person.ts';
import { ensureDemoUser, ensureExternalNetwork, ensureFlavors, ensureSubnetPool } from './ensure.ts';
import { dataVolumeScript, ensureAttached, ensureDataVolume } from './data-volume.ts';
import { DEMO } from './plan.ts';
import {
  ensureFloatingIp,
  ensureImage,
  ensureKeyPair,
  ensureNetwork,
  ensureSecurityGroup,
  ensureServer,
  type GuestImage,
} from './project.ts';
import { waitForSsh } from './ssh.ts';

const run = promisify(execFile);

/** How the making of the demo cloud is watched. */
export interface DemoProgress {
  update(fraction: number, text: string): void;
  line(text: string): void;
}

export interface DemoOptions {
  readonly helper: HelperClient;
  /** Gives the guest image, built if need be. */
  readonly guestImage: (onProgress: (fraction: number, text: string) => void) => Promise<GuestImage>;
  readonly keyPath: string;
  readonly knownHostsPath: string;
  readonly progress: DemoProgress;
  /** False where no guest really runs. */
  readonly waitForSsh: boolean;
}

/** What was made or found. */
export interface DemoResult {
  readonly serverId: string;
  readonly fixedIp: string;
  readonly floatingIp: string;
  /** False when everything was there before. */
  readonly changed: boolean;
}

/** Shares of the whole, by where the time goes. */
const AT = { image: 0.05, cloud: 0.45, server: 0.6, ssh: 0.7 } as const;

/**
 * Makes the demo cloud over the public APIs, or finds it there. Everything is ensured by name, so a run that was
 * interrupted is taken up by the next one.
 */
export async function makeDemo(options: DemoOptions): Promise<DemoResult> {
  const { helper, progress } = options;
  const credentials = await helper.credentials();
  const admin = await OpenStackClient.login(credentials);
  let changed = false;
  const told = <T extends { made: boolean }>(what: string, result: T): T => {
    changed ||= result.made;
    if (result.made) progress.line(`made ${what}`);
    return result;
  };

  progress.update(AT.image, 'guest image');
  const guest = await options.guestImage((fraction, text) =>
    progress.update(AT.image + fraction * (AT.cloud - AT.image - 0.05), `guest image: ${text}`),
  );
  const image = told(
    `image ${DEMO.image}`,
    await ensureImage(admin, guest, (fraction) =>
      progress.update(AT.cloud - 0.05 + fraction * 0.05, 'uploading the guest image'),
    ),
  );
  progress.update(AT.cloud, 'project, flavors and networks');
  told('flavors', await ensureFlavors(admin));
  const { client } = told(`project and user ${DEMO.project}`, await ensureDemoUser(admin, credentials));
  const external = told(
    `external network ${DEMO.externalNetwork}`,
    await ensureExternalNetwork(admin, await helper.external()),
  );
  told(`subnet pool ${DEMO.subnetPool.name}`, await ensureSubnetPool(admin));
  const network = told(
    `network ${DEMO.network} with subnet and router`,
    await ensureNetwork(client, external.network.id),
  );
  told(`security group ${DEMO.securityGroup}`, await ensureSecurityGroup(client));
  await ensureKeyFile(options.keyPath);
  told(`key pair ${DEMO.keyPair}`, await ensureKeyPair(client, `${options.keyPath}.pub`));

  const watching = new AbortController();
  const following = helper.follow((event) => {
    if (event.type !== 'lagged') showStep(event, progress);
  }, watching.signal);
  try {
    progress.update(AT.server, 'creating a volume and the server');
    const volume = told(`volume ${DEMO.volume.name}`, await ensureDataVolume(client));
    const server = told(
      `server ${DEMO.server}`,
      await ensureServer(
        client,
        image.resource.id,
        network.resource.id,
        dataVolumeScript(volume.resource.id),
      ),
    );
    await waitForActive(client, helper, server.resource.id);
    told('attachment of the volume', await ensureAttached(client, server.resource.id, volume.resource.id));
    const floating = told(
      'floating IP',
      await ensureFloatingIp(client, server.resource.id, external.network.id),
    );
    if (options.waitForSsh) {
      progress.update(AT.ssh, `waiting for SSH at ${floating.address}`);
      await waitForSsh({
        address: floating.address,
        user: DEMO.guestUser,
        keyPath: options.keyPath,
        knownHostsPath: options.knownHostsPath,
        onWait: (fraction) =>
          progress.update(
            AT.ssh + fraction * 0.28,
            `the guest is booting; waiting for SSH at ${floating.address}`,
          ),
      });
    }
    return { serverId: server.resource.id, fixedIp: floating.fixed, floatingIp: floating.address, changed };
  } finally {
    watching.abort();
    await following;
  }
}

/** The numbered steps of what is made, as they really happen. */
function showStep(event: OperationEvent, progress: DemoProgress): void {
  if (event.type !== 'step-finished' || !['server', 'volume'].includes(event.resource.type)) return;
  const { number, name, durationMs, outcome } = event.step;
  if (outcome === 'skipped') return;
  const shown =
    number === null
      ? '      '
      : (typeof number === 'number' ? `${number}` : `${number[0]}–${number[1]}`).padStart(6);
  const time =
    durationMs === null ? '' : ` (${durationMs < 10 ? durationMs.toFixed(1) : Math.round(durationMs)} ms)`;
  progress.line(`step ${shown}  ${name}${time}${outcome === 'succeeded' ? '' : ` ${outcome}`}`);
}

async function ensureKeyFile(path: string): Promise<void> {
  try {
    await access(path);
    return;
  } catch {
    const [program, ...mkdir] = asPerson(['mkdir', '-p', '-m', '700', dirname(path)]);
    await run(program, mkdir);
  }
  const keygen = ['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'deskcloud demo', '-f', path] as const;
  const [program, ...words] = asPerson(keygen);
  await run(program, words);
}

/** Waits for the server by its operation's events, not by asking again and again. */
async function waitForActive(client: OpenStackClient, helper: HelperClient, serverId: string): Promise<void> {
  const done = new AbortController();
  const following = helper.follow((event) => {
    const ended = event.type === 'finished' || event.type === 'failed' || event.type === 'cancelled';
    if (event.type === 'lagged' || (ended && event.resource.id === serverId)) done.abort();
  }, done.signal);
  for (;;) {
    const { server } = (await client.get('compute', `/servers/${serverId}`)) as {
      server: { status: string; fault?: { message: string } };
    };
    if (server.status === 'ACTIVE') break;
    if (server.status === 'ERROR') {
      done.abort();
      await following;
      throw new Error(
        `The demo server could not be created: ${server.fault?.message ?? 'no reason is known'}. See: deskcloud trace ${serverId}`,
      );
    }
    await Promise.race([following, new Promise((resolve) => setTimeout(resolve, 1000))]);
  }
  done.abort();
  await following;
}
