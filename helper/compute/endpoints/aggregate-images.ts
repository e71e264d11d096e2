import { Type } from 'typebox';
import { transaction } from '../../db/index.ts';
import { badRequest, notFound } from '../../errors/error.ts';
import { endpoint, mv, type Endpoint } from '../../http/index.ts';
import type { ComputeDeps } from '../deps.ts';
import { imagePrecache } from '../sagas/image-precache.ts';
import { Uuid, strict } from '../schemas/common.ts';
import { findAggregate } from '../store/aggregate.ts';

/** POST /os-aggregates/{id}/images (2.81): images that the hosts of an aggregate shall have in their cache. */
export const aggregateImageEndpoints = ({ db, sagas }: ComputeDeps): readonly Endpoint[] => [
  endpoint({
    id: 'os-aggregates:images',
    min: mv('2.81'),
    method: 'POST',
    path: '/os-aggregates/{aggregate_id}/images',
    policy: 'compute:aggregates:images',
    body: strict({ cache: Type.Array(strict({ id: Uuid }), { minItems: 1 }) }),
    response: 'none',
    ok: 202,
    handler: ({ params, body, requestId, auth }) => {
      const ids = body.cache.map(({ id }) => id);
      if (new Set(ids).size !== ids.length) throw badRequest('Duplicate images in request');
      if (!/^\d{1,15}$/.test(params.aggregate_id))
        throw badRequest(`id must be an integer, not '${params.aggregate_id.slice(0, 80)}'`);
      transaction(db, () => {
        const aggregate = findAggregate(db, Number(params.aggregate_id));
        if (aggregate === undefined) throw notFound(`Aggregate ${params.aggregate_id} could not be found.`);
        if (aggregate.hosts.length === 0) return;
        for (const imageId of ids)
          sagas.enqueue(
            imagePrecache,
            { imageId },
            { requestId, projectId: auth.projectId ?? null, userId: auth.userId },
          );
      });
    },
  }),
];
