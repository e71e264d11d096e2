import type { DemoMessage } from '../../contract/shell.ts';
import { demoGuest } from '../../demo/guest.ts';
import { makeDemo } from '../../demo/index.ts';
import { DEMO } from '../../demo/plan.ts';
import { sshArguments } from '../../demo/ssh.ts';
import type { Instance } from '../../launch.ts';
import { writeDemoCloud, writeUserFiles } from '../../user-files.ts';
import { userPaths } from '../../user-paths.ts';
import type { CloudAccess } from '../cloud-access.ts';
import type { HelperKeeper } from '../keeper.ts';
import type { ShellStream } from '../stream.ts';

const quoted = (word: string): string => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`);

/** What `deskcloud demo` does, told to a page. It goes on when the page turns away: the next run finds it all. */
export async function runDemo(
  keeper: HelperKeeper,
  cloud: CloudAccess,
  instance: Instance,
  stream: ShellStream<never, DemoMessage>,
): Promise<void> {
  const started = await keeper.start();
  if (started.state === 'failed') throw new Error(started.text);
  const simulated = started.state === 'running' && started.status.host === 'simulated';
  const paths = userPaths(instance);
  const credentials = await cloud.credentials();
  await writeUserFiles(instance, credentials);
  const result = await makeDemo({
    helper: keeper.client,
    guestImage: (onProgress) => demoGuest(simulated, paths.imageCache, onProgress),
    keyPath: paths.demoKey,
    knownHostsPath: paths.knownHosts,
    progress: {
      update: (fraction, text) => stream.send({ type: 'progress', fraction, text }),
      line: (text) => stream.send({ type: 'line', text }),
    },
    waitForSsh: !simulated,
  });
  await writeDemoCloud(instance, credentials);
  const projects = await cloud.projects(stream.signal);
  const target = {
    address: result.floatingIp,
    user: DEMO.guestUser,
    keyPath: paths.demoKey,
    knownHostsPath: paths.knownHosts,
  };
  stream.send({
    type: 'done',
    ...result,
    projectId: projects.find((one) => one.name === DEMO.project)?.id ?? '',
    ssh: ['ssh', ...sshArguments(target)].map(quoted).join(' '),
  });
}
