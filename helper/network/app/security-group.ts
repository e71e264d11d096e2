import { transaction } from '../../db/index.ts';
import { conflict, notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import type { GroupCreate, GroupUpdate } from '../schemas/security-group.ts';
import { dropPoliciesOf, openAmong } from '../store/rbac.ts';
import type { SecurityGroupRow } from '../store/row.ts';
import {
  groupInUse,
  groups,
  groupsReferring,
  projectsWithGroup,
  rulesOfGroups,
} from '../store/security-group.ts';
import { groupBy } from '../store/table.ts';
import { demand, isAdmin, ownRows, projectFor } from './caller.ts';
import type { Caller, NetworkContext } from './context.ts';
import { columns, listResources, standardColumns, tagFilters, type Listing } from './listing.ts';
import type { Quotas } from './quota.ts';
import type { Shareable } from './rbac.ts';
import { ensureDefaultGroup, insertGroup } from './security-group-core.ts';
import { isOpenTo, openRows, SHARED, sharedFilter } from './sharing.ts';
import { groupView } from './view.ts';

const { text, flag } = columns;

const listing: Listing<SecurityGroupRow> = {
  table: groups,
  plural: 'security_groups',
  columns: {
    ...standardColumns,
    name: text('name'),
    stateful: flag('stateful'),
  },
  special: tagFilters('security_group'),
};

export const groupNotFound = (id: string): Error =>
  notFound(`Security group ${id} does not exist`, { type: 'SecurityGroupNotFound' });

export class SecurityGroupApp {
  readonly #context: NetworkContext;
  readonly #quotas: Quotas;

  constructor(context: NetworkContext, quotas: Quotas) {
    this.#context = context;
    this.#quotas = quotas;
  }

  load(caller: Pick<Caller, 'auth'>, id: string): SecurityGroupRow {
    const { db } = this.#context;
    const row = groups.byId(db, id);
    const visible =
      row !== undefined &&
      (isAdmin(caller) || row.project_id === caller.auth.projectId || isOpenTo(db, caller.auth, id));
    if (!visible) throw groupNotFound(id);
    return row;
  }

  /** What policy looks at. */
  target(caller: Pick<Caller, 'auth'>, row: SecurityGroupRow) {
    return { project_id: row.project_id, shared: isOpenTo(this.#context.db, caller.auth, row.id) };
  }

  views(caller: Pick<Caller, 'auth'>, rows: readonly SecurityGroupRow[]) {
    const { db } = this.#context;
    const ids = rows.map((row) => row.id);
    const rules = groupBy(rulesOfGroups(db, ids), (rule) => rule.security_group_id);
    const shared = openAmong(db, SHARED, ids, caller.auth.projectId ?? '');
    return rows.map((row) => groupView(row, rules.get(row.id) ?? [], shared.has(row.id)));
  }

  list(context: RequestContext): Record<string, unknown> {
    const [asked] = [...context.queryAll('project_id'), ...context.queryAll('tenant_id')];
    // An administrator who looks at a project's groups is a first look, too; other words are no project.
    const named = isAdmin(context) && asked !== undefined && /^[0-9a-f]{32}$/.test(asked) ? asked : undefined;
    const projectId = named ?? context.auth.projectId;
    // neutron makes the default group when a project first looks, if not before.
    if (projectId !== undefined && context.may('create_security_group', { project_id: projectId }))
      transaction(this.#context.db, () => ensureDefaultGroup(this.#context, projectId));
    const { auth } = context;
    const visible = ownRows(context, openRows(auth, 'security_group'));
    const special = { ...listing.special, shared: sharedFilter(auth, 'security_group') };
    return listResources(this.#context.db, { ...listing, special }, context, visible, (rows) =>
      this.views(context, rows),
    );
  }

  create(caller: Caller, bodies: readonly GroupCreate[]): SecurityGroupRow[] {
    const { db } = this.#context;
    return transaction(db, () =>
      bodies.map((body) => {
        const projectId = projectFor(caller, body);
        demand(caller, 'create_security_group', { project_id: projectId });
        if (body.name === 'default') {
          ensureDefaultGroup(this.#context, projectId);
          throw conflict('Default security group already exists.', {
            type: 'SecurityGroupDefaultAlreadyExists',
          });
        }
        ensureDefaultGroup(this.#context, projectId);
        this.#quotas.check(db, projectId, 'security_group');
        // The rules that it begins with.
        this.#quotas.check(db, projectId, 'security_group_rule', 2);
        return insertGroup(this.#context, {
          projectId,
          name: body.name ?? '',
          description: body.description ?? '',
          stateful: body.stateful ?? true,
          tags: body.tags ?? [],
        });
      }),
    );
  }

  update(row: SecurityGroupRow, body: GroupUpdate): SecurityGroupRow {
    const { db, clock, tasks } = this.#context;
    if (row.is_default === 1 && body.name !== undefined && body.name !== 'default')
      throw conflict('Updating default security group not allowed.', {
        type: 'SecurityGroupCannotUpdateDefault',
      });
    if (row.is_default === 0 && body.name === 'default')
      throw conflict('Default security group already exists.', { type: 'SecurityGroupDefaultAlreadyExists' });
    return transaction(db, () => {
      const stateful = Number(body.stateful ?? row.stateful);
      if (stateful !== row.stateful && groupInUse(db, row.id)) {
        throw conflict(`Security Group ${row.id} in use: stateful cannot change while ports have it.`, {
          type: 'SecurityGroupInUse',
        });
      }
      const changed = groups.update(db, row, {
        name: body.name ?? row.name,
        description: body.description ?? row.description,
        stateful,
        updated_at: clock(),
        revision: row.revision + 1,
      });
      if (stateful !== row.stateful) tasks.rulesChanged([row.id]);
      return changed;
    });
  }

  /** @throws {CloudError} SecurityGroupInUse while a port has it; the default group stays unless an admin says so. */
  delete(caller: Caller, row: SecurityGroupRow): void {
    const { db, tasks } = this.#context;
    if (row.is_default === 1 && !isAdmin(caller)) {
      throw conflict('Insufficient rights for removing default security group.', {
        type: 'SecurityGroupCannotRemoveDefault',
      });
    }
    transaction(db, () => {
      if (groupInUse(db, row.id))
        throw conflict(`Security Group ${row.id} in use.`, { type: 'SecurityGroupInUse' });
      // Rules of other groups that name this one go with it, and what they let in must stop.
      const referring = groupsReferring(db, row.id).filter((id) => id !== row.id);
      dropPoliciesOf(db, row.id);
      groups.delete(db, row.id);
      tasks.rulesChanged([...referring, row.id]);
    });
  }
}

/** A group that is shared may be a port's in the projects that it is shared with. */
export const shareableGroups: Shareable = {
  type: 'security_group',
  actions: [SHARED],
  owner: (db, id) => groups.byId(db, id)?.project_id,
  notFound: groupNotFound,
  users: (db, id) => projectsWithGroup(db, id),
};
