import { badRequest, notFound } from '../../errors/error.ts';
import { endpoint, mv, type Endpoint } from '../../http/index.ts';
import type { FlavorApp } from '../app/flavor.ts';
import { checkExtraSpecs } from '../schemas/extra-spec-rules.ts';
import { ExtraSpecAnswer, ExtraSpecBody, ExtraSpecsAnswer, ExtraSpecsBody } from '../schemas/flavor.ts';

const texts = (specs: Readonly<Record<string, string | number>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(specs).map(([key, value]) => [key, String(value)]));

const missing = (flavorId: string, key: string) =>
  notFound(`Flavor ${flavorId} has no extra specs with key ${key}.`);

/** /flavors/{id}/os-extra_specs (api-ref, "Flavors extra-specs"). */
export const flavorExtraSpecEndpoints = (flavors: FlavorApp): readonly Endpoint[] => [
  endpoint({
    id: 'flavor-extra-specs:index',
    method: 'GET',
    path: '/flavors/{flavor_id}/os-extra_specs',
    policy: 'os_compute_api:os-flavor-extra-specs:index',
    response: ExtraSpecsAnswer,
    ok: 200,
    handler: ({ auth, params }) => ({ extra_specs: flavors.visible(auth, params.flavor_id).extraSpecs }),
  }),
  endpoint({
    id: 'flavor-extra-specs:create',
    method: 'POST',
    path: '/flavors/{flavor_id}/os-extra_specs',
    policy: 'os_compute_api:os-flavor-extra-specs:create',
    body: ExtraSpecsBody,
    response: ExtraSpecsAnswer,
    ok: 200,
    handler: ({ body, params, version }) => {
      const specs = texts(body.extra_specs);
      if (version >= mv('2.86')) checkExtraSpecs(specs);
      flavors.changeExtraSpecs(params.flavor_id, (old) => ({ ...old, ...specs }));
      return { extra_specs: specs };
    },
  }),
  endpoint({
    id: 'flavor-extra-specs:show',
    method: 'GET',
    path: '/flavors/{flavor_id}/os-extra_specs/{key}',
    policy: 'os_compute_api:os-flavor-extra-specs:show',
    response: ExtraSpecAnswer,
    ok: 200,
    handler: ({ auth, params: { flavor_id, key } }) => {
      const { extraSpecs } = flavors.visible(auth, flavor_id);
      if (!Object.hasOwn(extraSpecs, key)) throw missing(flavor_id, key);
      return { [key]: extraSpecs[key] };
    },
  }),
  endpoint({
    id: 'flavor-extra-specs:update',
    method: 'PUT',
    path: '/flavors/{flavor_id}/os-extra_specs/{key}',
    policy: 'os_compute_api:os-flavor-extra-specs:update',
    body: ExtraSpecBody,
    response: ExtraSpecAnswer,
    ok: 200,
    handler: ({ body, params: { flavor_id, key }, version }) => {
      const spec = texts(body);
      if (version >= mv('2.86')) checkExtraSpecs(spec);
      if (!Object.hasOwn(body, key)) throw badRequest('Request body and URI mismatch');
      flavors.changeExtraSpecs(flavor_id, (old) => ({ ...old, ...spec }));
      return spec;
    },
  }),
  endpoint({
    id: 'flavor-extra-specs:delete',
    method: 'DELETE',
    path: '/flavors/{flavor_id}/os-extra_specs/{key}',
    policy: 'os_compute_api:os-flavor-extra-specs:delete',
    response: 'none',
    ok: 200,
    handler: ({ params: { flavor_id, key } }) => {
      flavors.changeExtraSpecs(flavor_id, (old) => {
        if (!Object.hasOwn(old, key)) throw missing(flavor_id, key);
        return Object.fromEntries(Object.entries(old).filter(([name]) => name !== key));
      });
    },
  }),
];
