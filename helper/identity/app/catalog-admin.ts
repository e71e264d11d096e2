import type { Static } from 'typebox';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, forbidden } from '../../errors/error.ts';
import type {
  EndpointCreate,
  EndpointUpdate,
  RegionCreate,
  RegionUpdate,
  ServiceCreate,
  ServiceUpdate,
} from '../schemas/catalog.ts';
import {
  deleteRegion,
  findEndpoint,
  findRegion,
  findService,
  insertEndpoint,
  insertRegion,
  insertService,
  regionInUse,
  updateEndpoint,
  updateRegion,
  updateService,
  type EndpointRow,
  type RegionRow,
  type ServiceRow,
} from '../store/catalog.ts';
import { present } from './attributes.ts';
import { expandUrl } from './catalog.ts';
import { newId, type IdentityContext } from './context.ts';

export const regionView = (base: string, row: RegionRow): object => ({
  id: row.id,
  description: row.description,
  parent_region_id: row.parent_region_id,
  links: { self: `${base}/regions/${encodeURIComponent(row.id)}` },
});

export const serviceView = (base: string, row: ServiceRow): object => ({
  id: row.id,
  type: row.type,
  ...(row.name === null ? {} : { name: row.name }),
  ...(row.description === null ? {} : { description: row.description }),
  enabled: row.enabled === 1,
  links: { self: `${base}/services/${row.id}` },
});

/** With the URL as this caller would reach it; what stands for a project stays as it is. */
export const endpointView = (base: string, origin: string, row: EndpointRow): object => ({
  id: row.id,
  service_id: row.service_id,
  interface: row.interface,
  region: row.region_id,
  region_id: row.region_id,
  url: expandUrl(row.url, origin, '$(project_id)s') ?? row.url,
  enabled: row.enabled === 1,
  links: { self: `${base}/endpoints/${row.id}` },
});

/** @throws {CloudError} conflict (id), notFound (parent). */
export function createRegion(
  { db }: IdentityContext,
  body: Static<typeof RegionCreate>['region'],
): RegionRow {
  return transaction(db, () => {
    const id = typeof body.id === 'string' && body.id !== '' ? body.id : newId();
    if (findRegion(db, id) !== undefined)
      throw conflict(`Conflict occurred attempting to store region - Duplicate ID, ${id}.`);
    const parent = body.parent_region_id ?? null;
    if (parent !== null) present(findRegion(db, parent), 'region', parent);
    const row = { id, description: body.description ?? '', parent_region_id: parent };
    insertRegion(db, row);
    return row;
  });
}

/** @throws {CloudError} notFound; badRequest for a region below itself. */
export function changeRegion(
  { db }: IdentityContext,
  id: string,
  body: Static<typeof RegionUpdate>['region'],
): RegionRow {
  return transaction(db, () => {
    const row = present(findRegion(db, id), 'region', id);
    const parent = body.parent_region_id === undefined ? row.parent_region_id : body.parent_region_id;
    const seen = new Set<string>();
    for (let above = parent; above !== null && !seen.has(above);) {
      if (above === id) throw badRequest('A region cannot be below itself.');
      seen.add(above);
      above = present(findRegion(db, above), 'region', above).parent_region_id;
    }
    const description = body.description === undefined ? row.description : (body.description ?? '');
    const changed = { id, description, parent_region_id: parent };
    updateRegion(db, changed);
    return changed;
  });
}

/** @throws {CloudError} notFound; forbidden while an endpoint or another region names it. */
export function removeRegion({ db }: IdentityContext, id: string): void {
  transaction(db, () => {
    present(findRegion(db, id), 'region', id);
    if (regionInUse(db, id))
      throw forbidden(
        `Unable to delete region ${id} because it or its child regions have associated endpoints.`,
      );
    deleteRegion(db, id);
  });
}

export function createService(
  { db }: IdentityContext,
  body: Static<typeof ServiceCreate>['service'],
): ServiceRow {
  const row: ServiceRow = {
    id: newId(),
    type: body.type,
    name: body.name ?? null,
    description: body.description ?? null,
    enabled: body.enabled === false ? 0 : 1,
  };
  insertService(db, row);
  return row;
}

export function changeService(
  { db }: IdentityContext,
  id: string,
  body: Static<typeof ServiceUpdate>['service'],
): ServiceRow {
  return transaction(db, () => {
    const row = present(findService(db, id), 'service', id);
    const changed: ServiceRow = {
      ...row,
      type: body.type ?? row.type,
      name: body.name ?? row.name,
      description: body.description === undefined ? row.description : body.description,
      enabled: body.enabled === undefined ? row.enabled : Number(body.enabled),
    };
    updateService(db, changed);
    return changed;
  });
}

/** A region that is not there is made, as upstream does for the older attribute `region`. */
function ensureRegion(
  { db }: IdentityContext,
  body: { region?: string | null | undefined; region_id?: string | null | undefined },
): string | null | undefined {
  if (typeof body.region_id === 'string') {
    if (findRegion(db, body.region_id) === undefined)
      throw badRequest(`Validation error: region ${body.region_id} does not exist.`);
    return body.region_id;
  }
  if (typeof body.region === 'string' && findRegion(db, body.region) === undefined)
    insertRegion(db, { id: body.region, description: '', parent_region_id: null });
  return body.region ?? (body.region_id === null ? null : undefined);
}

function checkService({ db }: IdentityContext, id: string): void {
  if (findService(db, id) === undefined) throw badRequest(`Validation error: service ${id} does not exist.`);
}

/** @throws {CloudError} badRequest for a service or region_id that is not there. */
export function createEndpoint(
  identity: IdentityContext,
  body: Static<typeof EndpointCreate>['endpoint'],
): EndpointRow {
  const { db } = identity;
  return transaction(db, () => {
    checkService(identity, body.service_id);
    const row: EndpointRow = {
      id: newId(),
      service_id: body.service_id,
      interface: body.interface,
      region_id: ensureRegion(identity, body) ?? null,
      url: body.url,
      enabled: body.enabled === false ? 0 : 1,
    };
    insertEndpoint(db, row);
    return row;
  });
}

export function changeEndpoint(
  identity: IdentityContext,
  id: string,
  body: Static<typeof EndpointUpdate>['endpoint'],
): EndpointRow {
  const { db } = identity;
  return transaction(db, () => {
    const row = present(findEndpoint(db, id), 'endpoint', id);
    if (body.service_id !== undefined) checkService(identity, body.service_id);
    const region = ensureRegion(identity, body);
    const changed: EndpointRow = {
      ...row,
      service_id: body.service_id ?? row.service_id,
      interface: body.interface ?? row.interface,
      url: body.url ?? row.url,
      region_id: region === undefined ? row.region_id : region,
      enabled: body.enabled === undefined ? row.enabled : Number(body.enabled),
    };
    updateEndpoint(db, changed);
    return changed;
  });
}
