import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of the window's packages, those that are tools and not in it. */
const TOOLS = new Set(['@sveltejs/vite-plugin-svelte', 'svelte-check', 'typescript', 'vite']);

interface Locked {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly link?: boolean;
  readonly optional?: boolean;
}

/** The packages that ship: the helper's and shell's own, and what the window is built with. */
export function shippedParts(root: string): readonly { name: string; version: string; license: string }[] {
  const read = (path: string): unknown => JSON.parse(readFileSync(join(root, path), 'utf8')) as unknown;
  const { packages } = read('package-lock.json') as { packages: Record<string, Locked> };
  const { devDependencies } = read('renderer/package.json') as { devDependencies: Record<string, string> };
  const inWindow = new Set(Object.keys(devDependencies).filter((name) => !TOOLS.has(name)));
  const found = Object.entries(packages).flatMap(([path, one]) => {
    const name = path.split('node_modules/').at(-1) ?? '';
    const ships = one.dev !== true && one.optional !== true;
    if (!path.includes('node_modules/') || one.link === true || !(ships || inWindow.has(name))) return [];
    return [{ name, version: one.version ?? '', license: one.license ?? '' }];
  });
  return [...new Map(found.map((one) => [one.name, one])).values()].sort((a, b) =>
    a.name.localeCompare(b.name),
  );
}
