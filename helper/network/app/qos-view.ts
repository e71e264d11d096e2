import type { QosRuleRow, QosRuleType } from '../store/qos.ts';

/** Columns that rules of a type have. */
export const RULE_COLUMNS = {
  bandwidth_limit: ['direction', 'max_kbps', 'max_burst_kbps'],
  packet_rate_limit: ['direction', 'max_kpps', 'max_burst_kpps'],
  dscp_marking: ['dscp_mark'],
  minimum_bandwidth: ['direction', 'min_kbps'],
  minimum_packet_rate: ['direction', 'min_kpps'],
} as const satisfies Record<QosRuleType, readonly (keyof QosRuleRow)[]>;

/** A rule as its own resource shows it. */
export const ruleBrief = (row: QosRuleRow): Record<string, string | number | null> => ({
  id: row.id,
  ...Object.fromEntries(RULE_COLUMNS[row.type].map((name) => [name, row[name]])),
});
