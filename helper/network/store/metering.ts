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
    `SELECT * FROM metering_label_rule WHERE metering_label_id IN ${inJson} ORDER BY +seq`,
  ).all(JSON.stringify(labelIds));

/**
 * Routers that a label counts at: those of its project that have a gateway, or of all when it is shared.
 * @param among only these.
 */
export const routersOfLabel = (db: Db, label: MeteringLabelRow, among?: readonly string[]): string[] =>
  statement<[Readonly<Record<string, string>>], { id: string }>(
    db,
    // Signs keep the indexes of what is wider than the ids from being used.
    `SELECT id FROM router WHERE +gateway_network_id IS NOT NULL
       ${label.shared === 1 ? '' : `AND ${among === undefined ? '' : '+'}project_id = @project`}
       ${among === undefined ? '' : 'AND id IN (SELECT value FROM json_each(@among))'} ORDER BY +seq`,
  )
    .all({
      ...(label.shared === 1 ? {} : { project: label.project_id }),
      ...(among === undefined ? {} : { among: JSON.stringify(among) }),
    })
    .map((row) => row.id);
