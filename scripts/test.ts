/**
 * `npm test`: installs what the tests need, then formatter, linter with the import rules, type check, and all tests.
 * `npm test -- unit` (or host, ui, e2e, check) runs that part alone; further words go to vitest.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'node_modules', '.bin');
const PARTS = ['unit', 'host', 'ui', 'e2e'] as const;

/** Beside what Deskcloud itself needs: peers and tools that only tests use. */
const TEST_PACKAGES: Readonly<Record<string, string>> = {
  '/usr/bin/mmdebstrap': 'mmdebstrap',
  '/usr/bin/tcpdump': 'tcpdump',
  '/usr/bin/busybox': 'busybox-static',
  '/usr/bin/xorriso': 'xorriso',
  '/usr/bin/isoinfo': 'genisoimage',
  '/usr/bin/ssh': 'openssh-client',
  '/usr/bin/ping': 'iputils-ping',
  '/usr/bin/python3': 'python3',
  '/usr/bin/openstack': 'python3-openstackclient',
  '/usr/sbin/iptables': 'iptables',
  '/usr/bin/chromium': 'chromium',
};

/** Runs a program in the foreground; its failure ends everything with its status. */
function run(title: string, argv: readonly string[]): void {
  const started = Date.now();
  process.stdout.write(`\n== ${title}\n`);
  const [program = '', ...words] = argv;
  const { status, error } = spawnSync(program, words, {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      PATH: `${BIN}:${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
      npm_config_update_notifier: 'false',
    },
  });
  if (error !== undefined) process.stderr.write(`${program}: ${error.message}\n`);
  process.stdout.write(
    `== ${title}: ${status === 0 ? 'ok' : 'FAILED'} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`,
  );
  if (status !== 0) process.exit(status ?? 1);
}

/** Words before a command that needs root's rights. */
const asRoot: readonly string[] = process.getuid?.() === 0 ? [] : ['sudo', '--'];

function installPackages(): void {
  run('what this machine lacks', [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    join(ROOT, 'main/cli/main.ts'),
    'check',
    '--fix',
    '--yes',
  ]);
  const missing = Object.entries(TEST_PACKAGES).flatMap(([path, name]) => (existsSync(path) ? [] : [name]));
  if (missing.length === 0) return;
  const apt = [
    ...asRoot,
    'env',
    'DEBIAN_FRONTEND=noninteractive',
    'apt-get',
    '-q',
    '-o',
    'Dpkg::Lock::Timeout=300',
  ];
  run('package lists', [...apt, 'update']);
  run(`test tools: ${missing.join(' ')}`, [
    ...apt,
    'install',
    '--yes',
    '--no-install-recommends',
    ...missing,
  ]);
}

interface Counts {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
}

/** One part of the tests; its counts, also when some failed. */
function vitest(
  part: (typeof PARTS)[number],
  reports: string,
  words: readonly string[],
): Counts & { ok: boolean } {
  const report = join(reports, `${part}.json`);
  process.stdout.write(`\n== ${part} tests\n`);
  const argv = [
    'run',
    '--project',
    // With those of its parts that run by themselves, as e2e-alone.
    `${part}*`,
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...words,
  ];
  const rights = part === 'unit' ? [] : asRoot;
  const [program = '', ...rest] = [...rights, process.execPath, join(BIN, 'vitest'), ...argv];
  const { status } = spawnSync(program, rest, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  const counts = existsSync(report)
    ? (JSON.parse(readFileSync(report, 'utf8')) as Counts)
    : { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0 };
  return { ...counts, ok: status === 0 };
}

const [first, ...words] = process.argv.slice(2);
const chosen = PARTS.filter((part) => first === undefined || first === part || first === 'all');
if (first !== undefined && first !== 'check' && chosen.length === 0) {
  process.stderr.write(`There are the parts check, ${PARTS.join(', ')}; '${first}' is none of them.\n`);
  process.exit(2);
}
if (first === undefined || first === 'check') {
  run('format', ['prettier', '--check', '--log-level', 'warn', '.']);
  run('lint and import rules', ['oxlint', '--deny-warnings']);
  run('types', ['tsc', '-p', '.']);
  run('types and markup of the window', [
    process.execPath,
    join(ROOT, 'renderer/node_modules/svelte-check/bin/svelte-check'),
    '--workspace',
    'renderer',
    '--tsconfig',
    './tsconfig.json',
    '--fail-on-warnings',
    '--output',
    'human',
  ]);
  run('helper/API.md', [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    join(ROOT, 'scripts/api-docs.ts'),
    '--check',
  ]);
}
if (chosen.some((part) => part !== 'unit')) installPackages();
const reports = mkdtempSync(join(tmpdir(), 'deskcloud-tests-'));
const results = chosen.map((part) => vitest(part, reports, words));
rmSync(reports, { recursive: true, force: true });
const sum = (key: keyof Counts): number => results.reduce((total, one) => total + one[key], 0);
if (results.length > 0) {
  process.stdout.write(
    `\n${sum('numPassedTests')} passed, ${sum('numFailedTests')} failed, ${sum('numPendingTests')} skipped\n`,
  );
}
process.exit(results.every((one) => one.ok) ? 0 : 1);
