import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import type { RouterHost } from '../../host/net/router/interface.ts';
import type { RequestContext } from '../../http/index.ts';
import type { MeteringLabelCreate, MeteringLabelRuleCreate } from '../schemas/metering.ts';
import {
  meteringLabelRules,
  meteringLabels,
  routersOfLabel,
  rulesOfLabels,
  type MeteringLabelRow,
  type MeteringLabelRuleRow,
} from '../store/metering.ts';
import { formatBlock, overlaps, parseBlock } from './address.ts';
import { demand, isAdmin, ownRows, projectFor } from './caller.ts';
import type { Caller } from './context.ts';
import { columns, listResources, type Listing } from './listing.ts';
import type { RouterContext } from './router-context.ts';

const { text, flag } = columns;

const labelListing: Listing<MeteringLabelRow> = {
  table: meteringLabels,
  plural: 'metering_labels',
  columns: {
    id: text('id'),
    name: text('name'),
    description: text('description'),
    project_id: text('project_id'),
    tenant_id: text('project_id'),
    shared: flag('shared'),
  },
};

const ruleListing: Listing<MeteringLabelRuleRow> = {
  table: meteringLabelRules,
  plural: 'metering_label_rules',
  columns: {
    id: text('id'),
    project_id: text('project_id'),
    tenant_id: text('project_id'),
    metering_label_id: text('metering_label_id'),
    direction: text('direction'),
    excluded: flag('excluded'),
    remote_ip_prefix: text('remote_ip_prefix'),
    source_ip_prefix: text('source_ip_prefix'),
    destination_ip_prefix: text('destination_ip_prefix'),
  },
};

const labelNotFound = (id: string): Error =>
  notFound(`Metering label '${id}' does not exist.`, { type: 'MeteringLabelNotFound' });

const invalid = (message: string): Error => badRequest(message, { type: 'Invalid' });

/** Labels that count traffic at the gateways of routers, and what they count. */
export class MeteringApp {
  readonly #context: RouterContext;
  readonly #host: Pick<RouterHost, 'list' | 'meters'>;

  constructor(context: RouterContext, host: Pick<RouterHost, 'list' | 'meters'>) {
    this.#context = context;
    this.#host = host;
  }

