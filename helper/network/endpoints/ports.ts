import { Type } from 'typebox';
import { endpoint, type Endpoint } from '../../http/index.ts';
import { bodiesOf, checkRevision, unwrapped } from '../app/caller.ts';
import { pick } from '../app/listing.ts';
import type { PortApp, PortTarget } from '../app/port.ts';
import { listed, oneOrMany, wrapped, wrappedMany } from '../schemas/common.ts';
import { PortCreate, PortShown, PortUpdate } from '../schemas/port.ts';
import { oneOrManyShown } from './shown.ts';

const targetOf = (row: PortTarget) => ({
  project_id: row.project_id,
  network_project_id: row.network_project_id,
  shared: row.shared,
});

/** https://docs.openstack.org/api-ref/network/v2/#ports */
export const portEndpoints = (ports: PortApp): readonly Endpoint[] => [
  endpoint({
    id: 'ports:list',
    method: 'GET',
    path: '/ports',
    policy: 'get_port',
    response: listed('ports', PortShown),
    ok: 200,
    handler: (context) => ports.list(context),
  }),
  endpoint({
    id: 'ports:create',
    method: 'POST',
    path: '/ports',
    policy: 'create_port',
    body: Type.Union([oneOrMany('port', 'ports', PortCreate), wrappedMany('port', 'ports', PortCreate)]),
    response: oneOrManyShown('port', 'ports', PortShown),
    ok: 201,
    handler: (context) => {
      const asked = context.body as { port?: PortCreate; ports?: readonly object[] };
      const { many, bodies } = bodiesOf(asked.port, unwrapped<PortCreate>('port', asked.ports));
      const views = ports.views(context, ports.create(context, bodies));
      return many ? { ports: views } : { port: views[0] };
    },
  }),
  endpoint({
    id: 'ports:show',
    method: 'GET',
    path: '/ports/{port_id}',
    policy: 'get_port',
    response: wrapped('port', PortShown),
    ok: 200,
    target: (context) => {
      const row = ports.load(context, context.params.port_id);
      return { ...targetOf(row), row };
    },
    handler: (context) => {
      const [view = {}] = ports.views(context, [context.target.row]);
      return { port: pick(view, context) };
    },
  }),
  endpoint({
    id: 'ports:update',
    method: 'PUT',
    path: '/ports/{port_id}',
    policy: 'update_port',
    body: wrapped('port', PortUpdate),
    response: wrapped('port', PortShown),
    ok: 200,
    target: (context) => {
      const row = ports.load(context, context.params.port_id);
      return { ...targetOf(row), row };
    },
    handler: (context) => {
      checkRevision(context, context.target.row);
      const row = ports.update(context, context.target.row, context.body.port);
      return { port: ports.views(context, [row])[0] };
    },
  }),
  endpoint({
    id: 'ports:delete',
    method: 'DELETE',
    path: '/ports/{port_id}',
    policy: 'delete_port',
    ok: 204,
    target: (context) => {
      const row = ports.load(context, context.params.port_id);
      return { ...targetOf(row), row };
    },
    handler: (context) => {
      checkRevision(context, context.target.row);
      ports.delete(context, context.target.row);
    },
  }),
];
