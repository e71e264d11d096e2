import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import type { QosRuleBody } from '../schemas/qos.ts';
import {
  portsUnderQosPolicy,
  qosPolicies,
  qosRules,
  rulesOfQosPolicies,
  type QosPolicyRow,
  type QosRuleRow,
  type QosRuleType,
} from '../store/qos.ts';
import type { Caller } from './context.ts';
import { columns, listResources, type Column, type Listing } from './listing.ts';
import { notSupported, SUPPORTED } from './qos-binding.ts';
import { qosPolicyChanged, type QosPolicyApp } from './qos-policy.ts';
import { RULE_COLUMNS, ruleBrief } from './qos-view.ts';
import type { RouterContext } from './router-context.ts';

const listingOf = (type: QosRuleType): Listing<QosRuleRow> => ({
  table: qosRules,
  plural: `${type}_rules`,
  columns: {
    id: columns.text('id'),
    ...Object.fromEntries(
      RULE_COLUMNS[type].map((name): [string, Column] => [
        name,
        name === 'direction' ? columns.text(name) : { sql: name, type: 'integer' },
      ]),
    ),
  },
});

/** neutron's VALID_DSCP_MARKS. */
export const DSCP_MARKS: readonly number[] = [
  0, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30, 32, 34, 36, 38, 40, 46, 48, 56,
];

const ruleNotFound = (policyId: string, id: string): Error =>
  notFound(`QoS rule ${id} for policy ${policyId} could not be found.`, { type: 'QosRuleNotFound' });

/** Rules of QoS policies, all types of them. */
export class QosRuleApp {
  readonly #context: RouterContext;
  readonly #policies: QosPolicyApp;

  constructor(context: RouterContext, policies: QosPolicyApp) {
    this.#context = context;
    this.#policies = policies;
  }

