import { statement, type Db } from '../../db/index.ts';
import type { StandardRow } from './row.ts';
import { inJson, table } from './table.ts';

export interface MeteringLabelRow extends StandardRow {
  readonly name: string;
  readonly shared: number;
}

export interface MeteringLabelRuleRow extends StandardRow {
  readonly metering_label_id: string;
  readonly direction: 'ingress' | 'egress';
  readonly excluded: number;
  readonly remote_ip_prefix: string | null;
  readonly source_ip_prefix: string | null;
  readonly destination_ip_prefix: string | null;
}

export const meteringLabels = table<MeteringLabelRow>('metering_label');
export const meteringLabelRules = table<MeteringLabelRuleRow>('metering_label_rule');

/** Labels that count at the routers of a project: its own and the shared ones. */
export const labelsAtProject = (db: Db, projectId: string): MeteringLabelRow[] =>
  statement<[string], MeteringLabelRow>(
    db,
    'SELECT * FROM metering_label WHERE project_id = ? OR shared = 1 ORDER BY seq',
  ).all(projectId);

export const rulesOfLabels = (db: Db, labelIds: readonly string[]): MeteringLabelRuleRow[] =>
  statement<[string], MeteringLabelRuleRow>(
    db,
    `SELECT * FROM metering_label_rule WHERE metering_label_id IN ${inJson} ORDER BY seq`,
  ).all(JSON.stringify(labelIds));

/** Routers that a label counts at. */
export const routersOfLabel = (db: Db, label: MeteringLabelRow): string[] =>
  statement<[number, string], { id: string }>(
    db,
    'SELECT id FROM router WHERE ? = 1 OR project_id = ? ORDER BY seq',
  )
    .all(label.shared, label.project_id)
    .map((row) => row.id);
