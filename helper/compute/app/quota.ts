import { transaction, type Db } from '../../db/index.ts';
import { badRequest, overQuota } from '../../errors/error.ts';
import { type Caller, mv } from '../../http/index.ts';
import type { Quotas, ServerDemand, ServerUsage } from '../basics.ts';
import {
  classLimits,
  deleteProjectLimits,
  deleteUserLimits,
  projectLimits,
  serverUsage,
  setClassLimit,
  setProjectLimit,
  setUserLimit,
  userLimits,
} from '../store/quota.ts';
import { countServerGroups } from '../store/server-group.ts';
import { isTrue } from '../schemas/common.ts';
import {
  DEFAULT_LIMITS,
  isQuotaKey,
  quotaClassKeys,
  quotaKeys,
  type QuotaKey,
} from '../schemas/quota-keys.ts';

const DEFAULT_CLASS = 'default';

type Limits = Readonly<Record<QuotaKey, number>>;

/** Limits as they came: numbers, also as text. */
export type LimitChanges = Readonly<Record<string, unknown>>;

export interface QuotaDeps {
  readonly db: Db;
  /** Asked about the projects whose quotas are looked at or set; every one exists when it is left out. */
  readonly projectExists?: (id: string) => boolean;
}

export class QuotaApp implements Quotas {
  readonly #db: Db;
  readonly #projectExists: (id: string) => boolean;

  constructor({ db, projectExists = () => true }: QuotaDeps) {
    this.#db = db;
    this.#projectExists = projectExists;
  }

  /** As nova asks keystone. @throws {CloudError} badRequest when there is no such project. */
  verifyProject(id: string): void {
    if (!this.#projectExists(id)) throw badRequest(`Project ID ${id} is not a valid project.`);
  }

  checkServers(db: Db, projectId: string, demand: ServerDemand, userId?: string): void {
    this.#checkServers(limitsOf(db, projectId), serverUsage(db, projectId), demand);
    if (userId === undefined) return;
    const own = userLimits(db, projectId, userId);
    if (own.size === 0) return;
    const limits = overlay(limitsOf(db, projectId), own);
    this.#checkServers(limits, serverUsage(db, projectId, userId), demand);
  }

  #checkServers(limits: Limits, usage: ServerUsage, demand: ServerDemand): void {
    const items = [
      ['instances', demand.instances, usage.instances, limits.instances],
      ['cores', demand.cores, usage.cores, limits.cores],
      ['ram', demand.ramMib, usage.ramMib, limits.ram],
    ] as const;
    // Upstream names the resources in the order of the alphabet.
    const over = items
      .filter(([, wanted, used, limit]) => limit >= 0 && wanted > 0 && used + wanted > limit)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    if (over.length === 0) return;
    const all = (part: (item: (typeof items)[number]) => unknown): string => over.map(part).join(', ');
    throw overQuota(
      `Quota exceeded for ${all(([name]) => name)}: Requested ${all(([, wanted]) => wanted)}, but already used ` +
        `${all(([, , used]) => used)} of ${all(([, , , limit]) => limit)} ${all(([name]) => name)}`,
    );
  }

  limit(db: Db, projectId: string, key: string): number {
    return isQuotaKey(key) ? limitsOf(db, projectId)[key] : -1;
  }

  /** A project's limits, or one user's in it. */
  set(caller: Caller, projectId: string, userId: string | null): object {
    this.verifyProject(projectId);
    const limits = this.#limits(projectId, userId);
    return { quota_set: { id: projectId, ...pick(limits, quotaKeys(caller.version)) } };
  }

