import { Type } from 'typebox';
import { notFound } from '../../errors/error.ts';
import { endpoint, type Endpoint } from '../../http/index.ts';
import { addressesBody } from '../app/server-view.ts';
import type { ServerApp } from '../app/server.ts';
import { strict } from '../schemas/common.ts';
import { Addresses } from '../schemas/server.ts';
import { SecurityGroup, groupBody } from './security-groups.ts';

/** What the network service knows of a server, as the compute API shows it. */
export const serverNetworkEndpoints = (servers: ServerApp): readonly Endpoint[] => [
  endpoint({
    id: 'ips:index',
    method: 'GET',
    path: '/servers/{server_id}/ips',
    policy: 'os_compute_api:ips:index',
    response: strict({ addresses: Addresses }),
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target }) => ({ addresses: addressesBody(servers.addresses(target), false) }),
  }),
  endpoint({
    id: 'ips:show',
    method: 'GET',
    path: '/servers/{server_id}/ips/{network}',
    policy: 'os_compute_api:ips:show',
    response: Addresses,
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target, params }) => {
      const all = addressesBody(servers.addresses(target), false);
      if (!Object.hasOwn(all, params.network))
        throw notFound('Instance is not a member of specified network');
      return { [params.network]: all[params.network] };
    },
  }),
  endpoint({
    id: 'os-security-groups:list',
    method: 'GET',
    path: '/servers/{server_id}/os-security-groups',
    policy: 'os_compute_api:os-security-groups:list',
    response: strict({ security_groups: Type.Array(SecurityGroup) }),
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target }) => ({ security_groups: servers.groupsOf(target).map(groupBody) }),
  }),
];
