import { statement, type Db } from '../../db/index.ts';
import { table } from './table.ts';

/** The network and router that were made for a project by itself. */
export interface AutoAllocatedRow {
  readonly project_id: string;
  readonly network_id: string;
  readonly router_id: string | null;
}

export const autoAllocated = table<AutoAllocatedRow>('auto_allocated_topology', 'project_id');

/** The external network that routers are led to where nobody chose one. */
export const defaultExternalNetwork = (db: Db): string | undefined =>
  statement<[], { id: string }>(
    db,
    'SELECT id FROM network WHERE external = 1 AND is_default = 1 ORDER BY seq LIMIT 1',
  ).get()?.id;
