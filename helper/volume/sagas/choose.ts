import type { Db } from '../../db/index.ts';
import { conflict } from '../../errors/error.ts';
import { none, step, type StepContext } from '../../saga/index.ts';
import type { PoolState, VolumeDemand } from '../scheduler/pool-state.ts';
import { schedule } from '../scheduler/scheduler.ts';
import { findQos } from '../store/qos.ts';
import { findType } from '../store/type.ts';
import { findVolumeRow } from '../store/volume.ts';
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

/** What expressions of back ends may ask of a volume. */
function factsOf(db: Db, id: string): Pick<VolumeDemand, 'volume' | 'qos' | 'encrypted'> {
  const row = findVolumeRow(db, id);
  if (row === undefined) return {};
  const qosId = findType(db, row.volume_type_id)?.qos_specs_id ?? null;
  return {
    encrypted: row.encryption_key_id !== null,
    volume: { ...row, display_name: row.name, display_description: row.description },
    qos: (qosId === null ? undefined : findQos(db, qosId)?.specs) ?? {},
  };
}

/**
 * @param volumeId the volume that it is for, where there is one.
 * @throws {CloudError} conflict when no back end will do.
 */
export function choosePool(
  ctx: StepContext<VolumeServices>,
  demand: VolumeDemand,
  volumeId?: string,
): PoolState {
  const { pools, config } = ctx.services;
  const facts = volumeId === undefined ? {} : factsOf(ctx.db, volumeId);
  const { chosen, verdicts } = schedule(pools.states(), { ...facts, ...demand }, config.weights);
  ctx.note(
    chosen === undefined ? 'no back end will do' : `the back end is ${chosen.backend}`,
    verdicts.map((one) => ({ ...one })),
  );
  if (chosen !== undefined) return chosen;
  throw conflict(
    `Could not find any available weighted backend: ${verdicts.map(({ pool, refusedBy, reason }) => `${pool} (${refusedBy}: ${reason})`).join('; ') || 'there is none'}.`,
  );
}
