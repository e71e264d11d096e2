import { endpoint, type Endpoint } from '../../http/index.ts';
import type { MeteringApp } from '../app/metering.ts';
import { wrapped } from '../schemas/common.ts';
import {
  MeteringCounters,
  MeteringLabelCreate,
  MeteringLabelRuleCreate,
  MeteringLabelRuleShown,
  MeteringLabelShown,
} from '../schemas/metering.ts';
import { crud } from './crud.ts';

const LABELS = '/metering/metering-labels';

/** https://docs.openstack.org/api-ref/network/v2/#metering-labels-and-rules, and the counters themselves. */
export const meteringEndpoints = (metering: MeteringApp): readonly Endpoint[] => [
  ...crud({
    single: 'metering_label',
    plural: 'metering_labels',
    path: LABELS,
    create: MeteringLabelCreate,
    shown: MeteringLabelShown,
    load: (asked, id) => metering.label(asked, id),
    targetOf: (row) => ({ project_id: row.project_id }),
    views: (_asked, rows) => metering.labelViews(rows),
    list: (asked) => metering.labels(asked),
    make: (asked, bodies) => metering.createLabels(asked, bodies),
    remove: (asked, row) => metering.deleteLabel(asked, row),
  }),
  endpoint({
    id: 'metering_labels:counters',
    method: 'GET',
    path: `${LABELS}/{id}/counters` as '/{id}',
    policy: 'get_metering_label',
    response: wrapped('metering_label_counters', MeteringCounters),
    ok: 200,
    target: (context) => {
      const row = metering.label(context, context.params.id);
      return { row, project_id: row.project_id };
    },
    handler: async ({ target }) => ({ metering_label_counters: await metering.counters(target.row) }),
  }),
  ...crud({
    single: 'metering_label_rule',
    plural: 'metering_label_rules',
    path: '/metering/metering-label-rules',
    create: MeteringLabelRuleCreate,
    shown: MeteringLabelRuleShown,
    load: (asked, id) => metering.rule(asked, id),
    targetOf: (row) => ({ project_id: row.project_id }),
    views: (_asked, rows) => metering.ruleViews(rows),
    list: (asked) => metering.rules(asked),
    make: (asked, bodies) => metering.createRules(asked, bodies),
    remove: (asked, row) => metering.deleteRule(asked, row),
  }),
];
