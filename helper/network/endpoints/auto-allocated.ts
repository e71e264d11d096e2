import { Type } from 'typebox';
import { endpoint, type Endpoint } from '../../http/index.ts';
import type { AutoAllocatedTopology } from '../app/auto-allocated.ts';
import { body, wrapped } from '../schemas/common.ts';

const Topology = body({ id: Type.String(), project_id: Type.String(), tenant_id: Type.String() });

/** https://docs.openstack.org/api-ref/network/v2/#auto-allocated-topologies */
export const autoAllocatedEndpoints = (topology: AutoAllocatedTopology): readonly Endpoint[] => [
  endpoint({
    id: 'auto_allocated_topology:get',
    method: 'GET',
    path: '/auto-allocated-topology/{project_id}',
    policy: 'get_auto_allocated_topology',
    response: wrapped('auto_allocated_topology', Topology),
    ok: 200,
    target: (context) => ({ project_id: topology.projectOf(context, context.params.project_id) }),
    handler: (context) => ({
      auto_allocated_topology: topology.get(context, context.target.project_id, context.queryAll('fields')),
    }),
  }),
  endpoint({
    id: 'auto_allocated_topology:delete',
    method: 'DELETE',
    path: '/auto-allocated-topology/{project_id}',
    policy: 'delete_auto_allocated_topology',
    ok: 204,
    target: (context) => ({ project_id: topology.projectOf(context, context.params.project_id) }),
    handler: (context) => {
      topology.delete(context, context.target.project_id);
    },
  }),
];
