import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../resources/package/deskcloud-admin');
let directory: string;

/** The script as it is installed, but for the place, with a Node that says what it got. */
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'deskcloud-admin-'));
  mkdirSync(join(directory, 'bin'));
  const node = join(directory, 'bin/node');
  writeFileSync(node, '#!/bin/sh\nfor word; do echo "word $word"; done\n/usr/bin/env\n');
  const script = readFileSync(SCRIPT, 'utf8').replaceAll('/usr/lib/deskcloud', directory);
  writeFileSync(join(directory, 'admin'), script);
  for (const path of [node, join(directory, 'admin')]) chmodSync(path, 0o755);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const run = (words: readonly string[], env: Readonly<Record<string, string>>) =>
  spawnSync(join(directory, 'admin'), words, { encoding: 'utf8', env });

test('what starts the helper as root takes nothing of its environment along (S48)', () => {
  const hostile = {
    NODE_OPTIONS: '--require /tmp/evil.js',
    NODE_PATH: '/tmp',
    NODE_EXTRA_CA_CERTS: '/tmp/ca.pem',
    OPENSSL_CONF: '/tmp/openssl.cnf',
    PATH: '/tmp',
    TMPDIR: '/tmp/somebody',
    HOME: '/home/somebody',
  };
  const { stdout, status } = run(['main', '--config', '/a b'], { ...hostile, MALLOC_ARENA_MAX: '2' });
  const lines = stdout.trim().split('\n');
  expect(status).toBe(0);
  expect(lines.filter((line) => line.startsWith('word ')).slice(-3)).toEqual([
    `word ${directory}/build/helper/main.mjs`,
    'word --config',
    'word /a b',
  ]);
  const environment = lines.filter((line) => !/^(word |PWD=|SHLVL=|_=)/.test(line)).sort();
  expect(environment).toEqual(['LC_ALL=C.UTF-8', 'MALLOC_ARENA_MAX=2', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin']);
});

test.each([[[]], [['../../../tmp/evil']], [['main.mjs']], [['--eval=1']]])('starts no %j (S48)', (words) => {
  expect(run(words, {})).toMatchObject({ status: 64, stdout: '' });
});

test('what runs as root is the package’s own: no word of the unit or of polkit is a place that others write to (S49)', () => {
  const part = (name: string): string => readFileSync(join(SCRIPT, '..', name), 'utf8');
  expect(part('deskcloud.service').match(/^Exec\w*=.*$/gm)).toEqual([
    'ExecStart=/usr/lib/deskcloud/bin/deskcloud-admin main',
  ]);
  expect(part('deskcloud.policy').match(/exec\.path">([^<]*)</)?.[1]).toBe(
    '/usr/lib/deskcloud/bin/deskcloud-admin',
  );
  for (const path of part('deskcloud-admin').match(/(?<![\w.!])\/[\w./$-]+/g) ?? [])
    expect(path).toMatch(/^\/(usr\/(lib\/deskcloud\/|s?bin\b)|s?bin\b)/);
});
