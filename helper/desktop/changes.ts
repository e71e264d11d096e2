import type { ChangeEvent, ChangeKind } from '../contract/change.ts';
import { watchTables, type Db, type WatchedTable } from '../db/index.ts';

/** What a row's change is a change of: a kind, and which of the row's values say its id and project. */
interface Shown {
  readonly kind: ChangeKind;
  readonly id: string;
  readonly project?: string;
  /** The row is only a part of the thing: its end is not the thing's. */
  readonly part?: true;
}

interface Watched extends WatchedTable {
  readonly shown: readonly Shown[];
}

const own = (table: string, kind: ChangeKind): Watched => ({
  table,
  columns: { id: 'row.id', project: 'row.project_id' },
  shown: [{ kind, id: 'id', project: 'project' }],
});

const part = (table: string, kind: ChangeKind, id: string): Watched => ({
  table,
  columns: { id },
  shown: [{ kind, id: 'id', part: true }],
});

const plain = (table: string, kind: ChangeKind): Watched => ({
  table,
  columns: { id: 'row.id' },
  shown: [{ kind, id: 'id' }],
});

const quota = (table: string): Watched => ({
  table,
  columns: { project: 'row.project_id' },
  shown: [{ kind: 'quota', id: 'project', project: 'project', part: true }],
});

/** Which tables are looked at, and what each is for the API's callers. */
const WATCHED: readonly Watched[] = [
  {
    // A server group names its members.
    table: 'server',
    columns: { id: 'row.id', project: 'row.project_id', group: 'row.group_id' },
    shown: [
      { kind: 'server', id: 'id', project: 'project' },
      { kind: 'server_group', id: 'group', project: 'project', part: true },
    ],
  },
  own('server_group', 'server_group'),
  own('network', 'network'),
  own('router', 'router'),
  own('floating_ip', 'floatingip'),
  part('port_forwarding', 'floatingip', 'row.floatingip_id'),
  own('security_group', 'security_group'),
  own('address_group', 'address_group'),
  own('qos_policy', 'qos_policy'),
  part('qos_rule', 'qos_policy', 'row.qos_policy_id'),
  {
    // A port shows the trunk that it carries.
    table: 'trunk',
    columns: { id: 'row.id', project: 'row.project_id', port: 'row.port_id' },
    shown: [
      { kind: 'trunk', id: 'id', project: 'project' },
      { kind: 'port', id: 'port', project: 'project', part: true },
    ],
  },
  part('trunk_subport', 'trunk', 'row.trunk_id'),
  {
    // With whom a thing is shared is shown by the thing.
    table: 'rbac_policy',
    columns: {
      network: "CASE WHEN row.object_type = 'network' THEN row.object_id END",
      group: "CASE WHEN row.object_type = 'security_group' THEN row.object_id END",
      policy: "CASE WHEN row.object_type = 'qos_policy' THEN row.object_id END",
    },
    shown: [
      { kind: 'network', id: 'network', part: true },
      { kind: 'security_group', id: 'group', part: true },
      { kind: 'qos_policy', id: 'policy', part: true },
    ],
  },
  {
    table: 'security_group_rule',
    columns: { id: 'row.security_group_id', project: 'row.project_id' },
    shown: [{ kind: 'security_group', id: 'id', project: 'project', part: true }],
  },
  {
    // A network names its subnets.
    table: 'subnet',
    columns: { id: 'row.id', project: 'row.project_id', network: 'row.network_id' },
    shown: [
      { kind: 'subnet', id: 'id', project: 'project' },
      { kind: 'network', id: 'network', project: 'project', part: true },
    ],
  },
  {
    // A server shows the addresses of its ports; a router has no attribute of its own that does.
    table: 'port',
    columns: {
      id: 'row.id',
      project: 'row.project_id',
      server: "CASE WHEN row.device_owner LIKE 'compute:%' THEN row.device_id END",
    },
    shown: [
      { kind: 'port', id: 'id', project: 'project' },
      { kind: 'server', id: 'server', project: 'project', part: true },
    ],
  },
  {
    table: 'image',
    columns: { id: 'row.id', project: 'row.owner_id' },
    shown: [{ kind: 'image', id: 'id', project: 'project' }],
  },
  part('image_property', 'image', 'row.image_id'),
  part('image_tag', 'image', 'row.image_id'),
  part('image_member', 'image', 'row.image_id'),
  own('volume', 'volume'),
  part('volume_metadata', 'volume', 'row.volume_id'),
  part('volume_image_metadata', 'volume', 'row.volume_id'),
  {
    // A volume shows who has it.
    table: 'volume_attachment',
    columns: { id: 'row.volume_id', project: 'row.project_id', server: 'row.instance_uuid' },
    shown: [
      { kind: 'volume', id: 'id', project: 'project', part: true },
      { kind: 'server', id: 'server', project: 'project', part: true },
    ],
  },
  own('volume_snapshot', 'volume_snapshot'),
  part('volume_snapshot_metadata', 'volume_snapshot', 'row.snapshot_id'),
  own('volume_backup', 'volume_backup'),
  part('volume_backup_metadata', 'volume_backup', 'row.backup_id'),
  own('volume_group', 'volume_group'),
  own('volume_group_snapshot', 'volume_group_snapshot'),
  plain('volume_group_type', 'volume_group_type'),
  part('volume_group_type_spec', 'volume_group_type', 'row.group_type_id'),
  plain('volume_type', 'volume_type'),
  ...['volume_type_extra_spec', 'volume_type_access', 'volume_type_encryption', 'volume_default_type'].map(
    (table) => part(table, 'volume_type', 'row.volume_type_id'),
  ),
  quota('volume_quota'),
  plain('flavor', 'flavor'),
  part('flavor_access', 'flavor', 'row.flavor_id'),
  { table: 'keypair', columns: { id: 'row.name' }, shown: [{ kind: 'keypair', id: 'id' }] },
  plain('aggregate', 'aggregate'),
  part('aggregate_host', 'aggregate', 'row.aggregate_id'),
  {
    // A domain is a project that acts as one; the API keeps them apart.
    table: 'identity_project',
    columns: {
      id: 'CASE WHEN row.is_domain = 0 THEN row.id END',
      domain: 'CASE WHEN row.is_domain = 1 THEN row.id END',
    },
    shown: [
      { kind: 'project', id: 'id', project: 'id' },
      { kind: 'domain', id: 'domain' },
    ],
  },
  part('identity_project_tag', 'project', 'row.project_id'),
  plain('identity_user', 'user'),
  plain('identity_group', 'group'),
  {
    table: 'identity_membership',
    columns: { group: 'row.group_id', user: 'row.user_id' },
    shown: [
      { kind: 'group', id: 'group', part: true },
      { kind: 'user', id: 'user', part: true },
    ],
  },
  plain('identity_role', 'role'),
  part('identity_implied_role', 'role', 'row.prior_id'),
  part('identity_assignment', 'assignment', 'row.actor_id'),
  own('identity_application_credential', 'application_credential'),
  ...['compute_quota', 'network_quota'].map((table) => quota(table)),
  ...['compute_quota_class', 'volume_quota_class'].map((table) => part(table, 'quota', 'row.class')),
];