  /** @param policyId undefined for the alias API, which names a rule alone. */
  load(
    caller: Pick<Caller, 'auth'>,
    type: QosRuleType,
    id: string,
    policyId: string | undefined,
  ): QosRuleRow {
    const row = qosRules.byId(this.#context.network.db, id);
    if (row?.type !== type || (policyId !== undefined && row.qos_policy_id !== policyId))
      throw ruleNotFound(policyId ?? '', id);
    this.#policies.load(caller, row.qos_policy_id);
    return row;
  }

  target(caller: Pick<Caller, 'auth'>, row: QosRuleRow) {
    return this.#policies.target(caller, this.#policies.load(caller, row.qos_policy_id));
  }

  views(rows: readonly QosRuleRow[]) {
    return rows.map(ruleBrief);
  }

  list(context: RequestContext, type: QosRuleType, policyId: string): Record<string, unknown> {
    const mine = [{ sql: 'qos_policy_id = ? AND type = ?', values: [policyId, type] }];
    return listResources(this.#context.network.db, listingOf(type), context, mine, (rows) =>
      this.views(rows),
    );
  }

  create(caller: Caller, type: QosRuleType, policyId: string, bodies: readonly QosRuleBody[]): QosRuleRow[] {
    const { db, clock } = this.#context.network;
    return transaction(db, () =>
      bodies.map((body) => {
        const policy = this.#policies.load(caller, policyId);
        const now = clock();
        const row = {
          id: randomUUID(),
          project_id: policy.project_id,
          description: '',
          qos_policy_id: policyId,
          type,
          ...NONE,
          ...DEFAULTS[type],
          ...numbers(type, body),
          created_at: now,
          updated_at: now,
          revision: 1,
        };
        this.#check(row);
        qosRules.insert(db, row);
        this.#changed(caller, policy);
        return qosRules.byId(db, row.id) as QosRuleRow;
      }),
    );
  }

  update(caller: Caller, row: QosRuleRow, body: QosRuleBody): QosRuleRow {
    const { db, clock } = this.#context.network;
    return transaction(db, () => {
      const current = this.load(caller, row.type, row.id, row.qos_policy_id);
      const changes = numbers(row.type, body);
      this.#check({ ...current, ...changes });
      const changed = qosRules.update(db, current, {
        ...changes,
        updated_at: clock(),
        revision: current.revision + 1,
      });
      this.#changed(caller, this.#policies.load(caller, row.qos_policy_id));
      return changed;
    });
  }

  delete(caller: Caller, row: QosRuleRow): void {
    const { db } = this.#context.network;
    transaction(db, () => {
      if (!qosRules.delete(db, row.id)) throw ruleNotFound(row.qos_policy_id, row.id);
      this.#changed(caller, this.#policies.load(caller, row.qos_policy_id));
    });
  }

  #changed(caller: Caller, policy: QosPolicyRow): void {
    const { db, clock } = this.#context.network;
    qosPolicies.update(db, policy, { updated_at: clock(), revision: policy.revision + 1 });
    qosPolicyChanged(this.#context, policy.id, caller);
  }

  /** @throws {CloudError} in neutron's words on what contradicts another rule, or cannot be kept here. */
  #check(row: Omit<QosRuleRow, 'seq'>): void {
    const { db } = this.#context.network;
    if (row.dscp_mark !== null && !DSCP_MARKS.includes(row.dscp_mark)) {
      throw badRequest(
        `Invalid input for dscp_mark. Reason: '${row.dscp_mark}' is not in ${JSON.stringify(DSCP_MARKS)}.`,
      );
    }
    const others = rulesOfQosPolicies(db, [row.qos_policy_id]).filter((one) => one.id !== row.id);
    for (const other of others) {
      const limits = compare(row, other);
      if (limits !== undefined) throw limits;
      const overlaps =
        other.direction === row.direction || other.direction === 'any' || row.direction === 'any';
      if (other.type !== row.type || !overlaps) continue;
      throw conflict(
        `Rule ${row.type} conflicts with rule ${other.id} which already exists in QoS Policy ${row.qos_policy_id}.`,
        { type: 'QoSRulesConflict' },
      );
    }
    if (SUPPORTED.includes(row.type)) return;
    const [port] = portsUnderQosPolicy(db, row.qos_policy_id);
    if (port !== undefined) throw notSupported(row.type, { kind: 'port', id: port.id });
  }
}

/** A limit below what is guaranteed. */
function compare(row: Omit<QosRuleRow, 'seq'>, other: QosRuleRow): Error | undefined {
  const [limit, least] = row.max_kbps === null ? [other, row] : [row, other];
  if (limit.max_kbps === null || least.min_kbps === null || limit.direction !== least.direction) return;
  if (limit.max_kbps >= least.min_kbps) return;
  return conflict(
    `Unable to add the rule with value ${row.max_kbps ?? row.min_kbps} to the policy ${row.qos_policy_id} as the existing rule of type ${other.type} has value ${other.max_kbps ?? other.min_kbps}.`,
    { type: 'QoSRuleParameterConflict' },
  );
}

const NONE = {
  direction: null,
  max_kbps: null,
  max_burst_kbps: null,
  dscp_mark: null,
  min_kbps: null,
  max_kpps: null,
  max_burst_kpps: null,
  min_kpps: null,
} as const;

const DEFAULTS: Record<QosRuleType, Partial<QosRuleRow>> = {
  bandwidth_limit: { direction: 'egress', max_burst_kbps: 0 },
  packet_rate_limit: { direction: 'egress', max_burst_kpps: 0 },
  dscp_marking: {},
  minimum_bandwidth: { direction: 'egress' },
  minimum_packet_rate: { direction: 'egress' },
};

/** The columns that a body sets. */
function numbers(type: QosRuleType, body: QosRuleBody): Partial<QosRuleRow> {
  return Object.fromEntries(
    RULE_COLUMNS[type].flatMap((name) => {
      const value = body[name];
      if (value === undefined) return [];
      return [[name, name === 'direction' ? value : Number(value)]];
    }),
  );
}
