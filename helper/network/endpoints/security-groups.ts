import { Type } from 'typebox';
import { endpoint, type Endpoint } from '../../http/index.ts';
import { bodiesOf, checkRevision, unwrapped } from '../app/caller.ts';
import { pick } from '../app/listing.ts';
import type { SecurityGroupApp } from '../app/security-group.ts';
import { listed, oneOrMany, wrapped, wrappedMany } from '../schemas/common.ts';
import { GroupCreate, GroupShown, GroupUpdate } from '../schemas/security-group.ts';
import { oneOrManyShown } from './shown.ts';

/** https://docs.openstack.org/api-ref/network/v2/#security-groups-security-groups */
export const securityGroupEndpoints = (groups: SecurityGroupApp): readonly Endpoint[] => [
  endpoint({
    id: 'security_groups:list',
    method: 'GET',
    path: '/security-groups',
    policy: 'get_security_group',
    response: listed('security_groups', GroupShown),
    ok: 200,
    handler: (context) => groups.list(context),
  }),
  endpoint({
    id: 'security_groups:create',
    method: 'POST',
    path: '/security-groups',
    policy: 'create_security_group',
    body: Type.Union([
      oneOrMany('security_group', 'security_groups', GroupCreate),
      wrappedMany('security_group', 'security_groups', GroupCreate),
    ]),
    response: oneOrManyShown('security_group', 'security_groups', GroupShown),
    ok: 201,
    handler: (context) => {
      const asked = context.body as { security_group?: GroupCreate; security_groups?: readonly object[] };
      const bulk = unwrapped<GroupCreate>('security_group', asked.security_groups);
      const { many, bodies } = bodiesOf(asked.security_group, bulk);
      const views = groups.views(context, groups.create(context, bodies));
      return many ? { security_groups: views } : { security_group: views[0] };
    },
  }),
  endpoint({
    id: 'security_groups:show',
    method: 'GET',
    path: '/security-groups/{security_group_id}',
    policy: 'get_security_group',
    response: wrapped('security_group', GroupShown),
    ok: 200,
    target: (context) => {
      const row = groups.load(context, context.params.security_group_id);
      return { row, ...groups.target(context, row) };
    },
    handler: (context) => {
      const [view = {}] = groups.views(context, [context.target.row]);
      return { security_group: pick(view, context) };
    },
  }),
  endpoint({
    id: 'security_groups:update',
    method: 'PUT',
    path: '/security-groups/{security_group_id}',
    policy: 'update_security_group',
    body: wrapped('security_group', GroupUpdate),
    response: wrapped('security_group', GroupShown),
    ok: 200,
    target: (context) => {
      const row = groups.load(context, context.params.security_group_id);
      return { row, ...groups.target(context, row) };
    },
    handler: (context) => {
      checkRevision(context, context.target.row);
      const row = groups.update(context.target.row, context.body.security_group);
      return { security_group: groups.views(context, [row])[0] };
    },
  }),
  endpoint({
    id: 'security_groups:delete',
    method: 'DELETE',
    path: '/security-groups/{security_group_id}',
    policy: 'delete_security_group',
    ok: 204,
    target: (context) => {
      const row = groups.load(context, context.params.security_group_id);
      return { row, ...groups.target(context, row) };
    },
    handler: (context) => {
      checkRevision(context, context.target.row);
      groups.delete(context, context.target.row);
    },
  }),
];
