import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { flow } from '../renderer/i18n/zh/flow.ts';
import { inChinese } from '../renderer/i18n/zh/in-chinese.ts';
import { sayings } from '../renderer/i18n/zh/sayings.ts';
import { stepNames } from '../renderer/i18n/zh/step-names.ts';

interface Saga {
  readonly name: string;
  readonly steps: readonly { readonly name: string }[];
}

const isSaga = (value: unknown): value is Saga =>
  typeof value === 'object' && value !== null && 'steps' in value && Array.isArray(value.steps);

test('every operation and every step of it has a Chinese name, and no name is left over', async () => {
  const root = join(import.meta.dirname, '..');
  const sagas: Saga[] = [];
  for await (const file of glob('helper/*/sagas/*.ts', { cwd: root })) {
    if (file.endsWith('.test.ts')) continue;
    const module = (await import(join(root, file))) as Readonly<Record<string, unknown>>;
    sagas.push(...Object.values(module).filter(isSaga));
  }
  const steps = new Set(sagas.flatMap((saga) => saga.steps.map((step) => step.name)));
  expect(steps.size).toBeGreaterThan(100);
  expect([...steps].filter((name) => stepNames[name] === undefined)).toEqual([]);
  expect(Object.keys(stepNames).filter((name) => !steps.has(name))).toEqual([]);
  expect(sagas.map((saga) => saga.name).filter((name) => flow.titles[name] === undefined)).toEqual([]);
});

/** A sentence with what differs in it left out, however the program or the table names that. */
const skeleton = (text: string): string => text.replaceAll(/\$?\{[^}]*\}/g, '{}');

test('what steps note and are doing, and why they are left out, can be said in Chinese', async () => {
  const root = join(import.meta.dirname, '..');
  const known = new Set(sayings.map(([english]) => skeleton(english)));
  const said = new Set<string>();
  for await (const file of glob('helper/*/sagas/*.ts', { cwd: root })) {
    if (file.endsWith('.test.ts')) continue;
    const source = await readFile(join(root, file), 'utf8');
    for (const [, plain, template] of source.matchAll(/\.note\(\s*(?:'([^']*)'|`([^`]*)`)\s*[,)]/g))
      // What differs by a text within it is looked at below.
      if (!(template ?? '').includes('? ')) said.add(skeleton(plain ?? template ?? ''));
    for (const [, doing] of source.matchAll(/progress\([^;]*?'([^'\n]+)'\)/g)) said.add(doing ?? '');
    for (const [, reason] of source.matchAll(/\bskip: .*?(?:&&|\?|:)\s+'([^'\n]+)'/g)) said.add(reason ?? '');
  }
  expect(said.size).toBeGreaterThan(25);
  expect([...said].filter((text) => !known.has(text))).toEqual([]);
});

test('a Chinese sentence has the same places as the English one', () => {
  const places = (text: string): string[] => [...text.matchAll(/\{[a-z]+\}/g)].map(String).toSorted();
  for (const [english, chinese] of sayings)
    expect({ english, places: places(chinese) }).toEqual({ english, places: places(english) });
});

test('sentences are found with what is in them; others stay as they are', () => {
  expect(inChinese('RamFilter: vm did not pass, 3 MiB are free')).toBe(
    'RamFilter：vm 未通过，3 MiB are free',
  );
  expect(inChinese('ComputeFilter: vm passed')).toBe('ComputeFilter：vm 通过');
  expect(inChinese('qemu-img is missing (makes and converts disks); nft is missing (runs the guests)')).toBe(
    '缺少 qemu-img（制作和转换磁盘）；缺少 nft（运行客户机）',
  );
  expect(inChinese('guest image: asking apt for the packages')).toBe('客户机镜像：正在向 apt 查询软件包');
  for (const text of ['No valid host was found.', 'ip link add a; ip link del b'])
    expect(inChinese(text)).toBe(text);
});
