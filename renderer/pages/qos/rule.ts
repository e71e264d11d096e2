import type { QosPolicy } from '../../cloud/types.ts';
import type { Messages } from '../../i18n/en/index.ts';

export type QosRule = QosPolicy['rules'][number];

/** Kinds of rules that a single host can keep (GET /qos/rule-types). */
export const RULE_KINDS = ['bandwidth_limit', 'packet_rate_limit', 'dscp_marking'] as const;
export type RuleKind = (typeof RULE_KINDS)[number];

/** neutron's marks (RFC 2474, 2597, 3246), with the names that people know them by. */
export const MARKS: readonly (readonly [mark: number, name: string])[] = [
  [0, 'CS0'],
  [8, 'CS1'],
  [10, 'AF11'],
  [12, 'AF12'],
  [14, 'AF13'],
  [16, 'CS2'],
  [18, 'AF21'],
  [20, 'AF22'],
  [22, 'AF23'],
  [24, 'CS3'],
  [26, 'AF31'],
  [28, 'AF32'],
  [30, 'AF33'],
  [32, 'CS4'],
  [34, 'AF41'],
  [36, 'AF42'],
  [38, 'AF43'],
  [40, 'CS5'],
  [46, 'EF'],
  [48, 'CS6'],
  [56, 'CS7'],
];

/** 10000 is '10 Mbit/s'. @param kbps thousand bits a second. */
export const rateText = (kbps: number): string =>
  kbps >= 1_000_000
    ? `${kbps / 1_000_000} Gbit/s`
    : kbps >= 1000
      ? `${kbps / 1000} Mbit/s`
      : `${kbps} kbit/s`;

/** A rule as a person would say it. */
export function sentenceOf(rule: QosRule, m: Messages): string {
  const words = m.qos.sentences;
  const out = rule['direction'] !== 'ingress';
  if (rule.type === 'bandwidth_limit') return words.bandwidth(rateText(Number(rule['max_kbps'])), out);
  if (rule.type === 'packet_rate_limit') return words.packets(Number(rule['max_kpps']), out);
  if (rule.type === 'dscp_marking') return words.mark(Number(rule['dscp_mark']));
  return words.least(
    rule.type === 'minimum_bandwidth'
      ? rateText(Number(rule['min_kbps']))
      : `${String(rule['min_kpps'])} kpps`,
  );
}

/** What the form of a rule holds. */
export interface RuleValues {
  kind: RuleKind;
  direction: 'egress' | 'ingress';
  /** kbit/s, or thousand packets a second. */
  most: number | null;
  burst: number | null;
  mark: number;
}

export const NEW_RULE: RuleValues = {
  kind: 'bandwidth_limit',
  direction: 'egress',
  most: 10_000,
  burst: null,
  mark: 46,
};

/** @returns what is wrong with the numbers; undefined when nothing is. */
export const wrongNumber = ({ kind, most, burst }: RuleValues, m: Messages): string | undefined =>
  kind === 'dscp_marking' ||
  (most !== null &&
    Number.isInteger(most) &&
    most >= 1 &&
    (burst === null || (Number.isInteger(burst) && burst >= 1)))
    ? undefined
    : m.qos.badNumber;

/** The body of POST /qos/policies/{id}/{kind}_rules. */
export function ruleBody({ kind, direction, most, burst, mark }: RuleValues): object {
  if (kind === 'dscp_marking') return { dscp_marking_rule: { dscp_mark: mark } };
  const unit = kind === 'bandwidth_limit' ? 'kbps' : 'kpps';
  return {
    [`${kind}_rule`]: {
      direction,
      [`max_${unit}`]: most,
      ...(burst === null ? {} : { [`max_burst_${unit}`]: burst }),
    },
  };
}
