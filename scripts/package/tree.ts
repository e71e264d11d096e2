/**
 * What is in the Debian package, as a tree of files: the bundled programs with the few files that they look for, Node,
 * the native add-ons, the built window, and what Debian wants to know.
 */
import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const ROOT = join(import.meta.dirname, '..', '..');
const FILES = join(ROOT, 'resources', 'package');
/** Where it is installed. */
const LIBRARY = 'usr/lib/deskcloud';

/** Files of the checkout that programs look for at run time, below the library under the same names. */
export const LOOKED_FOR = [
  'helper/db/migrations',
  'helper/console/page',
  'helper/host/net/sockets/child.ts',
  'helper/host/files/hash-worker.ts',
  'resources/guest/rootfs',
  'resources/guest/initramfs',
  'resources/images/catalogue.json',
  'build/helper',
  'build/cli',
  'build/renderer',
  'node_modules/better-sqlite3/package.json',
  'node_modules/better-sqlite3/lib',
  `node_modules/better-sqlite3/prebuilds/linux-${process.arch}.node`,
  'node_modules/@lydell/node-pty',
  `node_modules/@lydell/node-pty-linux-${process.arch}`,
  'node_modules/@novnc/novnc/package.json',
  'node_modules/@novnc/novnc/core',
  'node_modules/@novnc/novnc/vendor',
];

/** Native add-ons. */
export const ADD_ONS = [
  `node_modules/better-sqlite3/prebuilds/linux-${process.arch}.node`,
  `node_modules/@lydell/node-pty-linux-${process.arch}/pty.node`,
].map((path) => `${LIBRARY}/${path}`);

/** Of what is copied, what nobody runs: notes, types, and licences, which are gathered in the copyright file. */
const LEFT_OUT = /(\.md|\.d\.ts|\.map|\/LICENSE(\.txt)?|\/LICENCE|\.test\.ts)$/;

/** For other systems. */
const FOREIGN = /\/(darwin|win32|linuxmusl)[^/]*$/;

/** From resources/package to where Debian looks. */
const PLACES: Readonly<Record<string, readonly [path: string, mode: number]>> = {
  deskcloud: ['usr/bin/deskcloud', 0o755],
  'deskcloud-admin': [`${LIBRARY}/bin/deskcloud-admin`, 0o755],
  'deskcloud.service': ['lib/systemd/system/deskcloud.service', 0o644],
  'sysusers.conf': ['usr/lib/sysusers.d/deskcloud.conf', 0o644],
  'tmpfiles.conf': ['usr/lib/tmpfiles.d/deskcloud.conf', 0o644],
  'deskcloud.policy': ['usr/share/polkit-1/actions/org.deskcloud.policy', 0o644],
  'deskcloud.rules': ['usr/share/polkit-1/rules.d/50-deskcloud.rules', 0o644],
  'deskcloud.desktop': ['usr/share/applications/deskcloud.desktop', 0o644],
  'completion.bash': ['usr/share/bash-completion/completions/deskcloud', 0o644],
};

/** Makes the tree in an empty directory. @param version Deskcloud's. */
export function fillTree(tree: string, version: string, copyright: string, changelog: string): void {
  const put = (path: string, content: string | Uint8Array, mode = 0o644): void => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), content);
    chmodSync(join(tree, path), mode);
  };
  for (const path of LOOKED_FOR)
    cpSync(join(ROOT, path), join(tree, LIBRARY, path), {
      recursive: true,
      dereference: true,
      filter: (source) => !LEFT_OUT.test(source) && !FOREIGN.test(source),
    });
  put(`${LIBRARY}/package.json`, `${JSON.stringify({ name: 'deskcloud', version, type: 'module' })}\n`);
  for (const [name, [path, mode]] of Object.entries(PLACES)) put(path, readFileSync(join(FILES, name)), mode);
  for (const [name, place] of [
    ['icon.svg', 'scalable/apps/deskcloud.svg'],
    ['icon-512.png', '512x512/apps/deskcloud.png'],
  ] as const)
    put(`usr/share/icons/hicolor/${place}`, readFileSync(join(ROOT, 'renderer/public', name)));
  const manual = readFileSync(join(FILES, 'deskcloud.1'), 'utf8').replace(
    '"" "Deskcloud"',
    `"" "Deskcloud ${version}"`,
  );
  put('usr/share/man/man1/deskcloud.1.gz', gzipSync(manual, { level: 9 }));
  put('usr/share/doc/deskcloud/copyright', copyright);
  put('usr/share/doc/deskcloud/changelog.gz', gzipSync(changelog, { level: 9 }));
  put('usr/share/lintian/overrides/deskcloud', readFileSync(join(FILES, 'lintian-overrides')));
  evenModes(tree);
}

/** Whoever builds it, with whatever umask: what may be run stays so, all else is 0644; directories are 0755. */
function evenModes(directory: string): void {
  chmodSync(directory, 0o755);
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) evenModes(path);
    else chmodSync(path, isProgram(path) ? 0o755 : 0o644);
  }
}

const isProgram = (path: string): boolean => readFileSync(path, 'latin1').startsWith('#!');
