import type { Db } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import { listAbove, listBelow, listScopesOf, type ProjectRow } from '../store/project.ts';
import { projectViews } from './projects.ts';

/** What GET /projects/{id} can be asked for besides; a name alone asks for it. */
export interface Hierarchy {
  readonly parents_as_list?: string;
  readonly parents_as_ids?: string;
  readonly subtree_as_list?: string;
  readonly subtree_as_ids?: string;
}

interface Tree {
  [id: string]: Tree | null;
}

/**
 * `parents` and `subtree` of a project. Lists show the projects that the caller has a role on, ids show all.
 * @throws {CloudError} badRequest when both forms are asked for.
 */
export function hierarchyView(
  db: Db,
  base: string,
  projectId: string,
  asked: Hierarchy,
  userId: string,
): object {
  const wants = (name: keyof Hierarchy): boolean => asked[name] !== undefined && asked[name] !== '0';
  for (const part of ['parents', 'subtree'] as const) {
    if (wants(`${part}_as_list`) && wants(`${part}_as_ids`))
      throw badRequest(`Cannot use ${part}_as_list and ${part}_as_ids query params at the same time.`);
  }
  const visible = (rows: readonly ProjectRow[]): object[] => {
    const mine = new Set(listScopesOf(db, userId, 'project').map((project) => project.id));
    const shown = rows.filter((row) => mine.has(row.id));
    return projectViews(db, base, shown).map((project) => ({ project }));
  };
  return {
    ...(wants('parents_as_list') ? { parents: visible(listAbove(db, projectId)) } : {}),
    ...(wants('parents_as_ids') ? { parents: chain(listAbove(db, projectId)) } : {}),
    ...(wants('subtree_as_list') ? { subtree: visible(listBelow(db, projectId)) } : {}),
    ...(wants('subtree_as_ids') ? { subtree: tree(listBelow(db, projectId), projectId) } : {}),
  };
}

const chain = (above: readonly ProjectRow[]): Tree | null =>
  above.reduceRight<Tree | null>((higher, { id }) => ({ [id]: higher }), null);

function tree(below: readonly ProjectRow[], root: string): Tree | null {
  const children = Map.groupBy(below, (row) => row.parent_id);
  const of = (id: string): Tree | null => {
    const rows = children.get(id);
    return rows === undefined ? null : Object.fromEntries(rows.map((row) => [row.id, of(row.id)]));
  };
  return of(root);
}
