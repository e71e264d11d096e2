import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  /** The text that comes with it. */
  readonly text: string | undefined;
}

/**
 * Debian's copyright file (copyright-format 1.0) for all that is in the package: Deskcloud, Node, and each library of
 * the lock file that is not for development alone, or that the window is made of.
 */
export function copyrightFile(): string {
  const stanzas = libraries().map(
    ({ name, version, license, text }) =>
      `Files: usr/lib/deskcloud/*\nComment: ${name} ${version}, in the bundled programs or the window\nCopyright: the authors of ${name}\nLicense: ${license.replaceAll(/[()]/g, '').replaceAll(' ', '-')}\n${folded(text ?? `See https://spdx.org/licenses/${license}`)}`,
  );
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Deskcloud

Files: *
Copyright: the authors of Deskcloud
License: Apache-2.0
 On Debian systems the full text of the Apache License 2.0 is in
 /usr/share/common-licenses/Apache-2.0.

Files: usr/lib/deskcloud/bin/node
Copyright: Node.js contributors and others
License: MIT
 Node.js, with the libraries that it contains under their own terms; all texts:
 https://github.com/nodejs/node/blob/v${nodeVersion()}/LICENSE

${[...stanzas, ...FONTS.map(fontStanza)].join('\n')}`;
}

const FONTS = ['inter', 'jetbrains-mono'];

function fontStanza(name: string): string {
  const text = readFileSync(join(ROOT, 'renderer', 'fonts', `${name}-OFL.txt`), 'utf8');
  return `Files: usr/lib/deskcloud/build/renderer/assets/${name}-*.woff2\nCopyright: ${/Copyright ([^(]*)/.exec(text)?.[1]?.trim() ?? name}\nLicense: OFL-1.1\n${folded(text)}`;
}

const APACHE =
  'On Debian systems the full text of the Apache License 2.0 is in\n/usr/share/common-licenses/Apache-2.0.';

const nodeVersion = (): string =>
  (JSON.parse(readFileSync(join(ROOT, 'node_modules/node/package.json'), 'utf8')) as { version: string })
    .version;

/** A text as the continuation of a field: indented, empty lines as dots. */
const folded = (text: string): string =>
  `${text
    .trim()
    .split(/\r?\n/)
    .map((line) => (line.trim() === '' ? ' .' : ` ${line.trimEnd()}`))
    .join('\n')}\n`;

function libraries(): readonly Package[] {
  const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<
      string,
      {
        version?: string;
        license?: string;
        dev?: boolean;
        link?: boolean;
        dependencies?: Record<string, string>;
        devDependencies?: Record<string, string>;
      }
    >;
  };
  const { packages } = lock;
  const wanted = new Set(Object.keys(packages).filter((path) => path !== '' && packages[path]?.dev !== true));
  // What the window is made of, development alone or not, is bundled into it.
  const queue = Object.keys(packages['renderer']?.devDependencies ?? {});
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const path = ['renderer/node_modules', 'node_modules']
      .map((base) => `${base}/${name}`)
      .find((one) => one in packages);
    if (path === undefined || wanted.has(path)) continue;
    wanted.add(path);
    queue.push(...Object.keys(packages[path]?.dependencies ?? {}));
  }
  return [...wanted]
    .filter(
      (path) =>
        path.includes('node_modules/') && packages[path]?.link !== true && existsSync(join(ROOT, path)),
    )
    .map((path) => ({
      name: path.replace(/^.*node_modules\//, ''),
      version: packages[path]?.version ?? '',
      license: packages[path]?.license ?? 'unknown',
      text: licenseText(join(ROOT, path)),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function licenseText(directory: string): string | undefined {
  const name = readdirSync(directory).find((one) => /^(licen[cs]e|copying)(\.|$)/i.test(one));
  const text = name === undefined ? undefined : readFileSync(join(directory, name), 'utf8');
  // Debian has it for all packages, and wants no second one.
  return text !== undefined && /Apache License\s+Version 2\.0, January 2004/.test(text) ? APACHE : text;
}
