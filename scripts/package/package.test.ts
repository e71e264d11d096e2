import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, matchesGlob } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { controlFile } from './control.ts';
import { copyrightFile } from './copyright.ts';
import { LOOKED_FOR } from './tree.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const text = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
interface BuilderConfig {
  readonly files: readonly string[];
  readonly asarUnpack: readonly string[];
  readonly linux: { readonly icon: string };
}
const builder = parse(text('electron-builder.yml')) as BuilderConfig;

/** electron-builder's own check of its configuration, which reads a schema that comes with it. */
async function validate(config: unknown): Promise<void> {
  const { validateConfiguration } = createRequire(import.meta.url)(
    'app-builder-lib/out/util/config/config.js',
  ) as { validateConfiguration: (config: unknown, log: { isEnabled: boolean }) => Promise<void> };
  await validateConfiguration(config, { isEnabled: false });
}

test("electron-builder's configuration is right by its own schema", async () => {
  await validate(builder);
  await expect(validate({ ...builder, electronFuse: {} })).rejects.toThrow('electronFuse');
});

test('both packages have what the programs look for, and it is there', () => {
  const own = LOOKED_FOR.filter((path) => !/^(node_modules|build)\//.test(path));
  for (const path of own) expect(existsSync(join(ROOT, path))).toBe(true);
  const covered = (path: string): boolean =>
    builder.files.some((glob) => glob === path || glob === `${path}/**`) &&
    builder.asarUnpack.some((glob) => matchesGlob(path, glob));
  expect(own.filter((path) => !covered(path))).toEqual([]);
  expect(existsSync(join(ROOT, builder.linux.icon))).toBe(true);
});

test("every command is in the manual page and in the shell's completion", () => {
  const commands = [...text('main/cli/main.ts').matchAll(/\.command\('([a-z]+)/g)].map(([, name]) => name);
  expect(commands.length).toBeGreaterThan(12);
  for (const name of commands) {
    expect(text('resources/package/deskcloud.1')).toMatch(new RegExp(`\\b${name}\\b`));
    expect(text('resources/package/completion.bash')).toMatch(new RegExp(`\\b${name}\\b`));
  }
});

test('the control file names what Deskcloud runs', () => {
  const control = controlFile('1.2.3', 2048 * 1024);
  expect(control).toContain('Version: 1.2.3\n');
  expect(control).toContain('Installed-Size: 2048\n');
  const depends = /^Depends: (.*)$/m.exec(control)?.[1]?.split(', ');
  expect(depends).toEqual(
    expect.arrayContaining([
      'libvirt-daemon-system',
      'qemu-system-x86',
      'qemu-utils',
      'dnsmasq-base',
      'nftables',
      'iproute2',
      'radvd',
      'seabios',
    ]),
  );
  expect(new Set(depends).size).toBe(depends?.length);
});

test('the copyright file has the libraries of the helper, the shell and the window', () => {
  const copyright = copyrightFile();
  for (const name of [
    'better-sqlite3',
    '@lydell/node-pty',
    '@novnc/novnc',
    'typebox',
    'svelte',
    '@xterm/xterm',
  ])
    expect(copyright).toContain(`Comment: ${name} `);
  expect(copyright).not.toContain('Comment: vitest ');
  // A line of a field that is not indented would begin another field.
  for (const line of copyright.split('\n')) expect(line).toMatch(/^($| |[A-Z][A-Za-z-]+: )/);
});

test('the service may do what the helper does, and keeps the mounts of the host', () => {
  const unit = text('resources/package/deskcloud.service');
  const settings = unit.split('\n').filter((line) => !line.startsWith('#'));
  expect(settings).toContain('KillMode=process');
  // Each of these gives the service a mount namespace: `ip netns` would make names that nobody else sees.
  for (const name of [
    'ProtectSystem',
    'ProtectHome',
    'PrivateTmp',
    'PrivateDevices',
    'ReadWritePaths',
    'BindPaths',
  ])
    expect(settings.some((line) => line.startsWith(`${name}=`))).toBe(false);
});
