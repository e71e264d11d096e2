import { statement, type Db } from '../../db/index.ts';
import type { Page } from '../../http/index.ts';
import { listPage } from './list.ts';

/** How much of a resource a project may have that has no limit of its own. */
export interface RegisteredLimitRow {
  id: string;
  service_id: string;
  region_id: string | null;
  resource_name: string;
  default_limit: number;
  description: string | null;
}

/** How much a project or a domain may have. */
export interface LimitRow {
  id: string;
  registered_limit_id: string;
  project_id: string | null;
  domain_id: string | null;
  resource_limit: number;
  description: string | null;
}

/** With what the registered limit says. */
export interface NamedLimitRow extends LimitRow {
  service_id: string;
  region_id: string | null;
  resource_name: string;
}

export interface LimitFilter {
  readonly service_id?: string | undefined;
  readonly region_id?: string | undefined;
  readonly resource_name?: string | undefined;
  readonly project_id?: string | undefined;
  readonly domain_id?: string | undefined;
}

export const findRegisteredLimit = (db: Db, id: string): RegisteredLimitRow | undefined =>
  statement<[string], RegisteredLimitRow>(db, 'SELECT * FROM identity_registered_limit WHERE id = ?').get(id);

export const findRegisteredLimitFor = (
  db: Db,
  serviceId: string,
  regionId: string | null,
  resource: string,
): RegisteredLimitRow | undefined =>
  statement<[string, string, string], RegisteredLimitRow>(
    db,
    `SELECT * FROM identity_registered_limit
     WHERE service_id = ? AND coalesce(region_id, '') = ? AND resource_name = ?`,
  ).get(serviceId, regionId ?? '', resource);

export const listRegisteredLimits = (db: Db, filter: LimitFilter, page: Page): RegisteredLimitRow[] =>
  listPage<RegisteredLimitRow>(
    db,
    'SELECT * FROM identity_registered_limit',
    [
      ['service_id = ?', filter.service_id],
      ['region_id = ?', filter.region_id],
      ['resource_name = ?', filter.resource_name],
    ],
    page,
  );

export function putRegisteredLimit(db: Db, row: RegisteredLimitRow): void {
  statement<[Record<string, string | number | null>]>(
    db,
    `INSERT INTO identity_registered_limit (id, service_id, region_id, resource_name, default_limit, description)
     VALUES (@id, @service_id, @region_id, @resource_name, @default_limit, @description)
     ON CONFLICT (id) DO UPDATE SET service_id = excluded.service_id, region_id = excluded.region_id,
       resource_name = excluded.resource_name, default_limit = excluded.default_limit,
       description = excluded.description`,
  ).run({ ...row });
}

export function deleteRegisteredLimit(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM identity_registered_limit WHERE id = ?').run(id);
}

export const hasLimits = (db: Db, registeredId: string): boolean =>
  statement<[string], { id: string }>(
    db,
    'SELECT id FROM identity_limit WHERE registered_limit_id = ? LIMIT 1',
  ).get(registeredId) !== undefined;

const NAMED = `SELECT * FROM (SELECT l.*, r.service_id, r.region_id, r.resource_name
   FROM identity_limit l JOIN identity_registered_limit r ON r.id = l.registered_limit_id)`;

export const findLimit = (db: Db, id: string): NamedLimitRow | undefined =>
  statement<[string], NamedLimitRow>(db, `${NAMED} WHERE id = ?`).get(id);

export const findLimitFor = (db: Db, registeredId: string, ownerId: string): LimitRow | undefined =>
  statement<[string, string], LimitRow>(
    db,
    'SELECT * FROM identity_limit WHERE registered_limit_id = ? AND coalesce(project_id, domain_id) = ?',
  ).get(registeredId, ownerId);

export const listLimits = (db: Db, filter: LimitFilter, page: Page): NamedLimitRow[] =>
  listPage<NamedLimitRow>(
    db,
    NAMED,
    [
      ['project_id = ?', filter.project_id],
      ['domain_id = ?', filter.domain_id],
      ['service_id = ?', filter.service_id],
      ['region_id = ?', filter.region_id],
      ['resource_name = ?', filter.resource_name],
    ],
    page,
  );

export function putLimit(db: Db, row: LimitRow): void {
  statement<[Record<string, string | number | null>]>(
    db,
    `INSERT INTO identity_limit (id, registered_limit_id, project_id, domain_id, resource_limit, description)
     VALUES (@id, @registered_limit_id, @project_id, @domain_id, @resource_limit, @description)
     ON CONFLICT (id) DO UPDATE SET resource_limit = excluded.resource_limit, description = excluded.description`,
  ).run({ ...row });
}

export function deleteLimit(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM identity_limit WHERE id = ?').run(id);
}
