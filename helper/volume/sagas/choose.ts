import { conflict } from '../../errors/error.ts';
import { none, step, type StepContext } from '../../saga/index.ts';
import type { PoolState, VolumeDemand } from '../scheduler/pool-state.ts';
import { schedule } from '../scheduler/scheduler.ts';
import type { VolumeServices } from './services.ts';

/** Measures the back ends, so that the choice knows what room there is now. */
export const readBackends = <Input>() =>
  step<Input, VolumeServices>({
    name: 'read back ends',
    number: 45,
    kind: 'host',
    action: ({ services }) => services.pools.refresh(),
    undo: none('only reads'),
  });

/** @throws {CloudError} conflict when no back end will do. */
export function choosePool(ctx: StepContext<VolumeServices>, demand: VolumeDemand): PoolState {
  const { pools, config } = ctx.services;
  const { chosen, verdicts } = schedule(pools.states(), demand, config.weights);
  ctx.note(
    chosen === undefined ? 'no back end will do' : `the back end is ${chosen.backend}`,
    verdicts.map((one) => ({ ...one })),
  );
  if (chosen !== undefined) return chosen;
  throw conflict(
    `Could not find any available weighted backend: ${verdicts.map(({ pool, refusedBy, reason }) => `${pool} (${refusedBy}: ${reason})`).join('; ') || 'there is none'}.`,
  );
}
