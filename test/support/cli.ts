import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { TestInstance } from './instance.ts';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; never throws for its exit status. */
export function run(
  argv: readonly string[],
  options: { env?: Readonly<Record<string, string>>; input?: string; timeoutMs?: number } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const [program = '', ...words] = argv;
    const child = spawn(program, words, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      timeout: options.timeoutMs ?? 300_000,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** `deskcloud ...` for a test's instance, as a person would type it. */
export const deskcloud = (instance: TestInstance, ...words: string[]): Promise<Ran> =>
  run([
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    join(import.meta.dirname, '..', '..', 'main', 'cli', 'main.ts'),
    ...instance.arguments,
    ...words,
  ]);

/** OpenStack's own command line, from Debian; its Python must be the system's. */
export const openstack = (instance: TestInstance, ...words: string[]): Promise<Ran> =>
  openstackIn('deskcloud', instance, ...words);

/** The same as another cloud of clouds.yaml: 'deskcloud-demo' works in the demo project. */
export const openstackIn = (cloud: string, instance: TestInstance, ...words: string[]): Promise<Ran> =>
  run(['/usr/bin/python3', '/usr/bin/openstack', '--os-cloud', cloud, ...words], {
    env: {
      OS_CLIENT_CONFIG_FILE: join(instance.directory, 'user', 'clouds.yaml'),
      PATH: '/usr/bin:/usr/sbin:/bin:/sbin',
      PYTHONWARNINGS: 'ignore',
    },
  });
