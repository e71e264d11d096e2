import type { Endpoint } from '../http/index.ts';
import type { SagaEngine } from '../saga/index.ts';
import type { NetworkContext } from './app/context.ts';
import { extension, type Extension } from './app/extension.ts';
import type { Quotas } from './app/quota.ts';
import { TrunkApp } from './app/trunk.ts';
import { trunkEndpoints } from './endpoints/trunks.ts';
import type { Tagged } from './endpoints/tags.ts';
import type { NetworkDriver } from './sagas/driver.ts';
import { trunkUpdate } from './sagas/trunk-update.ts';
import { plugs } from './store/port.ts';
import { countTrunks, trunks } from './store/trunk.ts';

const extensions: readonly Extension[] = [
  extension('trunk', 'Trunk Extension', 'Ports that carry several networks', '2016-01-01'),
  extension('trunk-details', 'Trunk port details', 'trunk_details of ports', '2016-01-01'),
];

/** Trunks as the network service's index needs them. */
export interface TrunkPart {
  readonly endpoints: readonly Endpoint[];
  readonly extensions: readonly Extension[];
  readonly tagged: readonly Tagged[];
}

export function createTrunks(deps: {
  readonly context: NetworkContext;
  readonly quotas: Quotas;
  readonly sagas: SagaEngine;
  readonly driver: NetworkDriver;
}): TrunkPart {
  const { context, quotas, sagas, driver } = deps;
  sagas.register(trunkUpdate, { driver });
  quotas.add('trunk', -1, countTrunks);
  const app = new TrunkApp(context, quotas, {
    changed(trunkId, gone) {
      const parent = trunks.byId(context.db, trunkId)?.port_id ?? '';
      if (gone.length > 0 || plugs.byId(context.db, parent)?.plugged === 1)
        sagas.enqueue(trunkUpdate, {
          trunkId,
          gone: gone.map(({ portId, networkId }) => ({ portId, networkId })),
        });
    },
  });
  return {
    endpoints: trunkEndpoints(app),
    extensions,
    tagged: [
      {
        collection: 'trunks',
        table: 'trunk',
        rule: 'trunk',
        load: (caller, id) => ({ project_id: app.load(caller, id).project_id }),
      },
    ],
  };
}
