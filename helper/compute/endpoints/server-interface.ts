import { Type } from 'typebox';
import { notFound } from '../../errors/error.ts';
import { callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import type { ServerNic } from '../../network/face.ts';
import type { InterfaceRequest, ServerInterfaces } from '../app/server-interface.ts';
import type { ServerApp, ServerTarget } from '../app/server.ts';
import { Tag, Uuid, byVersion, nullable, strict } from '../schemas/common.ts';

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

const Attached = [
  { from: mv('2.1'), schema: strict({ interfaceAttachment: Interface }) },
  { from: mv('2.70'), schema: strict({ interfaceAttachment: TaggedInterface }) },
];

const Attach = byVersion(['2.1', '2.49'], (version) =>
  strict({
    interfaceAttachment: Type.Optional(
      strict({
        net_id: Type.Optional(Uuid),
        port_id: Type.Optional(nullable(Uuid)),
        fixed_ips: Type.Optional(
          Type.Array(strict({ ip_address: Type.String({ format: 'ip' }) }), { minItems: 1, maxItems: 1 }),
        ),
        ...(version >= mv('2.49') ? { tag: Type.Optional(Tag) } : {}),
      }),
    ),
  }),
);

/** /servers/{id}/os-interface (api-ref, "Port interfaces"). */
export const serverInterfaceEndpoints = (
  servers: ServerApp,
  interfaces: ServerInterfaces,
): readonly Endpoint[] => {
  const shown = (target: ServerTarget, version: number, portId: string): object => {
    const nic = servers.nics(target).find((one) => one.portId === portId);
    if (nic === undefined)
      throw notFound(`Instance ${target.row.id} does not have a port with id ${portId.slice(0, 64)}`);
    return { interfaceAttachment: interfaceBody(version, target, nic) };
  };
  return [
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
      response: Attached,
      ok: 200,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: ({ target, version, params }) => shown(target, version, params.port_id),
    }),
    endpoint({
      id: 'os-attach-interfaces:create',
      method: 'POST',
      path: '/servers/{server_id}/os-interface',
      policy: 'os_compute_api:os-attach-interfaces:create',
      body: Attach,
      response: Attached,
      ok: 200,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: async (context) => {
        const { target, version } = context;
        const { interfaceAttachment = {} } = context.body as { interfaceAttachment?: InterfaceRequest };
        const portId = await interfaces.attach(callerOf(context), target, interfaceAttachment);
        return shown(target, version, portId);
      },
    }),
    endpoint({
      id: 'os-attach-interfaces:delete',
      method: 'DELETE',
      path: '/servers/{server_id}/os-interface/{port_id}',
      policy: 'os_compute_api:os-attach-interfaces:delete',
      response: 'none',
      ok: 202,
      target: ({ auth, params }) => servers.target(auth, params.server_id),
      handler: (context) => {
        interfaces.detach(callerOf(context), context.target, context.params.port_id);
      },
    }),
  ];
};
