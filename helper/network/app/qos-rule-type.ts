import type { QosRuleType } from '../store/qos.ts';
import { SUPPORTED } from './qos-binding.ts';
import { DSCP_MARKS } from './qos-rule.ts';

const AMOUNT = { start: 0, end: 2_147_483_647 };

const range = (parameter_name: string) => ({
  parameter_name,
  parameter_type: 'range',
  parameter_values: AMOUNT,
});
const choices = (parameter_name: string, values: readonly (string | number)[]) => ({
  parameter_name,
  parameter_type: 'choices',
  parameter_values: [...values],
});
const DIRECTION = choices('direction', ['egress', 'ingress']);

const PARAMETERS: Partial<
  Record<QosRuleType, readonly (ReturnType<typeof range> | ReturnType<typeof choices>)[]>
> = {
  bandwidth_limit: [range('max_kbps'), range('max_burst_kbps'), DIRECTION],
  packet_rate_limit: [range('max_kpps'), range('max_burst_kpps'), DIRECTION],
  dscp_marking: [choices('dscp_mark', DSCP_MARKS)],
};

/** Types that this host keeps; all that can be written down where they are asked for (qos-rule-type-filter). */
export const ruleTypes = (types: readonly QosRuleType[] = SUPPORTED): { readonly type: QosRuleType }[] =>
  types.map((type) => ({ type }));

/** What this host's driver takes; no driver for what it does not keep. */
export const ruleTypeDetails = (type: QosRuleType) => ({
  type,
  drivers:
    PARAMETERS[type] === undefined ? [] : [{ name: 'deskcloud', supported_parameters: PARAMETERS[type] }],
});
