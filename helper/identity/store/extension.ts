import { statement, type Db } from '../../db/index.ts';
import type { Page } from '../../http/index.ts';
import type { EndpointRow } from './catalog.ts';
import { listPage } from './list.ts';
import type { ProjectRow } from './project.ts';

/** A policy document of another service, kept for it and not looked at. */
export interface PolicyRow {
  id: string;
  type: string;
  blob: string;
  /** JSON */
  extra: string;
}

/** Of OAuth 1. */
export interface ConsumerRow {
  id: string;
  description: string | null;
  secret: string;
  /** JSON */
  extra: string;
}

export interface EndpointGroupRow {
  id: string;
  name: string;
  description: string | null;
  /** JSON */
  filters: string;
}

export const findPolicy = (db: Db, id: string): PolicyRow | undefined =>
  statement<[string], PolicyRow>(db, 'SELECT * FROM identity_policy WHERE id = ?').get(id);

export const listPolicies = (db: Db, type: string | undefined, page: Page): PolicyRow[] =>
  listPage<PolicyRow>(db, 'SELECT * FROM identity_policy', [['type = ?', type]], page);

export function putPolicy(db: Db, row: PolicyRow): void {
  statement<[string, string, string, string]>(
    db,
    `INSERT INTO identity_policy (id, type, blob, extra) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET type = excluded.type, blob = excluded.blob, extra = excluded.extra`,
  ).run(row.id, row.type, row.blob, row.extra);
}

export function deletePolicy(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM identity_policy WHERE id = ?').run(id);
}

export const findConsumer = (db: Db, id: string): ConsumerRow | undefined =>
  statement<[string], ConsumerRow>(db, 'SELECT * FROM identity_consumer WHERE id = ?').get(id);

export const listConsumers = (db: Db, page: Page): ConsumerRow[] =>
  listPage<ConsumerRow>(db, 'SELECT * FROM identity_consumer', [], page);

export function putConsumer(db: Db, row: ConsumerRow): void {
  statement<[string, string | null, string, string]>(
    db,
    `INSERT INTO identity_consumer (id, description, secret, extra) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET description = excluded.description, extra = excluded.extra`,
  ).run(row.id, row.description, row.secret, row.extra);
}

export function deleteConsumer(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM identity_consumer WHERE id = ?').run(id);
}

/** An option of a domain's own configuration; its value is JSON. */
export interface DomainOptionRow {
  option_group: string;
  name: string;
  value: string;
}

export const domainOptions = (db: Db, domainId: string): DomainOptionRow[] =>
  statement<[string], DomainOptionRow>(
    db,
    'SELECT option_group, name, value FROM identity_domain_option WHERE domain_id = ? ORDER BY option_group, name',
  ).all(domainId);

export function putDomainOption(db: Db, domainId: string, row: DomainOptionRow): void {
  statement<[string, string, string, string]>(
    db,
    `INSERT INTO identity_domain_option (domain_id, option_group, name, value) VALUES (?, ?, ?, ?)
     ON CONFLICT (domain_id, option_group, name) DO UPDATE SET value = excluded.value`,
  ).run(domainId, row.option_group, row.name, row.value);
}

export function deleteDomainOption(db: Db, domainId: string, row: Omit<DomainOptionRow, 'value'>): void {
  statement<[string, string, string]>(
    db,
    'DELETE FROM identity_domain_option WHERE domain_id = ? AND option_group = ? AND name = ?',
  ).run(domainId, row.option_group, row.name);
}

export const findEndpointGroup = (db: Db, id: string): EndpointGroupRow | undefined =>
  statement<[string], EndpointGroupRow>(db, 'SELECT * FROM identity_endpoint_group WHERE id = ?').get(id);

export const findEndpointGroupByName = (db: Db, name: string): EndpointGroupRow | undefined =>
  statement<[string], EndpointGroupRow>(db, 'SELECT * FROM identity_endpoint_group WHERE name = ?').get(name);