  defaults(caller: Caller, projectId: string): object {
    this.verifyProject(projectId);
    const limits = defaultsOf(this.#db);
    return { quota_set: { id: projectId, ...pick(limits, quotaKeys(caller.version)) } };
  }

  detail(caller: Caller, projectId: string, userId: string | null): object {
    this.verifyProject(projectId);
    const limits = this.#limits(projectId, userId);
    const used = this.#used(projectId, userId);
    const detail = Object.fromEntries(
      quotaKeys(caller.version).map((key) => [
        key,
        { limit: limits[key], in_use: used[key] ?? 0, reserved: 0 },
      ]),
    );
    return { quota_set: { id: projectId, ...detail } };
  }

  /** A user's limit lies between what the user has and what the project may have; `force` passes by that. */
  update(caller: Caller, projectId: string, userId: string | null, changes: LimitChanges): object {
    this.verifyProject(projectId);
    const { force, ...limits } = changes;
    const forced = isTrue(force as string | boolean | undefined);
    return transaction(this.#db, () => {
      const used = this.#used(projectId, userId);
      const most = userId === null ? undefined : limitsOf(this.#db, projectId);
      for (const [key, value] of Object.entries(limits)) {
        if (!isQuotaKey(key)) continue;
        const limit = Number(value);
        if (!forced) checkRange(key, limit, used[key] ?? 0, most?.[key] ?? -1);
        if (userId === null) setProjectLimit(this.#db, projectId, key, limit);
        else setUserLimit(this.#db, projectId, userId, key, limit);
      }
      return { quota_set: pick(this.#limits(projectId, userId), quotaKeys(caller.version)) };
    });
  }

  /** Back to the defaults: of one user, or of the project and all its users. */
  reset(projectId: string, userId: string | null): void {
    transaction(this.#db, () => {
      deleteUserLimits(this.#db, projectId, userId);
      if (userId === null) deleteProjectLimits(this.#db, projectId);
    });
  }

  #limits(projectId: string, userId: string | null): Limits {
    const project = limitsOf(this.#db, projectId);
    return userId === null ? project : overlay(project, userLimits(this.#db, projectId, userId));
  }

  #used(projectId: string, userId: string | null): Partial<Record<QuotaKey, number>> {
    const usage = serverUsage(this.#db, projectId, userId);
    return {
      instances: usage.instances,
      cores: usage.cores,
      ram: usage.ramMib,
      server_groups: countServerGroups(this.#db, projectId, userId),
    };
  }

  quotaClass(caller: Caller, name: string): object {
    const limits = classOf(this.#db, name);
    return { quota_class_set: { id: name, ...pick(limits, quotaClassKeys(caller.version)) } };
  }

  updateClass(caller: Caller, name: string, changes: LimitChanges): object {
    return transaction(this.#db, () => {
      for (const [key, value] of Object.entries(changes)) {
        if (isQuotaKey(key)) setClassLimit(this.#db, name, key, Number(value));
      }
      return { quota_class_set: pick(classOf(this.#db, name), quotaClassKeys(caller.version)) };
    });
  }

  /** GET /limits: what a project may have and has. */
  absolute(caller: Caller, projectId: string): object {
    const limits = limitsOf(this.#db, projectId);
    const usage = serverUsage(this.#db, projectId);
    return {
      maxTotalInstances: limits.instances,
      maxTotalCores: limits.cores,
      maxTotalRAMSize: limits.ram,
      maxTotalKeypairs: limits.key_pairs,
      maxServerMeta: limits.metadata_items,
      maxServerGroups: limits.server_groups,
      maxServerGroupMembers: limits.server_group_members,
      totalInstancesUsed: usage.instances,
      totalCoresUsed: usage.cores,
      totalRAMUsed: usage.ramMib,
      totalServerGroupsUsed: countServerGroups(this.#db, projectId),
      ...(caller.version < mv('2.36')
        ? {
            maxTotalFloatingIps: limits.floating_ips,
            maxSecurityGroups: limits.security_groups,
            maxSecurityGroupRules: limits.security_group_rules,
            totalFloatingIpsUsed: 0,
            totalSecurityGroupsUsed: 0,
          }
        : {}),
      ...(caller.version < mv('2.39') ? { maxImageMeta: limits.metadata_items } : {}),
      ...(caller.version < mv('2.57')
        ? { maxPersonality: limits.injected_files, maxPersonalitySize: limits.injected_file_content_bytes }
        : {}),
    };
  }
}

const overlay = (base: Limits, changes: ReadonlyMap<string, number>): Limits => {
  const limits: Record<QuotaKey, number> = { ...base };
  for (const [key, value] of changes) if (isQuotaKey(key)) limits[key] = value;
  return limits;
};

/** What holds for projects without limits of their own: the class 'default'. */
const defaultsOf = (db: Db): Limits => overlay(DEFAULT_LIMITS, classLimits(db, DEFAULT_CLASS));

const limitsOf = (db: Db, projectId: string): Limits => overlay(defaultsOf(db), projectLimits(db, projectId));

const classOf = (db: Db, name: string): Limits => overlay(defaultsOf(db), classLimits(db, name));

/** -1 is unlimited. */
function checkRange(key: QuotaKey, limit: number, least: number, most: number): void {
  const size = (value: number): number => (value === -1 ? Infinity : value);
  if (size(limit) < least) {
    throw badRequest(
      `Quota limit ${limit} for ${key} must be greater than or equal to already used and reserved ${least}.`,
    );
  }
  if (size(limit) > size(most))
    throw badRequest(`Quota limit ${limit} for ${key} must be less than or equal to ${most}.`);
}

const pick = (limits: Limits, keys: readonly QuotaKey[]): object =>
  Object.fromEntries(keys.map((key) => [key, limits[key]]));
