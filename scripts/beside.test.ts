import { expect, test } from 'vitest';
import { Beside } from './beside.ts';

const options = { cwd: import.meta.dirname, env: process.env };
const node = (source: string): string[] => [process.execPath, '-e', source];

test('what programs say that run beside each other is not mixed, and is said at once where it can be', async () => {
  let heard = '';
  const beside = new Beside((text) => (heard += text.toString()));
  const slow = `process.stdout.write('one\\n'); process.stdin; setInterval(() => { if (require('fs').existsSync(process.env.GO)) process.exit(); }, 10)`;
  const go = `${import.meta.dirname}/../build/beside-${process.pid}`;
  const { mkdirSync, rmSync, writeFileSync } = await import('node:fs');
  mkdirSync(`${import.meta.dirname}/../build`, { recursive: true });
  try {
    const first = beside.run('first', node(slow), { ...options, env: { ...process.env, GO: go } });
    await expect.poll(() => heard, { timeout: 20_000 }).toContain('one');
    const second = await beside.run('second', node('console.error("two"); process.exit(3)'), options);
    expect(second.ok).toBe(false);
    expect(heard).not.toContain('two');
    writeFileSync(go, '');
    expect((await first).ok).toBe(true);
  } finally {
    rmSync(go, { force: true });
  }
  expect(heard.replaceAll(/\d+\.\d/g, 'N')).toBe(
    '\n== first\none\n== first: ok (N s)\n\n== second\ntwo\n== second: FAILED (N s)\n',
  );
});

test('a program that is not there has failed', async () => {
  let heard = '';
  const beside = new Beside((text) => (heard += text.toString()));
  expect((await beside.run('none', ['/no/such/program'], options)).ok).toBe(false);
  expect(heard).toMatch(/no\/such\/program.*ENOENT/);
});
