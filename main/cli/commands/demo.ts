import { makeDemo } from '../../demo/index.ts';
import { DEMO } from '../../demo/plan.ts';
import { sshArguments } from '../../demo/ssh.ts';
import { DEMO_CLOUD_NAME } from '../../credentials-files.ts';
import { ensureHelper, typed, type Instance } from '../../launch.ts';
import { demoGuest } from '../../demo/guest.ts';
import { say } from '../ask.ts';
import { startProgress } from '../progress.ts';
import { writeDemoCloud, writeUserFiles } from '../../user-files.ts';
import { userPaths } from '../../user-paths.ts';
import { ensureSetup } from './check.ts';
import { teardown } from './remove.ts';

/** One command from nothing to a guest that answers SSH through its floating IP; or all of it away. */
export async function demo(instance: Instance, options: { yes: boolean; down: boolean }): Promise<void> {
  if (options.down) {
    await teardown(instance);
    return;
  }
  await ensureSetup(instance, options.yes);
  const paths = userPaths(instance);
  const { client, status, started } = await ensureHelper(instance);
  const credentials = await client.credentials();
  await writeUserFiles(instance, credentials);
  const progress = startProgress();
  progress.line(
    started ? `started the helper at ${status.endpoint}` : `the helper runs already at ${status.endpoint}`,
  );
  const result = await makeDemo({
    helper: client,
    guestImage: (onProgress) => demoGuest(instance.simulated, paths.imageCache, onProgress),
    keyPath: paths.demoKey,
    knownHostsPath: paths.knownHosts,
    progress,
    waitForSsh: !instance.simulated,
  });
  await writeDemoCloud(instance, credentials);
  progress.done(
    result.changed ? 'the demo cloud is ready' : 'the demo cloud was there already; everything was found',
  );

  const target = {
    address: result.floatingIp,
    user: DEMO.guestUser,
    keyPath: paths.demoKey,
    knownHostsPath: paths.knownHosts,
  };
  if (instance.simulated) say('\nThis host is SIMULATED: the server is only a record; no guest runs.');
  say(`
What is there
  project         ${DEMO.project}
  networks        ${DEMO.externalNetwork} (outside), ${DEMO.network}; between them ${DEMO.router}
  server          ${DEMO.server}: ${result.fixedIp} in its network, floating IP ${result.floatingIp} from this machine
  what it is of   image ${DEMO.image}, key pair ${DEMO.keyPair}, security group ${DEMO.securityGroup}, volume ${DEMO.volume.name}

Log in to the guest
  ssh ${sshArguments(target).map(quoted).join(' ')}
  (on its console: user ${DEMO.guestUser}, password ${DEMO.guestUser})

Use the cloud
  openstack --os-cloud ${DEMO_CLOUD_NAME} server list
  source <(${typed(instance, 'env')})      # or the OS_* variables
  files: ${paths.cloudsYaml}, ${paths.openrc}

See that the volume outlives the server: ${DEMO.volume.place}/visitors in the guest has a line of each server that had it
  openstack --os-cloud ${DEMO_CLOUD_NAME} server delete --wait ${DEMO.server} && ${typed(instance, 'demo')}

See what happened:   ${typed(instance, 'trace', DEMO.server)}
Take it all away:    ${typed(instance, 'demo', '--down')}`);
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`);