/** What changes in the cloud, whoever changed it: the API, an operation, or a reconcile loop. */
export class ChangeFeed {
  readonly #listeners = new Set<(event: ChangeEvent) => void>();
  /** What is to be told once the transaction is over, which is before the event loop goes on. */
  readonly #pending = new Map<string, ChangeEvent>();

  constructor(db: Db) {
    const shownOf = new Map(WATCHED.map(({ table, shown }) => [table, shown]));
    watchTables(db, WATCHED, ({ table, deleted, values }) => {
      if (this.#listeners.size === 0) return;
      for (const shown of shownOf.get(table) ?? []) {
        const id = values[shown.id] ?? null;
        if (id === null || id === '') continue;
        const project = shown.project === undefined ? null : (values[shown.project] ?? null);
        this.#note({
          type: 'changed',
          kind: shown.kind,
          id: String(id),
          projectId: project === null ? null : String(project),
          deleted: deleted && shown.part !== true,
        });
      }
    });
  }

  /** Calls `listener` with each change; it must be quick. @returns how to stop. */
  on(listener: (event: ChangeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #note(event: ChangeEvent): void {
    if (this.#pending.size === 0) setImmediate(() => this.#tell());
    const key = `${event.kind} ${event.id}`;
    const before = this.#pending.get(key);
    // Of a thing and its part, the thing's own row knows more.
    this.#pending.set(key, {
      ...event,
      projectId: event.projectId ?? before?.projectId ?? null,
      deleted: event.deleted || before?.deleted === true,
    });
  }

  #tell(): void {
    const events = [...this.#pending.values()];
    this.#pending.clear();
    for (const event of events) for (const listener of this.#listeners) listener(event);
  }
}
