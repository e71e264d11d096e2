import { describe, expect, it } from 'vitest';
import type { Saga } from './define.ts';
import { transaction } from '../db/index.ts';
import {
  beforeUndo,
  doubled,
  failing,
  failingAtTheEnd,
  InjectedFault,
  killAgainAndAgain,
  killAndRecover,
  makeEngine,
  runOnce,
  snapshot,
  withHostAction,
  withStep,
  type SagaWorld,
  type Snapshot,
  type StandardTestOptions,
} from './standard-world.ts';

/** For as many runs as an operation has journal writes, on a machine that does much else. */
const KILLS_MS = 300_000;

export type { SagaWorld, StandardTestOptions } from './standard-world.ts';

/**
 * The tests that every saga gets (FAULT-CASES R1 to R4, R11), for its steps with a world of fakes: the happy path;
 * a fault at each step, before and after its effect, ends in a clean slate; every host action and undo twice; a
 * kill at each journal write and recovery, going forward and unwinding; cancelled at each host step; each undo
 * failing, then cured by a retry. Call it in a test file at top level or inside describe().
 */
export function standardSagaTests<Input, Services>(options: StandardTestOptions<Input, Services>): void {
  const { saga, forwardOnly = false, ignore = [] } = options;
  const { steps } = saga;

  async function inWorld(test: (world: SagaWorld<Input, Services>) => Promise<void>): Promise<void> {
    const world = await options.makeWorld();
    try {
      await test(world);
    } finally {
      await world.dispose();
    }
  }

  async function happyEnd(): Promise<Snapshot> {
    const world = await options.makeWorld();
    try {
      expect(await runOnce(world, saga)).toMatchObject({ state: 'succeeded', error: null });
      return await snapshot(world, ignore);
    } finally {
      await world.dispose();
    }
  }

  /** Unwound: host and tables are as before. Or, when it only goes forward: a second try gets to the end. */
  async function expectCleanSlate(world: SagaWorld<Input, Services>, before: Snapshot): Promise<void> {
    options.checkFailed?.(world);
    const secondTry = forwardOnly ? await runOnce(world, saga) : { state: 'succeeded' };
    expect(secondTry).toMatchObject({ state: 'succeeded' });
    expect(await snapshot(world, ignore)).toEqual(forwardOnly ? await happyEnd() : before);
  }

  describe(`saga ${saga.name}`, () => {
    it('gets to its end', async () => {
      expect(await happyEnd()).toHaveProperty('tables');
    });

    for (const [index, step] of steps.entries())
      for (const when of step.kind === 'sql' ? (['after'] as const) : (['before', 'after'] as const))
        it(`leaves a clean slate when '${step.name}' fails ${when} its effect`, async () => {
          await inWorld(async (world) => {
            const before = await snapshot(world, ignore);
            const faulty = withStep(saga, index, (original) => failing(original, when));
            expect(await runOnce(world, faulty)).toMatchObject({
              state: 'failed',
              error: { code: 'InjectedFault', step: step.name },
            });
            await expectCleanSlate(world, before);
          });
        });

    it('ends the same when every host action runs twice', async () => {
      const expected = await happyEnd();
      await inWorld(async (world) => {
        expect(await runOnce(world, doubled(saga))).toMatchObject({ state: 'succeeded' });
        expect(await snapshot(world, ignore)).toEqual(expected);
      });
    });

    it('leaves a clean slate when every host action and undo runs twice', async () => {
      await inWorld(async (world) => {
        const before = await snapshot(world, ignore);
        expect(await runOnce(world, doubled(failingAtTheEnd(saga)))).toMatchObject({ state: 'failed' });
        await expectCleanSlate(world, before);
      });
    });

    killTests();
    cancelTests();
    stuckTests();
  });

  function killTests(): void {
    /** False when there is no n-th journal write. */
    async function killed(
      victim: Saga<Input, Services>,
      n: number,
      check: (world: SagaWorld<Input, Services>, before: Snapshot, state: string) => Promise<void>,
    ): Promise<boolean> {
      let wasKilled = true;
      await inWorld(async (world) => {
        const before = await snapshot(world, ignore);
        const ended = await killAndRecover(world, victim, n);
        wasKilled = ended !== 'not killed';
        if (typeof ended === 'object') await check(world, before, ended.state);
      });
      return wasKilled;
    }

    it('gets to its end when it is killed at any journal write', { timeout: KILLS_MS }, async () => {
      const expected = await happyEnd();
      let n = 1;
      while (
        await killed(saga, n, async (world, _before, state) => {
          expect({ n, state, ...(await snapshot(world, ignore)) }).toEqual({
            n,
            state: 'succeeded',
            ...expected,
          });
        })
      )
        n += 1;
      expect(n).toBeGreaterThan(saga.steps.length);
    });

    it('gets to its end when every process that takes it up is killed', { timeout: KILLS_MS }, async () => {
      const expected = await happyEnd();
      for (const each of [4, 5])
        await inWorld(async (world) => {
          expect(await killAgainAndAgain(world, saga, each)).toMatchObject({ state: 'succeeded' });
          expect(await snapshot(world, ignore)).toEqual(expected);
        });
    });

    it('leaves a clean slate when it fails and every process is killed', { timeout: KILLS_MS }, async () => {
      for (const each of [4, 5])
        await inWorld(async (world) => {
          const before = await snapshot(world, ignore);
          const { state } = await killAgainAndAgain(world, failingAtTheEnd(saga), each);
          expect(state).toBe('failed');
          await expectCleanSlate(world, before);
        });
    });

    it(
      'leaves a clean slate when it fails and is killed at any journal write',
      { timeout: KILLS_MS },
      async () => {
        const faulty = failingAtTheEnd(saga);
        let n = 1;
        while (
          await killed(faulty, n, async (world, before, state) => {
            expect({ n, state }).toEqual({ n, state: 'failed' });
            await expectCleanSlate(world, before);
          })
        )
          n += 1;
        expect(n).toBeGreaterThan(saga.steps.length);
      },
    );
  }

  function cancelTests(): void {
    if (saga.cancellable === false) return;
    for (const [index, step] of steps.entries()) {
      if (step.kind !== 'host') continue;
      it(`leaves a clean slate when it is cancelled in '${step.name}'`, async () => {
        await inWorld(async (world) => {
          const before = await snapshot(world, ignore);
          let cancel: () => void = () => undefined;
          const watched = withStep(saga, index, () =>
            withHostAction(step, async (ctx, input) => {
              cancel();
              await step.action(ctx, input);
            }),
          );
          const engine = makeEngine(world, watched);
          engine.start();
          const id = transaction(world.db, () => engine.enqueue(watched, world.input));
          let cancelled = false;
          cancel = () => {
            cancelled = true;
            engine.cancel(id);
          };
          const { state } = await engine.wait(id);
          await engine.stop();
          // A step that is skipped cannot be cancelled in, and after the last one it is too late.
          const tooLate = !cancelled || (state === 'succeeded' && index === steps.length - 1);
          expect(state).toBe(tooLate ? 'succeeded' : 'cancelled');
          const after = await snapshot(world, ignore);
          expect(after).toEqual(tooLate || forwardOnly ? after : before);
        });
      });
    }
  }

  function stuckTests(): void {
    for (const [index, step] of steps.entries()) {
      const { undo } = step;
      if (typeof undo !== 'function' || index === steps.length - 1) continue;
      it(`is stuck when the undo of '${step.name}' fails, and a retry cures it`, async () => {
        await inWorld(async (world) => {
          const before = await snapshot(world, ignore);
          let broken = true;
          let asked = false;
          const refuse = (): void => {
            asked = true;
            if (broken) throw new InjectedFault('undo');
          };
          const faulty = withStep(failingAtTheEnd(saga), index, (original) => beforeUndo(original, refuse));
          const engine = makeEngine(world, faulty);
          engine.start();
          const id = transaction(world.db, () => engine.enqueue(faulty, world.input));
          const stuck = await engine.wait(id);
          broken = false;
          // A step that was skipped is not undone.
          expect(stuck).toMatchObject(
            asked ? { state: 'stuck', error: { step: step.name } } : { state: 'failed' },
          );
          if (asked) engine.retry(id);
          expect(await engine.wait(id)).toMatchObject({ state: 'failed' });
          await engine.stop();
          await expectCleanSlate(world, before);
        });
      });
    }
  }
}
