import { makeDemo } from '../../demo/index.ts';
import { DEMO } from '../../demo/plan.ts';
import { sshArguments } from '../../demo/ssh.ts';
import { DEMO_CLOUD_NAME } from '../../credentials-files.ts';
import { ensureHelper, type Instance } from '../../launch.ts';
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
Made: project ${DEMO.project}, networks ${DEMO.externalNetwork} and ${DEMO.network}, ${DEMO.router}, security group
${DEMO.securityGroup}, key pair ${DEMO.keyPair}, image ${DEMO.image}, flavors, volume ${DEMO.volume.name}, ${DEMO.server} (${result.fixedIp}) with floating IP ${result.floatingIp}.

Log in to the guest
  ssh ${sshArguments(target).map(quoted).join(' ')}
  (on its console: user ${DEMO.guestUser}, password ${DEMO.guestUser})

Use the cloud
  openstack --os-cloud ${DEMO_CLOUD_NAME} server list
  source <(npm run -s deskcloud -- env)      # or the OS_* variables
  files: ${paths.cloudsYaml}, ${paths.openrc}

See that the volume outlives the server: ${DEMO.volume.place}/visitors in the guest has a line of each server that had it
  openstack --os-cloud ${DEMO_CLOUD_NAME} server delete --wait ${DEMO.server} && npm run demo

See what happened:   npm run -s deskcloud -- trace ${DEMO.server}
Take it all away:    npm run demo -- --down`);
}

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`);