  /** @throws {CloudError} MeteringLabelNotFound for what the caller may not know of. */
  label(caller: Pick<Caller, 'auth'>, id: string): MeteringLabelRow {
    const row = meteringLabels.byId(this.#context.network.db, id);
    if (row === undefined || (!isAdmin(caller) && row.project_id !== caller.auth.projectId))
      throw labelNotFound(id);
    return row;
  }

  rule(caller: Pick<Caller, 'auth'>, id: string): MeteringLabelRuleRow {
    const row = meteringLabelRules.byId(this.#context.network.db, id);
    if (row === undefined || (!isAdmin(caller) && row.project_id !== caller.auth.projectId))
      throw notFound(`Metering label rule '${id}' does not exist.`, { type: 'MeteringLabelRuleNotFound' });
    return row;
  }

  labelViews(rows: readonly MeteringLabelRow[]) {
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      description: row.description,
      project_id: row.project_id,
      tenant_id: row.project_id,
      shared: row.shared === 1,
    }));
  }

  ruleViews(rows: readonly MeteringLabelRuleRow[]) {
    return rows.map((row) => ({
      id: row.id,
      metering_label_id: row.metering_label_id,
      direction: row.direction,
      excluded: row.excluded === 1,
      remote_ip_prefix: row.remote_ip_prefix,
      source_ip_prefix: row.source_ip_prefix,
      destination_ip_prefix: row.destination_ip_prefix,
    }));
  }

  labels(context: RequestContext): Record<string, unknown> {
    const { db } = this.#context.network;
    return listResources(db, labelListing, context, ownRows(context), (rows) => this.labelViews(rows));
  }

  rules(context: RequestContext): Record<string, unknown> {
    const { db } = this.#context.network;
    return listResources(db, ruleListing, context, ownRows(context), (rows) => this.ruleViews(rows));
  }

  createLabels(caller: Caller, bodies: readonly MeteringLabelCreate[]): MeteringLabelRow[] {
    const { db, clock } = this.#context.network;
    return transaction(db, () =>
      bodies.map((body) => {
        const projectId = projectFor(caller, body);
        demand(caller, 'create_metering_label', { project_id: projectId });
        const id = randomUUID();
        const now = clock();
        meteringLabels.insert(db, {
          id,
          project_id: projectId,
          name: body.name ?? '',
          description: body.description ?? '',
          shared: body.shared ?? false,
          created_at: now,
          updated_at: now,
          revision: 1,
        });
        return meteringLabels.byId(db, id) as MeteringLabelRow;
      }),
    );
  }

  deleteLabel(caller: Caller, row: MeteringLabelRow): void {
    const { db } = this.#context.network;
    transaction(db, () => {
      const counted = rulesOfLabels(db, [row.id]).length > 0;
      if (!meteringLabels.delete(db, row.id)) throw labelNotFound(row.id);
      if (counted) this.#changed(caller, row);
    });
  }

  createRules(caller: Caller, bodies: readonly MeteringLabelRuleCreate[]): MeteringLabelRuleRow[] {
    const { db } = this.#context.network;
    return transaction(db, () => bodies.map((body) => this.#createRule(caller, body)));
  }

  #createRule(caller: Caller, body: MeteringLabelRuleCreate): MeteringLabelRuleRow {
    const { db, clock } = this.#context.network;
    const label = this.label(caller, body.metering_label_id);
    const prefixes = checkedPrefixes(body);
    this.#checkOverlap(body, prefixes.remote_ip_prefix);
    const id = randomUUID();
    const now = clock();
    meteringLabelRules.insert(db, {
      id,
      project_id: label.project_id,
      description: '',
      metering_label_id: label.id,
      direction: body.direction,
      excluded: body.excluded ?? false,
      ...prefixes,
      created_at: now,
      updated_at: now,
      revision: 1,
    });
    this.#changed(caller, label);
    return meteringLabelRules.byId(db, id) as MeteringLabelRuleRow;
  }

  #checkOverlap(body: MeteringLabelRuleCreate, prefix: string | null): void {
    const block = prefix === null ? undefined : parseBlock(prefix);
    if (block === undefined) return;
    for (const rule of rulesOfLabels(this.#context.network.db, [body.metering_label_id])) {
      const other = rule.remote_ip_prefix === null ? undefined : parseBlock(rule.remote_ip_prefix);
      if (rule.direction !== body.direction || other?.version !== block.version) continue;
      if (overlaps(other, block))
        throw conflict(`Metering label rule with remote_ip_prefix '${prefix}' overlaps another.`, {
          type: 'MeteringLabelRuleOverlaps',
        });
    }
  }

  deleteRule(caller: Caller, row: MeteringLabelRuleRow): void {
    const { db } = this.#context.network;
    transaction(db, () => {
      if (!meteringLabelRules.delete(db, row.id)) this.rule(caller, row.id);
      const label = meteringLabels.byId(db, row.metering_label_id);
      if (label !== undefined) this.#changed(caller, label);
    });
  }

  /** At each router that has a gateway; they begin with the label, or with the router's namespace after a reboot. */
  async counters(row: MeteringLabelRow) {
    const routers: { router_id: string; packets: number; bytes: number }[] = [];
    for (const router_id of routersOfLabel(this.#context.network.db, row, await this.#host.list())) {
      const readings = await this.#host.meters(router_id);
      for (const { labelId, packets, bytes } of readings)
        if (labelId === row.id) routers.push({ router_id, packets, bytes });
    }
    const sum = (of: 'packets' | 'bytes'): number => routers.reduce((all, one) => all + one[of], 0);
    return { packets: sum('packets'), bytes: sum('bytes'), routers };
  }

  #changed(caller: Caller, label: MeteringLabelRow): void {
    const { network, routerTasks } = this.#context;
    for (const routerId of routersOfLabel(network.db, label)) routerTasks.changed(routerId, caller);
  }
}

function checkedPrefixes(body: MeteringLabelRuleCreate) {
  const prefix = (name: 'remote_ip_prefix' | 'source_ip_prefix' | 'destination_ip_prefix') => {
    const given = body[name] ?? null;
    if (given === null) return null;
    const block = parseBlock(given);
    if (block === undefined)
      throw badRequest(`Invalid input for ${name}. Reason: '${given}' is not a valid IP subnet.`);
    return formatBlock(block);
  };
  const prefixes = {
    remote_ip_prefix: prefix('remote_ip_prefix'),
    source_ip_prefix: prefix('source_ip_prefix'),
    destination_ip_prefix: prefix('destination_ip_prefix'),
  };
  const { remote_ip_prefix: remote, source_ip_prefix: source, destination_ip_prefix: to } = prefixes;
  if (remote !== null && (source !== null || to !== null)) {
    throw invalid(
      "Cannot use 'remote-ip-prefix' in conjunction with 'source-ip-prefix' or 'destination-ip-prefix'.",
    );
  }
  if (remote === null && source === null && to === null) {
    throw invalid(
      "You must define at least one of the following parameters 'remote_ip_prefix', or 'source_ip_prefix' or 'destination_ip_prefix'.",
    );
  }
  if (source !== null && to !== null && source.includes(':') !== to.includes(':'))
    throw invalid("'source_ip_prefix' and 'destination_ip_prefix' are of different IP versions.");
  return prefixes;
}
