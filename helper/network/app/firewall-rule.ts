import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { conflict } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import { networkRules } from '../policy.ts';
import { numberOf, PROTOCOLS } from '../protocol.ts';
import type { FirewallRuleCreate, FirewallRuleUpdate } from '../schemas/firewall.ts';
import { firewallPolicies, firewallRules, policiesOfRules, type FirewallRuleRow } from '../store/firewall.ts';
import { groupBy } from '../store/table.ts';
import { formatBlock, parseAddress, parseBlock } from './address.ts';
import { checkAttributes, demand, projectFor } from './caller.ts';
import type { Caller } from './context.ts';
import {
  commonView,
  firewallColumns,
  firewallInvalid,
  maySee,
  ruleNotFound,
  sharedRows,
} from './firewall-common.ts';
import type { FirewallEffects } from './firewall-group.ts';
import { columns, listResources, type Listing } from './listing.ts';
import type { RouterContext } from './router-context.ts';

const { text, flag } = columns;

const listing: Listing<FirewallRuleRow> = {
  table: firewallRules,
  plural: 'firewall_rules',
  columns: {
    ...firewallColumns,
    enabled: flag('enabled'),
    protocol: text('protocol'),
    ip_version: { sql: 'ip_version', type: 'integer' },
    source_ip_address: text('source_ip_address'),
    destination_ip_address: text('destination_ip_address'),
    source_port: text('source_port'),
    destination_port: text('destination_port'),
    action: text('action'),
  },
  special: {
    firewall_policy_id: (values) => ({
      sql: 'id IN (SELECT firewall_rule_id FROM firewall_policy_rule WHERE firewall_policy_id IN (SELECT value FROM json_each(?)))',
      values: [JSON.stringify(values)],
    }),
  },
};

/** Rules of firewall policies. */
export class FirewallRuleApp {
  readonly #context: RouterContext;
  readonly #effects: FirewallEffects;

  constructor(context: RouterContext, effects: FirewallEffects) {
    this.#context = context;
    this.#effects = effects;
  }

