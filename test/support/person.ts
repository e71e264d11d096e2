import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeUserFiles } from '../../main/user-files.ts';
import { sshArguments } from '../../main/demo/ssh.ts';
import { commands, type TestInstance } from './instance.ts';
import { run, type Ran } from './cli.ts';

/** What `deskcloud up` leaves for a person: clouds.yaml and openrc in the instance's directory `user`. */
export async function writeClouds(instance: TestInstance): Promise<void> {
  await writeUserFiles(
    { directory: instance.directory, config: instance.configPath, simulated: false, port: undefined },
    await instance.client.credentials(),
  );
}

/** A new SSH key pair in the instance's directory. @returns the private key's path; the public one ends in `.pub`. */
export async function makeKey(instance: TestInstance): Promise<string> {
  const path = join(instance.directory, 'user', 'test_ed25519');
  await mkdir(join(instance.directory, 'user'), { recursive: true, mode: 0o700 });
  await commands.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', path]);
  return path;
}

/** Runs a command in a guest over SSH by the key of {@link makeKey}. */
export const sshTo = (instance: TestInstance, address: string, user: string, command: string): Promise<Ran> =>
  run([
    'ssh',
    '-o',
    'BatchMode=yes',
    '-o',
    'ConnectTimeout=10',
    ...sshArguments({
      address,
      user,
      keyPath: join(instance.directory, 'user', 'test_ed25519'),
      knownHostsPath: join(instance.directory, 'user', 'known_hosts'),
    }),
    command,
  ]);

/** The errors and warnings that the helper logged, shortened, for the message of a failed test. */
export const complaints = (instance: TestInstance): string =>
  instance
    .log()
    .split('\n')
    .filter((line) => /"level":(40|50|60)/.test(line))
    .slice(-20)
    .map((line) => line.slice(0, 1500))
    .join('\n');
