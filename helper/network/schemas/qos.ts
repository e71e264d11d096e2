import { Type, type Static, type TProperties } from 'typebox';
import { Flag, Name, OrNull, Tags, Text, body, owner, shown, standardShown } from './common.ts';

const settable = {
  name: Type.Optional(Name),
  description: Type.Optional(Text),
  shared: Type.Optional(Flag),
  is_default: Type.Optional(Flag),
};
export const QosPolicyCreate = body({ ...settable, ...owner, tags: Type.Optional(Tags) });
export type QosPolicyCreate = Static<typeof QosPolicyCreate>;
export const QosPolicyUpdate = body(settable);
export type QosPolicyUpdate = Static<typeof QosPolicyUpdate>;

const id = Type.String();
const direction = Type.String();
const amount = Type.Integer();
/** What a rule of each type shows. */
const RULE_SHOWN = {
  bandwidth_limit: { id, direction, max_kbps: amount, max_burst_kbps: amount },
  packet_rate_limit: { id, direction, max_kpps: amount, max_burst_kpps: amount },
  dscp_marking: { id, dscp_mark: amount },
  minimum_bandwidth: { id, direction, min_kbps: amount },
  minimum_packet_rate: { id, direction, min_kpps: amount },
};

export const QosPolicyShown = shown({
  ...standardShown,
  name: Type.String(),
  shared: Type.Boolean(),
  is_default: Type.Boolean(),
  rules: Type.Array(
    Type.Union(
      Object.entries(RULE_SHOWN).map(([type, properties]) =>
        body({ ...properties, type: Type.Literal(type), qos_policy_id: Type.String() }),
      ),
    ),
  ),
  tags: Type.Array(Type.String()),
});

// neutron takes numbers as text too.
const Amount = Type.Union([
  Type.Integer({ minimum: 0, maximum: 2_147_483_647 }),
  Type.String({ pattern: '^\\d{1,10}$' }),
]);
const OneOf = (...words: readonly string[]) => Type.String({ pattern: `^(?:${words.join('|')})$` });
const Direction = OneOf('ingress', 'egress');

/** What a body of each type of rule has; `needed` on creation. */
export const RULE_FIELDS = {
  bandwidth_limit: {
    needed: { max_kbps: Amount },
    optional: { max_burst_kbps: Amount, direction: Direction },
  },
  packet_rate_limit: {
    needed: { max_kpps: Amount },
    optional: { max_burst_kpps: Amount, direction: Direction },
  },
  dscp_marking: { needed: { dscp_mark: Amount }, optional: {} },
  minimum_bandwidth: { needed: { min_kbps: Amount }, optional: { direction: Direction } },
  minimum_packet_rate: {
    needed: { min_kpps: Amount },
    optional: { direction: OneOf('ingress', 'egress', 'any') },
  },
} as const satisfies Record<string, { needed: TProperties; optional: TProperties }>;

const partial = (properties: TProperties): TProperties =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, Type.Optional(schema)]));

const fieldsOf = (type: keyof typeof RULE_FIELDS): { needed: TProperties; optional: TProperties } =>
  RULE_FIELDS[type];

export const ruleCreate = (type: keyof typeof RULE_FIELDS) => {
  const { needed, optional } = fieldsOf(type);
  return body({ ...needed, ...partial(optional), ...partial(owner) });
};
export const ruleUpdate = (type: keyof typeof RULE_FIELDS) => {
  const { needed, optional } = fieldsOf(type);
  return body({ ...partial(needed), ...partial(optional) });
};

/** Body of any type of rule. */
export type QosRuleBody = Readonly<Record<string, string | number | undefined>>;

export const ruleShown = (type: keyof typeof RULE_SHOWN) => shown(RULE_SHOWN[type]);

export const QosRuleType = shown({ type: Type.String() });

export const QosRuleTypeDetails = body({
  type: Type.String(),
  drivers: Type.Array(
    body({
      name: Type.String(),
      supported_parameters: Type.Array(
        body({
          parameter_name: Type.String(),
          parameter_type: Type.String(),
          parameter_values: Type.Union([
            Type.Array(Type.Union([Type.String(), Type.Integer()])),
            body({ start: Type.Integer(), end: Type.Integer() }),
          ]),
        }),
      ),
    }),
  ),
});

/** qos_policy_id of what can have a policy. */
export const QosPolicyId = Type.Optional(OrNull(Type.String({ format: 'uuid' })));
