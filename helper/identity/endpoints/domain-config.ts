import { endpoint, type Endpoint } from '../../http/index.ts';
import type { IdentityContext } from '../app/context.ts';
import {
  changeConfig,
  defaultConfig,
  removeConfig,
  replaceConfig,
  showConfig,
  type Part,
} from '../app/domain-config.ts';
import { DomainConfigAnswer, DomainConfigBody } from '../schemas/extension.ts';

interface Place extends Part {
  readonly domain_id: string;
}

/** A domain's own configuration: whole, by group, by option. */
export function domainConfigEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const parts: readonly (readonly [name: string, path: string])[] = [
    ['', ''],
    ['-group', '/{group}'],
    ['-option', '/{group}/{option}'],
  ];
  return [
    ...parts.flatMap(([name, path]) => partEndpoints(identity, name, path)),
    endpoint({
      id: 'domain-config:create',
      method: 'PUT',
      path: '/domains/{domain_id}/config',
      policy: 'identity:create_domain_config',
      body: DomainConfigBody,
      response: DomainConfigAnswer,
      ok: 201,
      handler: ({ params, body }) => ({ config: replaceConfig(identity, params.domain_id, body.config) }),
    }),
  ];
}

function partEndpoints(identity: IdentityContext, name: string, path: string): readonly Endpoint[] {
  const at = `/domains/{domain_id}/config${path}`;
  return [
    endpoint({
      id: `domain-config${name}:default`,
      method: 'GET',
      path: `/domains/config${path}/default`,
      policy: 'identity:get_domain_config_default',
      response: DomainConfigAnswer,
      ok: 200,
      handler: ({ params }) => ({ config: defaultConfig(params as Part) }),
    }),
    endpoint({
      id: `domain-config${name}:show`,
      method: 'GET',
      path: at,
      policy: 'identity:get_domain_config',
      response: DomainConfigAnswer,
      ok: 200,
      handler: ({ params }) => {
        const place = params as Place;
        return { config: showConfig(identity, place.domain_id, place) };
      },
    }),
    endpoint({
      id: `domain-config${name}:update`,
      method: 'PATCH',
      path: at,
      policy: 'identity:update_domain_config',
      body: DomainConfigBody,
      response: DomainConfigAnswer,
      ok: 200,
      handler: ({ params, body }) => {
        const place = params as Place;
        return { config: changeConfig(identity, place.domain_id, place, body.config) };
      },
    }),
    endpoint({
      id: `domain-config${name}:delete`,
      method: 'DELETE',
      path: at,
      policy: 'identity:delete_domain_config',
      ok: 204,
      handler: ({ params }) => {
        const place = params as Place;
        removeConfig(identity, place.domain_id, place);
      },
    }),
  ];
}
