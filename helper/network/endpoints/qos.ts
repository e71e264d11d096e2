import { Type } from 'typebox';
import { endpoint, type Endpoint } from '../../http/index.ts';
import { notFound } from '../../errors/error.ts';
import { demand } from '../app/caller.ts';
import { pick } from '../app/listing.ts';
import { ruleTypeDetails, ruleTypes } from '../app/qos-rule-type.ts';
import type { QosPolicyApp } from '../app/qos-policy.ts';
import type { QosRuleApp } from '../app/qos-rule.ts';
import { wrapped } from '../schemas/common.ts';
import {
  QosPolicyCreate,
  QosPolicyShown,
  QosPolicyUpdate,
  ruleShown,
  QosRuleType as QosRuleTypeShown,
  QosRuleTypeDetails,
  ruleCreate,
  ruleUpdate,
  type QosRuleBody,
} from '../schemas/qos.ts';
import type { QosRuleType } from '../store/qos.ts';
import { crud, type Asked } from './crud.ts';

const TYPES: readonly QosRuleType[] = [
  'bandwidth_limit',
  'packet_rate_limit',
  'dscp_marking',
  'minimum_bandwidth',
  'minimum_packet_rate',
];

/** Types that can be reached without their policy (qos-rules-alias, qos-pps-minimum-rule-alias). */
const ALIASED: readonly QosRuleType[] = [
  'bandwidth_limit',
  'dscp_marking',
  'minimum_bandwidth',
  'minimum_packet_rate',
];

/** https://docs.openstack.org/api-ref/network/v2/#quality-of-service */
export const qosEndpoints = (policies: QosPolicyApp, rules: QosRuleApp): readonly Endpoint[] => [
  ...crud({
    single: 'policy',
    plural: 'policies',
    id: 'qos_policies',
    path: '/qos/policies',
    create: QosPolicyCreate,
    update: QosPolicyUpdate,
    shown: QosPolicyShown,
    load: (asked, id) => policies.load(asked, id),
    targetOf: (row, asked) => policies.target(asked, row),
    views: (asked, rows) => policies.views(asked, rows),
    list: (asked) => policies.list(asked),
    make: (asked, bodies) => policies.create(asked, bodies),
    change: (asked, row, body) => policies.update(asked, row, body),
    remove: (_asked, row) => policies.delete(row),
  }),
  ...TYPES.flatMap((type) => ruleEndpoints(policies, rules, type)),
  // The reference has the one form, neutron's own router the other.
  ...ALIASED.flatMap((type) => [
    ...aliasEndpoints(rules, type, `alias_${type}_rules`),
    ...aliasEndpoints(rules, type, `alias-${type.replaceAll('_', '-')}-rules`),
  ]),
  ...ruleTypeEndpoints,
];

function ruleEndpoints(policies: QosPolicyApp, rules: QosRuleApp, type: QosRuleType): Endpoint[] {
  const policyId = ({ params }: Asked): string => params['policy_id'] ?? '';
  return crud({
    single: `${type}_rule`,
    plural: `${type}_rules`,
    path: `/qos/policies/{policy_id}/${type}_rules`,
    rule: `policy_${type}_rule`,
    create: ruleCreate(type),
    update: ruleUpdate(type),
    shown: ruleShown(type),
    parent: (asked) => {
      // neutron asks for the right before it looks for the policy.
      if (asked.method === 'POST') demand(asked, `create_policy_${type}_rule`, {});
      return policies.target(asked, policies.load(asked, policyId(asked)));
    },
    load: (asked, id) => rules.load(asked, type, id, policyId(asked)),
    targetOf: (row, asked) => rules.target(asked, row),
    views: (_asked, rows) => rules.views(rows),
    list: (asked) => rules.list(asked, type, policyId(asked)),
    make: (asked, bodies) => rules.create(asked, type, policyId(asked), bodies as readonly QosRuleBody[]),
    change: (asked, row, body) => rules.update(asked, row, body as QosRuleBody),
    remove: (asked, row) => rules.delete(asked, row),
  });
}

function aliasEndpoints(rules: QosRuleApp, type: QosRuleType, collection: string): Endpoint[] {
  const single = `alias_${type}_rule`;
  const path = `/qos/${collection}/{id}` as '/{id}';
  const target = (context: Parameters<QosRuleApp['target']>[0] & { params: { readonly id: string } }) => {
    const row = rules.load(context, type, context.params.id, undefined);
    return { ...rules.target(context, row), row };
  };
  return [
    endpoint({
      id: `${collection}:show`,
      method: 'GET',
      path,
      policy: `get_${single}`,
      response: wrapped(single, ruleShown(type)),
      ok: 200,
      target,
      handler: (context) => ({ [single]: pick(rules.views([context.target.row])[0] ?? {}, context) }),
    }),
    endpoint({
      id: `${collection}:update`,
      method: 'PUT',
      path,
      policy: `update_${single}`,
      body: wrapped(single, ruleUpdate(type)),
      response: wrapped(single, ruleShown(type)),
      ok: 200,
      target,
      handler: (context) => {
        const asked = (context.body as Readonly<Record<string, unknown>>)[single] as QosRuleBody;
        return { [single]: rules.views([rules.update(context, context.target.row, asked)])[0] };
      },
    }),
    endpoint({
      id: `${collection}:delete`,
      method: 'DELETE',
      path,
      policy: `delete_${single}`,
      ok: 204,
      target,
      handler: (context) => rules.delete(context, context.target.row),
    }),
  ];
}

const ruleTypeEndpoints: readonly Endpoint[] = [
  endpoint({
    id: 'qos_rule_types:list',
    method: 'GET',
    path: '/qos/rule-types',
    policy: 'get_rule_type',
    response: wrapped('rule_types', Type.Array(QosRuleTypeShown)),
    ok: 200,
    handler: (context) => ({
      rule_types: ruleTypes(/^(true|1)$/i.test(context.queryAll('all_rules')[0] ?? '') ? TYPES : undefined)
        .filter(({ type }) => (context.queryAll('type')[0] ?? type) === type)
        .map((one) => pick(one, context)),
    }),
  }),
  endpoint({
    id: 'qos_rule_types:show',
    method: 'GET',
    path: '/qos/rule-types/{type}',
    policy: 'get_rule_type:details',
    response: wrapped('rule_type', QosRuleTypeDetails),
    ok: 200,
    handler: ({ params }) => {
      const type = TYPES.find((one) => one === params.type);
      if (type === undefined)
        throw notFound(`QoS rule type ${params.type} could not be found.`, { type: 'QosRuleTypeNotFound' });
      return { rule_type: ruleTypeDetails(type) };
    },
  }),
];