export const listEndpointGroups = (
  db: Db,
  filter: { name?: string | undefined; projectId?: string | undefined },
  page: Page,
): EndpointGroupRow[] =>
  listPage<EndpointGroupRow>(
    db,
    'SELECT * FROM identity_endpoint_group',
    [
      ['name = ?', filter.name],
      [
        'id IN (SELECT endpoint_group_id FROM identity_endpoint_group_project WHERE project_id = ?)',
        filter.projectId,
      ],
    ],
    page,
  );

export function putEndpointGroup(db: Db, row: EndpointGroupRow): void {
  statement<[string, string, string | null, string]>(
    db,
    `INSERT INTO identity_endpoint_group (id, name, description, filters) VALUES (?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description,
       filters = excluded.filters`,
  ).run(row.id, row.name, row.description, row.filters);
}

export function deleteEndpointGroup(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM identity_endpoint_group WHERE id = ?').run(id);
}

/** What is shown to a project: single endpoints, or all of a group. */
export type Shown = 'endpoint' | 'endpoint_group';

const TABLES: Readonly<Record<Shown, string>> = {
  endpoint: 'identity_project_endpoint',
  endpoint_group: 'identity_endpoint_group_project',
};

export function showTo(db: Db, kind: Shown, id: string, projectId: string): void {
  statement<[string, string]>(
    db,
    `INSERT OR IGNORE INTO ${TABLES[kind]} (${kind}_id, project_id) VALUES (?, ?)`,
  ).run(id, projectId);
}

export const isShownTo = (db: Db, kind: Shown, id: string, projectId: string): boolean =>
  statement<[string, string], { project_id: string }>(
    db,
    `SELECT project_id FROM ${TABLES[kind]} WHERE ${kind}_id = ? AND project_id = ?`,
  ).get(id, projectId) !== undefined;

/** False when it was not. */
export const hideFrom = (db: Db, kind: Shown, id: string, projectId: string): boolean =>
  statement<[string, string]>(db, `DELETE FROM ${TABLES[kind]} WHERE ${kind}_id = ? AND project_id = ?`).run(
    id,
    projectId,
  ).changes > 0;

export const projectsShown = (db: Db, kind: Shown, id: string): ProjectRow[] =>
  statement<[string], ProjectRow>(
    db,
    `SELECT p.* FROM identity_project p
     WHERE p.id IN (SELECT project_id FROM ${TABLES[kind]} WHERE ${kind}_id = ?) ORDER BY p.id`,
  ).all(id);

const MATCHES = `coalesce(e.service_id = g.filters ->> '$.service_id', g.filters -> '$.service_id' IS NULL)
    AND coalesce(e.region_id = g.filters ->> '$.region_id', g.filters -> '$.region_id' IS NULL)
    AND coalesce(e.interface = g.filters ->> '$.interface', g.filters -> '$.interface' IS NULL)
    AND coalesce(e.enabled = g.filters ->> '$.enabled', g.filters -> '$.enabled' IS NULL)`;

export const endpointsOfGroup = (db: Db, id: string): EndpointRow[] =>
  statement<[string], EndpointRow>(
    db,
    `SELECT e.* FROM identity_endpoint_group g JOIN identity_endpoint e ON ${MATCHES}
     WHERE g.id = ? ORDER BY e.id`,
  ).all(id);

/** Endpoints that were chosen for a project, one by one or by groups. None chosen: it sees all. */
export const endpointsChosenFor = (db: Db, projectId: string): EndpointRow[] =>
  statement<[string, string], EndpointRow>(
    db,
    `SELECT e.* FROM identity_endpoint e WHERE e.id IN (
       SELECT endpoint_id FROM identity_project_endpoint WHERE project_id = ?
       UNION
       SELECT e.id FROM identity_endpoint_group_project p
       JOIN identity_endpoint_group g ON g.id = p.endpoint_group_id JOIN identity_endpoint e ON ${MATCHES}
       WHERE p.project_id = ?) ORDER BY e.id`,
  ).all(projectId, projectId);
