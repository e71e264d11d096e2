import { Type } from 'typebox';
import { endpoint, Reply, type Endpoint } from '../../http/index.ts';
import { DHCP_AGENT } from '../app/agent.ts';
import type { AgentScheduler } from '../app/agent-scheduler.ts';
import { isAdmin } from '../app/caller.ts';
import { pick } from '../app/listing.ts';
import { listItems } from '../app/listing-memory.ts';
import type { NetworkApp } from '../app/network.ts';
import type { RouterApp } from '../app/router.ts';
import { body, Flag, Id, listed, OrNull, Text, wrapped } from '../schemas/common.ts';
import { Agent, RouterAgent } from '../schemas/misc.ts';
import { NetworkShown } from '../schemas/network.ts';
import { RouterShown } from '../schemas/router.ts';

const AgentUpdate = body({
  admin_state_up: Type.Optional(Flag),
  description: Type.Optional(OrNull(Text)),
});

/** https://docs.openstack.org/api-ref/network/v2/#agents, and what they serve (dhcp and l3 agent schedulers). */
export const agentEndpoints = (
  scheduler: AgentScheduler,
  networks: NetworkApp,
  routers: RouterApp,
): readonly Endpoint[] => [
  endpoint({
    id: 'agents:list',
    method: 'GET',
    path: '/agents',
    policy: 'get_agent:list',
    response: listed('agents', Agent),
    ok: 200,
    // A list leaves out what the caller may not see, which here is all.
    handler: (context) => listItems('agents', isAdmin(context) ? scheduler.agents() : [], context),
  }),
  endpoint({
    id: 'agents:show',
    method: 'GET',
    path: '/agents/{agent_id}',
    policy: 'get_agent',
    response: wrapped('agent', Agent),
    ok: 200,
    handler: (context) => ({ agent: pick(scheduler.load(context.params.agent_id), context) }),
  }),
  endpoint({
    id: 'agents:update',
    method: 'PUT',
    path: '/agents/{agent_id}',
    policy: 'update_agent',
    body: wrapped('agent', AgentUpdate),
    response: wrapped('agent', Agent),
    ok: 200,
    handler: (context) => ({
      agent: scheduler.update(scheduler.load(context.params.agent_id), context.body.agent),
    }),
  }),
  endpoint({
    id: 'agents:delete',
    method: 'DELETE',
    path: '/agents/{agent_id}',
    policy: 'delete_agent',
    ok: 204,
    handler: (context) => {
      scheduler.delete(scheduler.load(context.params.agent_id));
    },
  }),
  endpoint({
    id: 'agents:dhcp-networks:list',
    method: 'GET',
    path: '/agents/{agent_id}/dhcp-networks',
    policy: 'get_dhcp-networks',
    response: wrapped('networks', Type.Array(NetworkShown)),
    ok: 200,
    handler: (context) => ({
      networks: networks.views(context, scheduler.networksOf(context.params.agent_id)),
    }),
  }),
  endpoint({
    id: 'agents:dhcp-networks:add',
    method: 'POST',
    path: '/agents/{agent_id}/dhcp-networks',
    policy: 'create_dhcp-network',
    body: body({ network_id: Id }),
    response: Type.Null(),
    ok: 201,
    handler: (context) => {
      scheduler.addNetwork(context.params.agent_id, context.body.network_id);
      return new Reply({ body: null });
    },
  }),
  endpoint({
    id: 'agents:dhcp-networks:remove',
    method: 'DELETE',
    path: '/agents/{agent_id}/dhcp-networks/{network_id}',
    policy: 'delete_dhcp-network',
    ok: 204,
    handler: ({ params }) => {
      scheduler.removeNetwork(params.agent_id, params.network_id);
    },
  }),
  endpoint({
    id: 'networks:dhcp-agents',
    method: 'GET',
    path: '/networks/{network_id}/dhcp-agents',
    policy: 'get_dhcp-agents',
    response: wrapped('agents', Type.Array(Agent)),
    ok: 200,
    handler: (context) => ({
      agents: scheduler.agentsOf(networks.load(context, context.params.network_id).id, DHCP_AGENT),
    }),
  }),
  endpoint({
    id: 'agents:l3-routers:list',
    method: 'GET',
    path: '/agents/{agent_id}/l3-routers',
    policy: 'get_l3-routers',
    response: wrapped('routers', Type.Array(RouterShown)),
    ok: 200,
    handler: (context) => ({
      routers: routers.views(context, scheduler.routersOf(context.params.agent_id)),
    }),
  }),
  endpoint({
    id: 'agents:l3-routers:add',
    method: 'POST',
    path: '/agents/{agent_id}/l3-routers',
    policy: 'create_l3-router',
    body: body({ router_id: Id }),
    response: Type.Null(),
    ok: 201,
    handler: (context) => {
      scheduler.addRouter(context.params.agent_id, context.body.router_id);
      return new Reply({ body: null });
    },
  }),
  endpoint({
    id: 'agents:l3-routers:remove',
    method: 'DELETE',
    path: '/agents/{agent_id}/l3-routers/{router_id}',
    policy: 'delete_l3-router',
    ok: 204,
    handler: ({ params }) => {
      scheduler.removeRouter(params.agent_id, params.router_id);
    },
  }),
  endpoint({
    id: 'routers:l3-agents',
    method: 'GET',
    path: '/routers/{router_id}/l3-agents',
    policy: 'get_l3-agents',
    response: wrapped('agents', Type.Array(RouterAgent)),
    ok: 200,
    handler: (context) => ({
      agents: scheduler.agentsOfRouter(routers.load(context, context.params.router_id)),
    }),
  }),
];
