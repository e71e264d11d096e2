import { Type } from 'typebox';
import { notFound } from '../../errors/error.ts';
import { endpoint, mv, type Endpoint } from '../../http/index.ts';
import type { ServerNic } from '../../network/face.ts';
import { addressesBody } from '../app/server-view.ts';
import type { ServerApp, ServerTarget } from '../app/server.ts';
import { Uuid, nullable, strict } from '../schemas/common.ts';
import { Addresses } from '../schemas/server.ts';
import { SecurityGroup, groupBody } from './security-groups.ts';

const interfaceProperties = {
  port_state: Type.String(),
  fixed_ips: Type.Array(strict({ ip_address: Type.String({ format: 'ip' }), subnet_id: Uuid })),
  net_id: Uuid,
  port_id: Uuid,
  mac_addr: Type.String({ format: 'mac' }),
};
const Interface = strict(interfaceProperties);
const TaggedInterface = strict({ ...interfaceProperties, tag: nullable(Type.String()) });

const interfaceBody = (version: number, { row }: ServerTarget, nic: ServerNic) => ({
  port_state: nic.status ?? (row.power_state === 1 ? 'ACTIVE' : 'DOWN'),
  fixed_ips: nic.fixedIps
    .filter(({ subnetId }) => subnetId !== undefined)
    .map(({ address, subnetId }) => ({ ip_address: address, subnet_id: subnetId })),
  net_id: nic.networkId,
  port_id: nic.portId,
  mac_addr: nic.macAddress,
  ...(version >= mv('2.70') ? { tag: nic.tag ?? null } : {}),
});

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
  endpoint({
    id: 'os-attach-interfaces:list',
    method: 'GET',
    path: '/servers/{server_id}/os-interface',
    policy: 'os_compute_api:os-attach-interfaces:list',
    response: [
      { from: mv('2.1'), schema: strict({ interfaceAttachments: Type.Array(Interface) }) },
      { from: mv('2.70'), schema: strict({ interfaceAttachments: Type.Array(TaggedInterface) }) },
    ],
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target, version }) => ({
      interfaceAttachments: servers.nics(target).map((nic) => interfaceBody(version, target, nic)),
    }),
  }),
  endpoint({
    id: 'os-attach-interfaces:show',
    method: 'GET',
    path: '/servers/{server_id}/os-interface/{port_id}',
    policy: 'os_compute_api:os-attach-interfaces:show',
    response: [
      { from: mv('2.1'), schema: strict({ interfaceAttachment: Interface }) },
      { from: mv('2.70'), schema: strict({ interfaceAttachment: TaggedInterface }) },
    ],
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target, version, params }) => {
      const nic = servers.nics(target).find(({ portId }) => portId === params.port_id);
      if (nic === undefined)
        throw notFound(
          `Instance ${target.row.id} does not have a port with id ${params.port_id.slice(0, 64)}`,
        );
      return { interfaceAttachment: interfaceBody(version, target, nic) };
    },
  }),
  endpoint({
    id: 'os-volumes-attachments:index',
    method: 'GET',
    path: '/servers/{server_id}/os-volume_attachments',
    policy: 'os_compute_api:os-volumes-attachments:index',
    response: strict({ volumeAttachments: Type.Array(Type.Unknown(), { maxItems: 0 }) }),
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    // There are no volumes before there is a block storage service; `openstack server show` asks all the same.
    handler: () => ({ volumeAttachments: [] }),
  }),
];
