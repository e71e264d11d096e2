import { randomUUID } from 'node:crypto';
import type { SecurityGroupRow } from '../store/row.ts';
import { defaultGroup, groups, rules } from '../store/security-group.ts';
import type { NetworkContext } from './context.ts';

export interface NewGroup {
  readonly projectId: string;
  readonly name: string;
  readonly description: string;
  readonly stateful?: boolean;
  readonly isDefault?: boolean;
  readonly tags?: readonly string[];
}

/** A group with the rules that neutron gives it: all egress; the default group also lets its members in. */
export function insertGroup(context: NetworkContext, group: NewGroup): SecurityGroupRow {
  const { db, clock } = context;
  const now = clock();
  const id = randomUUID();
  const times = { created_at: now, updated_at: now, revision: 1 };
  groups.insert(db, {
    id,
    project_id: group.projectId,
    name: group.name,
    description: group.description,
    stateful: group.stateful ?? true,
    is_default: group.isDefault ?? false,
    tags: JSON.stringify(group.tags ?? []),
    ...times,
  });
  const directions = group.isDefault === true ? (['egress', 'ingress'] as const) : (['egress'] as const);
  for (const direction of directions) {
    for (const ethertype of ['IPv4', 'IPv6'] as const) {
      rules.insert(db, {
        id: randomUUID(),
        project_id: group.projectId,
        security_group_id: id,
        description: '',
        direction,
        ethertype,
        remote_group_id: direction === 'ingress' ? id : null,
        ...times,
      });
    }
  }
  return groups.byId(db, id) as SecurityGroupRow;
}

/**
 * The project's default group, made in the caller's transaction where there is none: exactly one, whoever comes first
 * (R26; the database's unique index holds it too).
 */
export function ensureDefaultGroup(context: NetworkContext, projectId: string): SecurityGroupRow {
  return (
    defaultGroup(context.db, projectId) ??
    insertGroup(context, {
      projectId,
      name: 'default',
      description: 'Default security group',
      isDefault: true,
    })
  );
}
