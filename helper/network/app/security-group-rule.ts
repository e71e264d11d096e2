import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import type { RuleCreate } from '../schemas/security-group.ts';
import type { SecurityGroupRow, SecurityGroupRuleRow } from '../store/row.ts';
import { addressGroups } from '../store/address-group.ts';
import { groups, rules, rulesOfGroups, touchGroup } from '../store/security-group.ts';
import { addressGroupNotFound } from './address-group.ts';
import { demand, isAdmin, ownRows, projectFor } from './caller.ts';
import type { Caller, NetworkContext } from './context.ts';
import { columns, listResources, standardColumns, type Listing } from './listing.ts';
import type { Quotas } from './quota.ts';
import { readRule, sameRule } from './rule-checks.ts';
import { groupNotFound } from './security-group.ts';
import { isOpenTo } from './sharing.ts';
import { ruleView } from './view.ts';

const { text } = columns;

const listing: Listing<SecurityGroupRuleRow> = {
  table: rules,
  plural: 'security_group_rules',
  columns: {
    ...standardColumns,
    security_group_id: text('security_group_id'),
    direction: text('direction'),
    ethertype: text('ethertype'),
    protocol: text('protocol'),
    port_range_min: { sql: 'port_range_min', type: 'integer' },
    port_range_max: { sql: 'port_range_max', type: 'integer' },
    remote_ip_prefix: text('remote_ip_prefix'),
    remote_group_id: text('remote_group_id'),
    remote_address_group_id: text('remote_address_group_id'),
    normalized_cidr: text('normalized_cidr'),
  },
};

const ruleNotFound = (id: string): Error =>
  notFound(`Security group rule ${id} does not exist`, { type: 'SecurityGroupRuleNotFound' });

export class SecurityGroupRuleApp {
  readonly #context: NetworkContext;
  readonly #quotas: Quotas;

  constructor(context: NetworkContext, quotas: Quotas) {
    this.#context = context;
    this.#quotas = quotas;
  }

  load(caller: Pick<Caller, 'auth'>, id: string): SecurityGroupRuleRow {
    const row = rules.byId(this.#context.db, id);
    if (row === undefined) throw ruleNotFound(id);
    if (!isAdmin(caller) && row.project_id !== caller.auth.projectId) {
      if (groups.byId(this.#context.db, row.security_group_id)?.project_id !== caller.auth.projectId)
        throw ruleNotFound(id);
    }
    return row;
  }

  list(context: RequestContext): Record<string, unknown> {
    // The owner of a group sees all of its rules, also those that an admin made.
    const ofOwnGroups = {
      sql: 'security_group_id IN (SELECT id FROM security_group WHERE project_id = ?)',
      values: [context.auth.projectId ?? ''],
    };
    const visible = ownRows(context, ofOwnGroups);
    return listResources(this.#context.db, listing, context, visible, (rows) => rows.map(ruleView));
  }

  create(caller: Caller, bodies: readonly RuleCreate[]): SecurityGroupRuleRow[] {
    const { db, clock, tasks } = this.#context;
    const groupIds = new Set(bodies.map((body) => body.security_group_id));
    if (groupIds.size > 1) {
      throw badRequest('Only allowed to update rules for one security profile at a time', {
        type: 'SecurityGroupNotSingleGroupRules',
      });
    }
    return transaction(db, () => {
      const created = bodies.map((body) => this.#create(caller, body));
      for (const groupId of groupIds) touchGroup(db, groupId, clock());
      tasks.rulesChanged([...groupIds]);
      return created;
    });
  }

  #create(caller: Caller, body: RuleCreate): SecurityGroupRuleRow {
    const { db, clock } = this.#context;
    const projectId = projectFor(caller, body);
    demand(caller, 'create_security_group_rule', { project_id: projectId });
    const group = this.#group(caller, body.security_group_id);
    if (body.remote_group_id !== undefined && body.remote_group_id !== null)
      this.#group(caller, body.remote_group_id);
    const addresses = body.remote_address_group_id ?? undefined;
    if (addresses !== undefined) this.#checkAddresses(caller, addresses);
    const rule = readRule(body);
    const same = rulesOfGroups(db, [group.id]).find((one) => sameRule(one, rule));
    if (same !== undefined) {
      throw conflict(`Security group rule already exists. Rule id is ${same.id}.`, {
        type: 'SecurityGroupRuleExists',
      });
    }
    this.#quotas.check(db, projectId, 'security_group_rule');
    const now = clock();
    const id = randomUUID();
    rules.insert(db, {
      id,
      project_id: projectId,
      security_group_id: group.id,
      description: body.description ?? '',
      ...rule,
      created_at: now,
      updated_at: now,
      revision: 1,
    });
    return rules.byId(db, id) as SecurityGroupRuleRow;
  }

  #group(caller: Pick<Caller, 'auth'>, id: string): SecurityGroupRow {
    const row = groups.byId(this.#context.db, id);
    if (row === undefined || (!isAdmin(caller) && row.project_id !== caller.auth.projectId))
      throw groupNotFound(id);
    return row;
  }

  #checkAddresses(caller: Pick<Caller, 'auth'>, id: string): void {
    const { db } = this.#context;
    const row = addressGroups.byId(db, id);
    const usable =
      row !== undefined &&
      (isAdmin(caller) || row.project_id === caller.auth.projectId || isOpenTo(db, caller.auth, id));
    if (!usable) throw addressGroupNotFound(id);
  }

  delete(row: SecurityGroupRuleRow): void {
    const { db, clock, tasks } = this.#context;
    transaction(db, () => {
      rules.delete(db, row.id);
      touchGroup(db, row.security_group_id, clock());
      tasks.rulesChanged([row.security_group_id]);
    });
  }
}
