import { statement, type Db } from '../../db/index.ts';
import type { Page } from '../../http/index.ts';
import { listPage } from './list.ts';

export interface RegionRow {
  id: string;
  description: string;
  parent_region_id: string | null;
}

export interface ServiceRow {
  id: string;
  type: string;
  name: string | null;
  description: string | null;
  enabled: number;
}

export interface EndpointRow {
  id: string;
  service_id: string;
  interface: 'public' | 'internal' | 'admin';
  region_id: string | null;
  /** A template, with $(origin)s for where the request came to. */
  url: string;
  enabled: number;
}

/** An endpoint with its service, of what the catalog shows. */
export interface CatalogRow {
  service_id: string;
  type: string;
  name: string | null;
  id: string | null;
  interface: string | null;
  region_id: string | null;
  url: string | null;
}

/** Enabled services with their enabled endpoints; a service without any has one row with nulls. */
export const catalogRows = (db: Db): CatalogRow[] =>
  statement<[], CatalogRow>(
    db,
    `SELECT s.id AS service_id, s.type, s.name, e.id, e.interface, e.region_id, e.url
     FROM identity_service s LEFT JOIN identity_endpoint e ON e.service_id = s.id AND e.enabled = 1
     WHERE s.enabled = 1 ORDER BY s.type, s.id, e.interface, e.id`,
  ).all();

export const findRegion = (db: Db, id: string): RegionRow | undefined =>
  statement<[string], RegionRow>(db, 'SELECT * FROM identity_region WHERE id = ?').get(id);

export const listRegions = (db: Db, parentId: string | undefined, page: Page): RegionRow[] =>
  listPage<RegionRow>(db, 'SELECT * FROM identity_region', [['parent_region_id = ?', parentId]], page);

export function insertRegion(db: Db, row: RegionRow): void {
  statement<[string, string, string | null]>(
    db,
    'INSERT INTO identity_region (id, description, parent_region_id) VALUES (?, ?, ?)',
  ).run(row.id, row.description, row.parent_region_id);
}

export function updateRegion(db: Db, row: RegionRow): void {
  statement<[string, string | null, string]>(
    db,
    'UPDATE identity_region SET description = ?, parent_region_id = ? WHERE id = ?',
  ).run(row.description, row.parent_region_id, row.id);
}

/** True when a region below it or an endpoint still names it. */
export const regionInUse = (db: Db, id: string): boolean =>
  statement<[string, string], { id: string }>(
    db,
    `SELECT id FROM identity_region WHERE parent_region_id = ?
     UNION ALL SELECT id FROM identity_endpoint WHERE region_id = ? LIMIT 1`,
  ).get(id, id) !== undefined;

export function deleteRegion(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM identity_region WHERE id = ?').run(id);
}

export const findService = (db: Db, id: string): ServiceRow | undefined =>
  statement<[string], ServiceRow>(db, 'SELECT * FROM identity_service WHERE id = ?').get(id);

export const listServices = (
  db: Db,
  filter: { type?: string | undefined; name?: string | undefined },
  page: Page,
): ServiceRow[] =>
  listPage<ServiceRow>(
    db,
    'SELECT * FROM identity_service',
    [
      ['type = ?', filter.type],
      ['name = ?', filter.name],
    ],
    page,
  );

export function insertService(db: Db, row: ServiceRow): void {
  statement<[string, string, string | null, string | null, number]>(
    db,
    'INSERT INTO identity_service (id, type, name, description, enabled) VALUES (?, ?, ?, ?, ?)',
  ).run(row.id, row.type, row.name, row.description, row.enabled);
}

export function updateService(db: Db, row: ServiceRow): void {
  statement<[string, string | null, string | null, number, string]>(
    db,
    'UPDATE identity_service SET type = ?, name = ?, description = ?, enabled = ? WHERE id = ?',
  ).run(row.type, row.name, row.description, row.enabled, row.id);
}

/** Its endpoints go with it. */
export function deleteService(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM identity_service WHERE id = ?').run(id);
}

export const findEndpoint = (db: Db, id: string): EndpointRow | undefined =>
  statement<[string], EndpointRow>(db, 'SELECT * FROM identity_endpoint WHERE id = ?').get(id);

export const listEndpoints = (
  db: Db,
  filter: {
    serviceId?: string | undefined;
    interface?: string | undefined;
    regionId?: string | undefined;
  },
  page: Page,
): EndpointRow[] =>
  listPage<EndpointRow>(
    db,
    'SELECT * FROM identity_endpoint',
    [
      ['service_id = ?', filter.serviceId],
      ['interface = ?', filter.interface],
      ['region_id = ?', filter.regionId],
    ],
    page,
  );

export function insertEndpoint(db: Db, row: EndpointRow): void {
  statement<[string, string, string, string | null, string, number]>(
    db,
    'INSERT INTO identity_endpoint (id, service_id, interface, region_id, url, enabled) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(row.id, row.service_id, row.interface, row.region_id, row.url, row.enabled);
}

export function updateEndpoint(db: Db, row: EndpointRow): void {
  statement<[string, string, string | null, string, number, string]>(
    db,
    'UPDATE identity_endpoint SET service_id = ?, interface = ?, region_id = ?, url = ?, enabled = ? WHERE id = ?',
  ).run(row.service_id, row.interface, row.region_id, row.url, row.enabled, row.id);
}

export function deleteEndpoint(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM identity_endpoint WHERE id = ?').run(id);
}
