/**
 * `npm test`: installs what the tests need, then formatter, linter with the import rules, type check, and all tests.
 * `npm test -- unit` (or host, ui, e2e, check) runs that part alone; further words go to vitest.
 *
 * Much of it waits, for packages, the machine, guests; so two rows of parts run beside each other: what computes, and
 * what waits. What failed is told at the end, each in a line.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Beside } from './beside.ts';
import { failureLine, readReport, type TestReport } from './test-report.ts';

const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'node_modules', '.bin');
const PARTS = ['unit', 'ui', 'host', 'e2e'] as const;
type Part = (typeof PARTS)[number];

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

const node = [process.execPath, '--disable-warning=ExperimentalWarning'] as const;

/** Each is a title and a program; those that take longest come first. */
const CHECKS: readonly (readonly [string, readonly string[]])[] = [
  ['format', ['prettier', '--check', '--log-level', 'warn', '.']],
  [
    'types and markup of the window',
    [
      process.execPath,
      join(ROOT, 'renderer/node_modules/svelte-check/bin/svelte-check'),
      '--workspace',
      'renderer',
      '--tsconfig',
      './tsconfig.json',
      '--fail-on-warnings',
      '--output',
      'human',
    ],
  ],
  ['lint and import rules', ['oxlint', '--deny-warnings']],
  ['types', ['tsc', '-p', '.']],
  ['helper/API.md', [...node, join(ROOT, 'scripts/api-docs.ts'), '--check']],
];

const CHECKS_AT_A_TIME = 2;

/** When more files than these fail, it is not for want of time. */
const FILES_AGAIN = 4;

const beside = new Beside();
const failed: string[] = [];

/** Runs a program; its failure is remembered. @returns whether it succeeded. */
async function run(title: string, argv: readonly string[]): Promise<boolean> {
  const env = {
    ...process.env,
    PATH: `${BIN}:${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`,
    npm_config_update_notifier: 'false',
  };
  const { ok } = await beside.run(title, argv, { cwd: ROOT, env });
  if (!ok) failed.push(title);
  return ok;
}

async function check(): Promise<void> {
  const left = [...CHECKS];
  const row = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await run(...next);
  };
  await Promise.all(Array.from({ length: CHECKS_AT_A_TIME }, row));
}

/** Words before a command that needs root's rights. */
const asRoot: readonly string[] = process.getuid?.() === 0 ? [] : ['sudo', '--'];

async function installPackages(): Promise<void> {
  const cli = join(ROOT, 'main/cli/main.ts');
  if (!(await run('what this machine lacks', [...node, cli, 'check', '--fix', '--yes']))) return;
  const missing = Object.entries(TEST_PACKAGES).flatMap(([path, name]) => (existsSync(path) ? [] : [name]));
  if (missing.length === 0) return;
  const lock = 'Dpkg::Lock::Timeout=300';
  const apt = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-o', lock];
  if (!(await run('package lists', [...apt, 'update']))) return;
  const install = ['install', '--yes', '--no-install-recommends', ...missing];
  await run(`test tools: ${missing.join(' ')}`, [...apt, ...install]);
}

/** One part of the tests, or of that what `words` choose. */
async function vitest(part: Part, words: readonly string[], again = false): Promise<TestReport> {
  const title = `${part} tests${again ? ', again and alone' : ''}`;
  const report = join(reports, `${title}.json`);
  const argv = [
    'run',
    '--project',
    // With those of its parts that run by themselves, as e2e-alone.
    `${part}*`,
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...(process.stdout.isTTY ? ['--color'] : []),
    ...words,
  ];
  const rights = part === 'unit' ? [] : asRoot;
  await run(title, [...rights, process.execPath, join(BIN, 'vitest'), ...argv]);
  return readReport(report, ROOT);
}

/**
 * Browsers, emulated guests and clocks have deadlines, and two processors that do all else at the same time sometimes
 * miss one. A few files that failed get a second run with the machine to themselves, which decides. Both runs are told.
 */
async function again(part: Part, { failures }: TestReport): Promise<TestReport | undefined> {
  const files = [...new Set(failures.map(({ file }) => file))];
  if (files.length === 0 || files.length > FILES_AGAIN || files.includes('')) return undefined;
  const report = await vitest(part, ['--no-file-parallelism', ...files], true);
  if (report.passed > 0 && report.failures.length === 0) failed.splice(failed.indexOf(`${part} tests`), 1);
  return report;
}

/** The counts of all parts, and what failed. */
function tell(when: string, told: ReadonlyMap<Part, TestReport>): void {
  if (told.size === 0) return;
  const all = [...told.values()];
  const failures = all.flatMap((one) => one.failures);
  const sum = (key: 'passed' | 'skipped'): number => all.reduce((total, one) => total + one[key], 0);
  const counts = `${sum('passed')} passed, ${failures.length} failed, ${sum('skipped')} skipped`;
  process.stdout.write(
    `\n${[when + counts, ...failures.map((one) => `  ${failureLine(one)}`)].join('\n')}\n`,
  );
}

function endIfFailed(): void {
  if (failed.length === 0) return;
  process.stdout.write(`\nFAILED: ${failed.join(', ')}\n`);
  process.exit(1);
}

const [first, ...words] = process.argv.slice(2);
const chosen = PARTS.filter((part) => first === undefined || first === part || first === 'all');
if (first !== undefined && first !== 'check' && chosen.length === 0) {
  process.stderr.write(`There are the parts check, ${PARTS.join(', ')}; '${first}' is none of them.\n`);
  process.exit(2);
}
await Promise.all([
  chosen.some((part) => part !== 'unit') ? installPackages() : undefined,
  first === undefined || first === 'check' ? check() : undefined,
]);
endIfFailed();

const reports = mkdtempSync(join(tmpdir(), 'deskcloud-tests-'));
const results = new Map<Part, TestReport>();
const row = async (...parts: readonly Part[]): Promise<void> => {
  for (const part of parts) if (chosen.includes(part)) results.set(part, await vitest(part, words));
};
// Of these only host and e2e touch the machine, one after the other.
await Promise.all([row('unit', 'ui'), row('host', 'e2e')]);
const second = new Map<Part, TestReport>();
for (const [part, report] of results) {
  const more = await again(part, report);
  if (more !== undefined) second.set(part, more);
}
rmSync(reports, { recursive: true, force: true });
tell('', results);
tell('again and alone: ', second);
endIfFailed();
