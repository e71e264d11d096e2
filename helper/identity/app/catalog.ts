import type { Db } from '../../db/index.ts';
import { catalogRows } from '../store/catalog.ts';
import { endpointsChosenFor } from '../store/extension.ts';

export interface CatalogService {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly endpoints: readonly {
    readonly id: string;
    readonly interface: string;
    readonly region: string | null;
    readonly region_id: string | null;
    readonly url: string;
  }[];
}

/** An endpoint's URL as this caller is to see it; undefined when it needs a project and there is none. */
export function expandUrl(
  template: string,
  origin: string,
  projectId: string | undefined,
): string | undefined {
  let missing = false;
  const url = template.replaceAll(/[$%]\((\w+)\)s/g, (whole, key: string) => {
    if (key === 'origin') return origin;
    if (key !== 'project_id' && key !== 'tenant_id') return whole;
    if (projectId === undefined) missing = true;
    return projectId ?? '';
  });
  return missing ? undefined : url;
}

/** The service catalog, its URLs with the scheme and host that the request came with (API-GOTCHAS 5). */
export function catalogFor(db: Db, origin: string, projectId: string | undefined): CatalogService[] {
  // OS-EP-FILTER: who has endpoints chosen sees these; all others see all.
  const chosen = projectId === undefined ? [] : endpointsChosenFor(db, projectId).map((row) => row.id);
  const shown = chosen.length === 0 ? undefined : new Set(chosen);
  const services = new Map<string, CatalogService & { endpoints: CatalogService['endpoints'][number][] }>();
  for (const row of catalogRows(db)) {
    if (shown !== undefined && (row.id === null || !shown.has(row.id))) continue;
    let service = services.get(row.service_id);
    if (service === undefined) {
      service = { id: row.service_id, type: row.type, name: row.name ?? '', endpoints: [] };
      services.set(row.service_id, service);
    }
    const url = row.url === null ? undefined : expandUrl(row.url, origin, projectId);
    if (row.id === null || row.interface === null || url === undefined) continue;
    service.endpoints.push({
      id: row.id,
      interface: row.interface,
      region: row.region_id,
      region_id: row.region_id,
      url,
    });
  }
  return [...services.values()];
}
