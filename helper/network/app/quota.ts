import { overQuota } from '../../errors/error.ts';
import type { Db } from '../../db/index.ts';
import { countNetworks } from '../store/network.ts';
import { countPorts } from '../store/port.ts';
import { allQuotas, deleteQuotas, quotasOf, setQuota } from '../store/quota.ts';
import { countGroups, countRules } from '../store/security-group.ts';
import { countSubnets } from '../store/subnet.ts';

/** How many of a resource a project has. */
export type Count = (db: Db, projectId: string) => number;

/** Quotas by resource. Routers and floating IPs add theirs with {@link Quotas.add}. */
export class Quotas {
  readonly #counts = new Map<string, Count>([
    ['network', countNetworks],
    ['subnet', countSubnets],
    ['port', countPorts],
    ['security_group', countGroups],
    ['security_group_rule', countRules],
  ]);
  readonly #defaults: Record<string, number>;

  constructor(defaults: Readonly<Record<string, number>>) {
    this.#defaults = { ...defaults };
  }

  /** @param limit default for projects without a quota of their own; -1 is unlimited. */
  add(resource: string, limit: number, count: Count): void {
    this.#counts.set(resource, count);
    this.#defaults[resource] ??= limit;
  }

  get resources(): readonly string[] {
    return [...this.#counts.keys()];
  }

  defaults(): Record<string, number> {
    return Object.fromEntries(this.resources.map((name) => [name, this.#defaults[name] ?? -1]));
  }

  limits(db: Db, projectId: string): Record<string, number> {
    const own = quotasOf(db, projectId).map((row) => [row.resource, row.hard_limit] as const);
    return { ...this.defaults(), ...Object.fromEntries(own.filter(([name]) => this.#counts.has(name))) };
  }

  details(db: Db, projectId: string): Record<string, { limit: number; used: number; reserved: number }> {
    return Object.fromEntries(
      Object.entries(this.limits(db, projectId)).map(([name, limit]) => [
        name,
        { limit, used: this.#counts.get(name)?.(db, projectId) ?? 0, reserved: 0 },
      ]),
    );
  }

  /** Projects with quotas of their own. */
  all(db: Db): { project_id: string; limits: Record<string, number> }[] {
    const projects = [...new Set(allQuotas(db).map((row) => row.project_id))];
    return projects.map((project_id) => ({ project_id, limits: this.limits(db, project_id) }));
  }

  set(db: Db, projectId: string, limits: Readonly<Record<string, number>>): void {
    for (const [resource, hard_limit] of Object.entries(limits))
      setQuota(db, { project_id: projectId, resource, hard_limit });
  }

  /** Back to the defaults. False when the project had none of its own. */
  reset(db: Db, projectId: string): boolean {
    return deleteQuotas(db, projectId);
  }

  /**
   * Call in the transaction that inserts, before it does.
   * @throws {CloudError} overQuota (409 OverQuota) when `more` do not fit.
   */
  check(db: Db, projectId: string, resource: string, more = 1): void {
    const limit = this.limits(db, projectId)[resource] ?? -1;
    if (limit < 0) return;
    if ((this.#counts.get(resource)?.(db, projectId) ?? 0) + more > limit)
      throw overQuota(`Quota exceeded for resources: ['${resource}'].`, { type: 'OverQuota' });
  }
}
