import { endpoint, type Endpoint } from '../../http/index.ts';
import { bodiesOf, checkRevision } from '../app/caller.ts';
import { pick } from '../app/listing.ts';
import type { SecurityGroupRuleApp } from '../app/security-group-rule.ts';
import { ruleView } from '../app/view.ts';
import { listed, oneOrMany, wrapped } from '../schemas/common.ts';
import { RuleCreate, RuleShown } from '../schemas/security-group.ts';
import { oneOrManyShown } from './shown.ts';

/** https://docs.openstack.org/api-ref/network/v2/#security-group-rules-security-group-rules */
export const securityGroupRuleEndpoints = (rules: SecurityGroupRuleApp): readonly Endpoint[] => [
  endpoint({
    id: 'security_group_rules:list',
    method: 'GET',
    path: '/security-group-rules',
    policy: 'get_security_group_rule',
    response: listed('security_group_rules', RuleShown),
    ok: 200,
    handler: (context) => rules.list(context),
  }),
  endpoint({
    id: 'security_group_rules:create',
    method: 'POST',
    path: '/security-group-rules',
    policy: 'create_security_group_rule',
    body: oneOrMany('security_group_rule', 'security_group_rules', RuleCreate),
    response: oneOrManyShown('security_group_rule', 'security_group_rules', RuleShown),
    ok: 201,
    handler: (context) => {
      const { many, bodies } = bodiesOf(context.body.security_group_rule, context.body.security_group_rules);
      const views = rules.create(context, bodies).map(ruleView);
      return many ? { security_group_rules: views } : { security_group_rule: views[0] };
    },
  }),
  endpoint({
    id: 'security_group_rules:show',
    method: 'GET',
    path: '/security-group-rules/{security_group_rule_id}',
    policy: 'get_security_group_rule',
    response: wrapped('security_group_rule', RuleShown),
    ok: 200,
    target: (context) => {
      const row = rules.load(context, context.params.security_group_rule_id);
      return { row, project_id: row.project_id };
    },
    handler: (context) => {
      return { security_group_rule: pick(ruleView(context.target.row), context) };
    },
  }),
  endpoint({
    id: 'security_group_rules:delete',
    method: 'DELETE',
    path: '/security-group-rules/{security_group_rule_id}',
    policy: 'delete_security_group_rule',
    ok: 204,
    target: (context) => {
      const row = rules.load(context, context.params.security_group_rule_id);
      return { row, project_id: row.project_id };
    },
    handler: (context) => {
      checkRevision(context, context.target.row);
      rules.delete(context.target.row);
    },
  }),
];