  load(caller: Pick<Caller, 'auth'>, id: string): FirewallRuleRow {
    const row = firewallRules.byId(this.#context.network.db, id);
    if (row === undefined || !maySee(caller, row)) throw ruleNotFound(id);
    return row;
  }

  views(rows: readonly FirewallRuleRow[]) {
    const policies = groupBy(
      policiesOfRules(
        this.#context.network.db,
        rows.map((row) => row.id),
      ),
      (one) => one.firewall_rule_id,
    );
    return rows.map((row) => ({
      ...commonView(row),
      enabled: row.enabled === 1,
      firewall_policy_id: policies.get(row.id)?.map((one) => one.firewall_policy_id) ?? null,
      protocol: row.protocol,
      ip_version: row.ip_version,
      source_ip_address: row.source_ip_address,
      destination_ip_address: row.destination_ip_address,
      source_port: row.source_port,
      destination_port: row.destination_port,
      action: row.action,
    }));
  }

  list(context: RequestContext): Record<string, unknown> {
    this.#effects.ensureDefault(context.auth.projectId);
    return listResources(this.#context.network.db, listing, context, sharedRows(context), (rows) =>
      this.views(rows),
    );
  }

  create(caller: Caller, bodies: readonly FirewallRuleCreate[]): FirewallRuleRow[] {
    const { db, clock } = this.#context.network;
    return transaction(db, () =>
      bodies.map((body) => {
        const projectId = projectFor(caller, body);
        const target = { project_id: projectId };
        demand(caller, 'create_firewall_rule', target);
        checkAttributes(caller, networkRules, 'create_firewall_rule', body, target, { shared: false });
        this.#context.quotas.check(db, projectId, 'firewall_rule');
        const id = randomUUID();
        const now = clock();
        firewallRules.insert(db, {
          id,
          project_id: projectId,
          ...merged(undefined, body),
          created_at: now,
          updated_at: now,
          revision: 1,
        });
        return firewallRules.byId(db, id) as FirewallRuleRow;
      }),
    );
  }

  update(caller: Caller, row: FirewallRuleRow, body: FirewallRuleUpdate): FirewallRuleRow {
    const { db, clock } = this.#context.network;
    const target = { project_id: row.project_id };
    checkAttributes(caller, networkRules, 'update_firewall_rule', body, target, {
      shared: row.shared === 1,
    });
    return transaction(db, () => {
      const current = this.load(caller, row.id);
      const now = clock();
      const changed = firewallRules.update(db, current, {
        ...merged(current, body),
        updated_at: now,
        revision: current.revision + 1,
      });
      const policyIds = policiesOfRules(db, [row.id]).map((one) => one.firewall_policy_id);
      // Whoever looked at them has not seen them like this.
      for (const policy of firewallPolicies.byIds(db, policyIds))
        firewallPolicies.update(db, policy, {
          audited: 0,
          updated_at: now,
          revision: policy.revision + 1,
        });
      this.#effects.policiesChanged(policyIds, caller);
      return changed;
    });
  }

  /** @throws {CloudError} FirewallRuleInUse while a policy has it. */
  delete(row: FirewallRuleRow): void {
    const { db } = this.#context.network;
    transaction(db, () => {
      if (policiesOfRules(db, [row.id]).length > 0)
        throw conflict(`Firewall rule ${row.id} is being used.`, { type: 'FirewallRuleInUse' });
      if (!firewallRules.delete(db, row.id)) throw ruleNotFound(row.id);
    });
  }
}

/** Columns after a change, or of a new rule. @throws {CloudError} badRequest on what contradicts itself. */
function merged(old: FirewallRuleRow | undefined, body: FirewallRuleUpdate) {
  const or = <T>(given: T | undefined, kept: T | undefined, usual: T): T => given ?? kept ?? usual;
  const nullable = <T>(given: T | null | undefined, kept: T | null | undefined): T | null =>
    given === undefined ? (kept ?? null) : given;
  const rule = {
    name: or(body.name, old?.name, ''),
    description: or(body.description, old?.description, ''),
    shared: Number(or(body.shared, old && old.shared === 1, false)),
    enabled: Number(or(body.enabled, old && old.enabled === 1, true)),
    protocol: body.protocol === undefined ? (old?.protocol ?? null) : protocolOf(body.protocol),
    ip_version: Number(or(body.ip_version, old?.ip_version, 4)) as 4 | 6,
    source_ip_address: nullable(body.source_ip_address, old?.source_ip_address),
    destination_ip_address: nullable(body.destination_ip_address, old?.destination_ip_address),
    source_port: portOf(nullable(body.source_port, old?.source_port)),
    destination_port: portOf(nullable(body.destination_port, old?.destination_port)),
    action: or(body.action, old?.action, 'deny').toLowerCase() as FirewallRuleRow['action'],
  };
  const ported = rule.source_port !== null || rule.destination_port !== null;
  if (ported && rule.protocol === null) {
    throw firewallInvalid(
      'FirewallRuleWithPortWithoutProtocolInvalid',
      'Source/destination port requires a protocol.',
    );
  }
  if (ported && !['tcp', 'udp'].includes(rule.protocol ?? '')) {
    throw firewallInvalid(
      'FirewallRuleInvalidICMPParameter',
      'Source, destination port are not allowed when protocol is set to ICMP.',
    );
  }
  const address = (given: string | null): string | null => {
    if (given === null) return null;
    const block = parseBlock(given);
    const version = block?.version ?? parseAddress(given)?.version;
    if (version !== rule.ip_version) {
      throw firewallInvalid(
        'FirewallIpAddressConflict',
        'Invalid input - IP addresses do not agree with IP Version.',
      );
    }
    return block === undefined ? given : formatBlock(block);
  };
  return {
    ...rule,
    source_ip_address: address(rule.source_ip_address),
    destination_ip_address: address(rule.destination_ip_address),
  };
}

function protocolOf(given: string | number | null): string | null {
  if (given === null) return null;
  const word = String(given).toLowerCase();
  const number = Object.hasOwn(PROTOCOLS, word) || /^\d{1,3}$/.test(word) ? numberOf(word) : 256;
  if (number > 255) {
    throw firewallInvalid(
      'FirewallRuleInvalidProtocol',
      `Protocol ${word} is not supported. Only protocol values ${JSON.stringify(Object.keys(PROTOCOLS))} and their integer representation (0 to 255) are supported.`,
    );
  }
  return { 6: 'tcp', 17: 'udp', 1: 'icmp' }[number] ?? word;
}

function portOf(given: string | number | null): string | null {
  if (given === null) return null;
  const [first = 0, last = first] = String(given).split(':').map(Number);
  if (first > last || last > 65_535 || first < 0)
    throw firewallInvalid('FirewallRuleInvalidPortValue', `Invalid value for port ${given}.`);
  return first === last ? String(first) : `${first}:${last}`;
}
