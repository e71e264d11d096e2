import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { flow } from '../renderer/i18n/zh/flow.ts';
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
