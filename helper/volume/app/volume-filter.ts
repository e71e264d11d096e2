import { mv } from '../../http/index.ts';
import { badRequest } from '../../errors/error.ts';
import { isTrue } from '../schemas/common.ts';
import { compares, equals, equalsBool, equalsNumber, hasPairs, since, type ListRules } from './list-query.ts';

const text = (column: string) => ({ column, kind: 'text' as const });
const number = (column: string) => ({ column, kind: 'number' as const });

/** GET /volumes: cinder's resource_filters of volumes. */
export const VOLUME_LIST: ListRules = {
  resource: 'volume',
  filters: {
    name: equals('name'),
    display_name: equals('name'),
    status: equals('status'),
    metadata: hasPairs('volume_metadata', 'volume_id', 'volume'),
    glance_metadata: since('3.4', hasPairs('volume_image_metadata', 'volume_id', 'volume')),
    migration_status: equals('migration_status'),
    availability_zone: equals('availability_zone'),
    group_id: since('3.10', equals('group_id')),
    size: equalsNumber('size'),
    bootable: (value, { version }) => {
      const known = /^(t|true|1|f|false|0)$/i.test(value);
      if (version >= mv('3.2') && !known)
        throw badRequest(`Invalid input received: bootable={${value.slice(0, 40)}}`);
      return { sql: 'bootable = ?', values: [known ? (isTrue(value) ? 1 : 0) : 1] };
    },
    created_at: compares('created_at'),
    updated_at: compares('updated_at'),
    consumes_quota: since('3.65', equalsBool('consumes_quota', 'consumes_quota')),
  },
  adminFilters: {
    id: equals('id'),
    user_id: equals('user_id'),
    host: equals('host'),
    attach_status: equals('attach_status'),
    volume_type_id: equals('volume_type_id'),
    snapshot_id: equals('snapshot_id'),
    source_volid: equals('source_volid'),
  },
  like: { name: 'name', display_name: 'name', status: 'status', availability_zone: 'availability_zone' },
  sort: {
    id: text('id'),
    name: text('name'),
    display_name: text('name'),
    status: text('status'),
    size: number('size'),
    host: text('host'),
    bootable: number('bootable'),
    availability_zone: text('availability_zone'),
    volume_type_id: text('volume_type_id'),
    attach_status: text('attach_status'),
    created_at: number('created_at'),
    updated_at: number('updated_at'),
    launched_at: number('launched_at'),
    project_id: text('project_id'),
    user_id: text('user_id'),
  },
};

/** GET /snapshots. */
export const SNAPSHOT_LIST: ListRules = {
  resource: 'snapshot',
  filters: {
    name: equals('name'),
    display_name: equals('name'),
    status: equals('status'),
    volume_id: equals('volume_id'),
    metadata: since('3.22', hasPairs('volume_snapshot_metadata', 'snapshot_id', 'volume_snapshot')),
    availability_zone: (value) => ({
      sql: 'volume_id IN (SELECT id FROM volume WHERE availability_zone = ?)',
      values: [value],
    }),
    consumes_quota: since('3.65', equalsBool('consumes_quota', 'consumes_quota')),
  },
  adminFilters: { id: equals('id'), user_id: equals('user_id') },
  like: { name: 'name', display_name: 'name', status: 'status' },
  sort: {
    id: text('id'),
    name: text('name'),
    display_name: text('name'),
    status: text('status'),
    volume_id: text('volume_id'),
    volume_size: number('volume_size'),
    size: number('volume_size'),
    created_at: number('created_at'),
    updated_at: number('updated_at'),
    project_id: text('project_id'),
    user_id: text('user_id'),
  },
};

/** GET /backups. */
export const BACKUP_LIST: ListRules = {
  resource: 'backup',
  filters: { name: equals('name'), status: equals('status'), volume_id: equals('volume_id') },
  adminFilters: {
    id: equals('id'),
    user_id: equals('user_id'),
    snapshot_id: equals('snapshot_id'),
    parent_id: equals('parent_id'),
    container: equals('container'),
    availability_zone: equals('availability_zone'),
    metadata: hasPairs('volume_backup_metadata', 'backup_id', 'volume_backup'),
  },
  like: { name: 'name', status: 'status', volume_id: 'volume_id' },
  sort: {
    id: text('id'),
    name: text('name'),
    display_name: text('name'),
    status: text('status'),
    volume_id: text('volume_id'),
    size: number('size'),
    container: text('container'),
    created_at: number('created_at'),
    updated_at: number('updated_at'),
    data_timestamp: number('data_timestamp'),
    project_id: text('project_id'),
    user_id: text('user_id'),
  },
};

/** GET /messages. */
export const MESSAGE_LIST: ListRules = {
  resource: 'message',
  filters: {
    resource_uuid: equals('resource_uuid'),
    resource_type: equals('resource_type'),
    event_id: equals('event_id'),
    request_id: equals('request_id'),
    message_level: equals('message_level'),
  },
  like: {
    resource_uuid: 'resource_uuid',
    resource_type: 'resource_type',
    event_id: 'event_id',
    request_id: 'request_id',
    message_level: 'message_level',
  },
  sort: {
    id: text('id'),
    resource_type: text('resource_type'),
    resource_uuid: text('resource_uuid'),
    event_id: text('event_id'),
    request_id: text('request_id'),
    message_level: text('message_level'),
    created_at: number('created_at'),
    guaranteed_until: number('expires_at'),
  },
};

/** GET /volume-transfers. */
export const TRANSFER_LIST: ListRules = {
  filters: { name: equals('name'), volume_id: equals('volume_id'), id: equals('id') },
  sort: { id: text('id'), name: text('name'), created_at: number('created_at') },
};

/** GET /types. */
export const TYPE_LIST: ListRules = {
  filters: {
    extra_specs: since('3.52', (value) => {
      const pairs = [...value.matchAll(/u?(['"])((?:(?!\1).)*)\1\s*:\s*u?(['"])((?:(?!\3).)*)\3/g)];
      if (pairs.length === 0) return { sql: '0', values: [] };
      return {
        sql: pairs
          .map(
            () =>
              'EXISTS (SELECT 1 FROM volume_type_extra_spec s WHERE s.volume_type_id = volume_type.id AND s.key = ? AND s.value = ?)',
          )
          .join(' AND '),
        values: pairs.flatMap((match) => [match[2] ?? '', match[4] ?? '']),
      };
    }),
  },
  adminFilters: { name: equals('name'), description: equals('description') },
  sort: {
    id: text('id'),
    name: text('name'),
    description: text('description'),
    is_public: number('is_public'),
    created_at: number('created_at'),
    updated_at: number('updated_at'),
  },
};

/** GET /attachments. */
export const ATTACHMENT_LIST: ListRules = {
  resource: 'attachment',
  filters: {
    volume_id: equals('volume_id'),
    status: equals('attach_status'),
    attach_status: equals('attach_status'),
    instance_id: equals('instance_uuid'),
    instance_uuid: equals('instance_uuid'),
  },
  adminFilters: { attached_host: equals('attached_host'), mountpoint: equals('mountpoint') },
  like: {
    volume_id: 'volume_id',
    instance_id: 'instance_uuid',
    attach_status: 'attach_status',
    status: 'attach_status',
  },
  sort: {
    id: text('id'),
    volume_id: text('volume_id'),
    instance_uuid: text('instance_uuid'),
    attach_status: text('attach_status'),
    created_at: number('created_at'),
    updated_at: number('updated_at'),
  },
};
