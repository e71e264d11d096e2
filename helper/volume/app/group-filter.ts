import { equals, type ListRules } from './list-query.ts';

const text = (column: string) => ({ column, kind: 'text' as const });
const number = (column: string) => ({ column, kind: 'number' as const });

const common = {
  id: text('id'),
  name: text('name'),
  created_at: number('created_at'),
  updated_at: number('updated_at'),
};

/** GET /group_types. */
export const GROUP_TYPE_LIST: ListRules = {
  filters: {},
  sort: { ...common, description: text('description'), is_public: number('is_public') },
};

/** GET /groups. */
export const GROUP_LIST: ListRules = {
  resource: 'group',
  filters: { name: equals('name') },
  adminFilters: {
    id: equals('id'),
    status: equals('status'),
    group_type_id: equals('group_type_id'),
    availability_zone: equals('availability_zone'),
    group_snapshot_id: equals('group_snapshot_id'),
    source_group_id: equals('source_group_id'),
  },
  like: { name: 'name' },
  sort: {
    ...common,
    status: text('status'),
    group_type_id: text('group_type_id'),
    availability_zone: text('availability_zone'),
    project_id: text('project_id'),
  },
};

/** GET /group_snapshots. */
export const GROUP_SNAPSHOT_LIST: ListRules = {
  resource: 'group_snapshot',
  filters: { name: equals('name'), status: equals('status'), group_id: equals('group_id') },
  adminFilters: { id: equals('id'), group_type_id: equals('group_type_id') },
  like: { name: 'name', status: 'status', group_id: 'group_id' },
  sort: {
    ...common,
    status: text('status'),
    group_id: text('group_id'),
    group_type_id: text('group_type_id'),
    project_id: text('project_id'),
  },
};
