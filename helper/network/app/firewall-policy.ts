import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { conflict, notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import { networkRules } from '../policy.ts';
import type {
  FirewallPolicyCreate,
  FirewallPolicyUpdate,
  InsertRule,
  RemoveRule,
} from '../schemas/firewall.ts';
import {
  firewallPolicies,
  firewallRules,
  groupsOfPolicies,
  rulesOfPolicies,
  setPolicyRules,
  type FirewallPolicyRow,
} from '../store/firewall.ts';
import { groupBy } from '../store/table.ts';
import { checkAttributes, demand, projectFor } from './caller.ts';
import type { Caller } from './context.ts';
import {
  commonView,
  DEFAULT_POLICIES,
  firewallColumns,
  firewallInvalid,
  fixedDefault,
  maySee,
  nameTaken,
  policyNotFound,
  ruleNotFound,
  sharedRows,
} from './firewall-common.ts';
import type { FirewallEffects } from './firewall-group.ts';
import { columns, listResources, type Listing } from './listing.ts';
import type { RouterContext } from './router-context.ts';

const listing: Listing<FirewallPolicyRow> = {
  table: firewallPolicies,
  plural: 'firewall_policies',
  columns: { ...firewallColumns, audited: columns.flag('audited') },
  special: {
    firewall_rules: (values) => ({
      sql: 'id IN (SELECT firewall_policy_id FROM firewall_policy_rule WHERE firewall_rule_id IN (SELECT value FROM json_each(?)))',
      values: [JSON.stringify(values)],
    }),
  },
};

const isDefault = (name: string): boolean => Object.values<string>(DEFAULT_POLICIES).includes(name);

/** Ordered lists of firewall rules. */
export class FirewallPolicyApp {
  readonly #context: RouterContext;
  readonly #effects: FirewallEffects;

  constructor(context: RouterContext, effects: FirewallEffects) {
    this.#context = context;
    this.#effects = effects;
  }

  load(caller: Pick<Caller, 'auth'>, id: string): FirewallPolicyRow {
    const row = firewallPolicies.byId(this.#context.network.db, id);
    if (row === undefined || !maySee(caller, row)) throw policyNotFound(id);
    return row;
  }

  views(rows: readonly FirewallPolicyRow[]) {
    const rules = groupBy(
      rulesOfPolicies(
        this.#context.network.db,
        rows.map((row) => row.id),
      ),
      (rule) => rule.firewall_policy_id,
    );
    return rows.map((row) => ({
      ...commonView(row),
      audited: row.audited === 1,
      firewall_rules: (rules.get(row.id) ?? []).map((rule) => rule.id),
    }));
  }

  list(context: RequestContext): Record<string, unknown> {
    this.#effects.ensureDefault(context.auth.projectId);
    return listResources(this.#context.network.db, listing, context, sharedRows(context), (rows) =>
      this.views(rows),
    );
  }

  create(caller: Caller, bodies: readonly FirewallPolicyCreate[]): FirewallPolicyRow[] {
    const { db, clock } = this.#context.network;
    return transaction(db, () =>
      bodies.map((body) => {
        const projectId = projectFor(caller, body);
        const target = { project_id: projectId };
        demand(caller, 'create_firewall_policy', target);
        checkAttributes(caller, networkRules, 'create_firewall_policy', body, target, { shared: false });
        if (isDefault(body.name ?? '')) throw nameTaken('Policy', body.name ?? '');
        this.#context.quotas.check(db, projectId, 'firewall_policy');
        const id = randomUUID();
        const now = clock();
        firewallPolicies.insert(db, {
          id,
          project_id: projectId,
          name: body.name ?? '',
          description: body.description ?? '',
          shared: body.shared ?? false,
          audited: body.audited ?? false,
          created_at: now,
          updated_at: now,
          revision: 1,
        });
        const row = firewallPolicies.byId(db, id) as FirewallPolicyRow;
        this.#setRules(row, body.firewall_rules ?? []);
        return row;
      }),
    );
  }

  update(caller: Caller, row: FirewallPolicyRow, body: FirewallPolicyUpdate): FirewallPolicyRow {
    const { db } = this.#context.network;
    const target = { project_id: row.project_id };
    checkAttributes(caller, networkRules, 'update_firewall_policy', body, target, {
      shared: row.shared === 1,
    });
    return transaction(db, () => {
      const current = this.load(caller, row.id);
      if (isDefault(current.name)) throw fixedDefault('Policy', row.id);
      if (isDefault(body.name ?? '')) throw nameTaken('Policy', body.name ?? '');
      if (body.shared === false && this.#usedByOthers(current)) throw inUse(row.id);
      const changed = this.#write(current, {
        name: body.name ?? current.name,
        description: body.description ?? current.description,
        shared: Number(body.shared ?? current.shared),
        audited: Number(body.audited ?? false),
      });
      if (body.firewall_rules !== undefined) this.#setRules(changed, body.firewall_rules ?? []);
      else if (body.shared === true) this.#checkShared(changed);
      this.#effects.policiesChanged([row.id], caller);
      return changed;
    });
  }

  /** @throws {CloudError} FirewallPolicyInUse while a group has it. */
  delete(row: FirewallPolicyRow): void {
    const { db } = this.#context.network;
    transaction(db, () => {
      if (groupsOfPolicies(db, [row.id]).length > 0) throw inUse(row.id);
      if (!firewallPolicies.delete(db, row.id)) throw policyNotFound(row.id);
    });
  }

  /** Before or after another rule; first where neither is named. */
  insert(caller: Caller, row: FirewallPolicyRow, body: InsertRule): FirewallPolicyRow {
    return this.#reorder(caller, row, body.firewall_rule_id, (rules, ruleId) => {
      if (rules.includes(ruleId)) {
        throw conflict(`Firewall rule ${ruleId} is already associated with firewall policy ${row.id}.`, {
          type: 'FirewallRuleAlreadyAssociated',
        });
      }
      const before = body.insert_before ?? '';
      const reference = before === '' ? (body.insert_after ?? '') : before;
      if (reference === '') return [ruleId, ...rules];
      const at = rules.indexOf(reference);
      if (at < 0) throw notAssociated(reference, row.id);
      return rules.toSpliced(before === '' ? at + 1 : at, 0, ruleId);
    });
  }

  remove(caller: Caller, row: FirewallPolicyRow, body: RemoveRule): FirewallPolicyRow {
    return this.#reorder(caller, row, body.firewall_rule_id, (rules, ruleId) => {
      if (!rules.includes(ruleId)) throw notAssociated(ruleId, row.id);
      return rules.filter((id) => id !== ruleId);
    });
  }

  #reorder(
    caller: Caller,
    row: FirewallPolicyRow,
    ruleId: string | undefined,
    change: (rules: readonly string[], ruleId: string) => readonly string[],
  ): FirewallPolicyRow {
    const { db } = this.#context.network;
    if (ruleId === undefined) {
      throw firewallInvalid(
        'FirewallRuleInfoMissing',
        'Missing rule info argument for insert/remove rule operation.',
      );
    }
    return transaction(db, () => {
      const current = this.load(caller, row.id);
      if (firewallRules.byId(db, ruleId) === undefined) throw ruleNotFound(ruleId);
      const rules = rulesOfPolicies(db, [row.id]).map((rule) => rule.id);
      this.#setRules(current, change(rules, ruleId));
      const changed = this.#write(current, { audited: 0 });
      this.#effects.policiesChanged([row.id], caller);
      return changed;
    });
  }

  #write(row: FirewallPolicyRow, changes: Partial<FirewallPolicyRow>): FirewallPolicyRow {
    const { db, clock } = this.#context.network;
    return firewallPolicies.update(db, row, {
      ...changes,
      updated_at: clock(),
      revision: row.revision + 1,
    });
  }

  #setRules(policy: FirewallPolicyRow, ruleIds: readonly string[]): void {
    const { db } = this.#context.network;
    const unique = [...new Set(ruleIds)];
    const rules = new Map(firewallRules.byIds(db, unique).map((rule) => [rule.id, rule]));
    for (const id of unique) {
      const rule = rules.get(id);
      if (rule === undefined) throw ruleNotFound(id);
      if (rule.shared === 1) continue;
      if (rule.project_id !== policy.project_id) {
        throw conflict(
          `Operation cannot be performed since Firewall Rule ${id} is not shared and belongs to another project ${rule.project_id}.`,
          { type: 'FirewallRuleConflict' },
        );
      }
      if (policy.shared === 1) throw notShared(policy.id, id);
    }
    setPolicyRules(db, policy.id, unique);
  }

  #checkShared(policy: FirewallPolicyRow): void {
    for (const rule of rulesOfPolicies(this.#context.network.db, [policy.id]))
      if (rule.shared !== 1) {
        throw conflict(
          `Operation cannot be performed. Before sharing firewall policy ${policy.id}, share associated firewall rule ${rule.id}.`,
          { type: 'FirewallPolicySharingConflict' },
        );
      }
  }

  #usedByOthers(policy: FirewallPolicyRow): boolean {
    return groupsOfPolicies(this.#context.network.db, [policy.id]).some(
      (group) => group.project_id !== policy.project_id,
    );
  }
}

const inUse = (id: string): Error =>
  conflict(`Firewall policy ${id} is being used.`, { type: 'FirewallPolicyInUse' });

const notShared = (policyId: string, ruleId: string): Error =>
  notFound(
    `Operation cannot be performed since firewall policy ${policyId} is shared but firewall rule ${ruleId} is not shared.`,
    { type: 'FirewallRuleSharingConflict' },
  );

const notAssociated = (ruleId: string, policyId: string): Error =>
  firewallInvalid(
    'FirewallRuleNotAssociatedWithPolicy',
    `Firewall rule ${ruleId} is not associated with firewall policy ${policyId}.`,
  );
