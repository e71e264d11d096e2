import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runKillHarness } from './kill-harness.ts';

const module = join(import.meta.dirname, 'sample-kill-scenario.ts');

describe('a process that is really killed at any journal write', () => {
  it('leaves what a second process brings to its end', { timeout: 180_000 }, async () => {
    const { undisturbed, outcomes } = await runKillHarness({ module, variant: 'happy' });
    const end = {
      devices: ['brq-77', 'disk-5b1f', 'tap-5b1f'],
      things: [{ status: 'ACTIVE' }],
      claims: [{ size: 10 }],
      integrity: 'ok',
    };
    expect(undisturbed).toMatchObject({ state: 'succeeded', inventory: end });
    expect(outcomes.length).toBeGreaterThan(20);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ state: 'succeeded', inventory: end });
  });

  it('leaves what a second process unwinds', { timeout: 180_000 }, async () => {
    const { undisturbed, outcomes } = await runKillHarness({ module, variant: 'failing' });
    const end = { devices: ['brq-77'], things: [{ status: 'ERROR' }], claims: [], integrity: 'ok' };
    expect(undisturbed).toMatchObject({ state: 'failed', inventory: end });
    expect(outcomes.map(({ killedAt }) => killedAt)).toContain('after undone make disk');
    for (const outcome of outcomes) expect(outcome).toMatchObject({ state: 'failed', inventory: end });
  });
});
