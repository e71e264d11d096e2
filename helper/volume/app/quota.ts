import { transaction, type Db } from '../../db/index.ts';
import { badRequest, overQuota } from '../../errors/error.ts';
import { isTrue } from '../schemas/common.ts';
import { countGroups } from '../store/group.ts';
import {
  backupUsage,
  classLimits,
  deleteProjectLimits,
  limitsOf,
  projectLimits,
  setClassLimit,
  setProjectLimit,
  usageByType,
  usageOf,
} from '../store/quota.ts';
import { typeNames } from '../store/type.ts';

/** cinder's defaults; -1 is unlimited. */
const DEFAULTS: Readonly<Record<string, number>> = {
  volumes: 10,
  snapshots: 10,
  gigabytes: 1000,
  backups: 10,
  backup_gigabytes: 1000,
  per_volume_gigabytes: -1,
  groups: 10,
};
const DEFAULT_CLASS = 'default';
const OF_TYPE = ['volumes', 'gigabytes', 'snapshots'] as const;

type Limits = Readonly<Record<string, number>>;

/** What is to be made or made larger, of one type of volumes. */
export interface Demand {
  readonly typeName: string;
  readonly volumes?: number;
  readonly snapshots?: number;
  readonly gigabytes?: number;
}

export interface QuotaOptions {
  readonly db: Db;
  readonly projectExists: (id: string) => boolean;
}

/** What projects may have and have. */
export class Quotas {
  readonly #db: Db;
  readonly #projectExists: (id: string) => boolean;

  constructor({ db, projectExists }: QuotaOptions) {
    this.#db = db;
    this.#projectExists = projectExists;
  }

  /** @throws {CloudError} overQuota (413), in the transaction that writes the rows. */
  check(projectId: string, demand: Demand): void {
    this.#check(projectId, demand, ['', `_${demand.typeName}`]);
  }

  /** For what changes its type: the project has no more than before, but more of this type. */
  checkType(projectId: string, demand: Demand): void {
    this.#check(projectId, demand, [`_${demand.typeName}`]);
  }

  #check(projectId: string, demand: Demand, suffixes: readonly string[]): void {
    const names = OF_TYPE.flatMap((resource) => suffixes.map((suffix) => `${resource}${suffix}`));
    const limits = this.#setLimits(projectId, names);
    const used = this.#used(projectId);
    const over = (resource: string, wanted: number): number | undefined =>
      suffixes
        .map((suffix) => `${resource}${suffix}`)
        .filter((name) => wanted > 0 && (limits[name] ?? -1) >= 0)
        .filter((name) => (used[name] ?? 0) + wanted > (limits[name] ?? -1))
        .map((name) => limits[name])[0];
    const { volumes = 0, snapshots = 0, gigabytes = 0 } = demand;
    const gib = over('gigabytes', gigabytes);
    if (gib !== undefined)
      throw overQuota(
        `Requested volume or snapshot exceeds allowed gigabytes quota. Requested ${gigabytes}G, quota is ${gib}G and ${used['gigabytes'] ?? 0}G has been consumed.`,
      );
    const count = over('volumes', volumes);
    if (count !== undefined)
      throw overQuota(`Maximum number of volumes allowed (${count}) exceeded for quota 'volumes'.`);
    const shots = over('snapshots', snapshots);
    if (shots !== undefined) throw overQuota(`Maximum number of snapshots allowed (${shots}) exceeded`);
  }

  /** One group more. @throws {CloudError} overQuota */
  checkGroup(projectId: string): void {
    const limit = this.#limits(projectId)['groups'] ?? -1;
    if (limit >= 0 && countGroups(this.#db, projectId) >= limit)
      throw overQuota(`Maximum number of groups allowed (${limit}) exceeded`);
  }

  /** For one more backup of a volume of this size. @throws {CloudError} overQuota */
  checkBackup(projectId: string, sizeGib: number): void {
    const { backups = -1, backup_gigabytes: gigabytes = -1 } = this.#setLimits(projectId);
    const used = backupUsage(this.#db, projectId);
    if (gigabytes >= 0 && used.gib + sizeGib > gigabytes)
      throw overQuota(
        `Requested backup exceeds allowed Backup gigabytes quota. Requested ${sizeGib}G, quota is ${gigabytes}G and ${used.gib}G has been consumed.`,
      );
    if (backups >= 0 && used.backups + 1 > backups)
      throw overQuota(`Maximum number of backups allowed (${backups}) exceeded`);
  }

  /** @throws {CloudError} overQuota when a single volume would be too large. */
  checkSize(projectId: string, sizeGib: number): void {
    const limit = this.#setLimits(projectId)['per_volume_gigabytes'] ?? -1;
    if (limit >= 0 && sizeGib > limit)
      throw overQuota(`Requested volume size ${sizeGib}G is larger than maximum allowed limit ${limit}G.`);
  }

  /** @param usage 'True' adds what is used. */
  show(projectId: string, usage: string | undefined): object {
    this.#verifyProject(projectId);
    const limits = this.#limits(projectId);
    if (!isTrue(usage)) return { quota_set: { id: projectId, ...limits } };
    const used = this.#used(projectId);
    const detail: Record<string, object> = {};
    for (const [name, limit] of Object.entries(limits))
      detail[name] = { limit, in_use: used[name] ?? 0, reserved: 0 };
    return { quota_set: { id: projectId, ...detail } };
  }

  defaults(projectId: string): object {
    this.#verifyProject(projectId);
    return { quota_set: { id: projectId, ...this.#defaults() } };
  }

  /** @throws {CloudError} badRequest for resources that there are not. */
  update(projectId: string, changes: Readonly<Record<string, string | number>>): object {
    this.#verifyProject(projectId);
    const known = this.#defaults();
    return transaction(this.#db, () => {
      for (const [name, value] of Object.entries(changes)) {
        // Sent back by clients that change what they were shown.
        if (name === 'tenant_id' || name === 'id') continue;
        this.#refuseUnknown(known, name);
        setProjectLimit(this.#db, projectId, name, Number(value));
      }
      return { quota_set: this.#limits(projectId) };
    });
  }

  reset(projectId: string): void {
    transaction(this.#db, () => deleteProjectLimits(this.#db, projectId));
  }

  quotaClass(name: string): object {
    return { quota_class_set: { id: name, ...this.#ofClass(name) } };
  }

  updateClass(name: string, changes: Readonly<Record<string, string | number>>): object {
    const known = this.#defaults();
    return transaction(this.#db, () => {
      for (const [resource, value] of Object.entries(changes)) {
        this.#refuseUnknown(known, resource);
        setClassLimit(this.#db, name, resource, Number(value));
      }
      return { quota_class_set: this.#ofClass(name) };
    });
  }

  /** GET /limits. */
  absolute(projectId: string): Limits {
    const limits = this.#setLimits(projectId);
    const used = usageOf(this.#db, projectId);
    const backups = backupUsage(this.#db, projectId);
    return {
      maxTotalVolumes: limits['volumes'] ?? -1,
      maxTotalSnapshots: limits['snapshots'] ?? -1,
      maxTotalVolumeGigabytes: limits['gigabytes'] ?? -1,
      maxTotalBackups: limits['backups'] ?? -1,
      maxTotalBackupGigabytes: limits['backup_gigabytes'] ?? -1,
      totalVolumesUsed: used.volumes,
      totalSnapshotsUsed: used.snapshots,
      totalGigabytesUsed: used.volumeGib + used.snapshotGib,
      totalBackupsUsed: backups.backups,
      totalBackupGigabytesUsed: backups.gib,
    };
  }

  #refuseUnknown(known: Limits, name: string): void {
    if (!Object.hasOwn(known, name)) throw badRequest(`Bad key(s) in quota set: ${name.slice(0, 80)}`);
  }

  #verifyProject(id: string): void {
    if (!this.#projectExists(id)) throw badRequest(`Project ID ${id.slice(0, 80)} is not a valid project.`);
  }

  #limits(projectId: string): Limits {
    return Object.assign(this.#defaults(), Object.fromEntries(projectLimits(this.#db, projectId)));
  }

  /** What was set of these resources, and the defaults; what is left out is unlimited. */
  #setLimits(projectId: string, names: readonly string[] = Object.keys(DEFAULTS)): Limits {
    const set = limitsOf(this.#db, { projectId, defaultClass: DEFAULT_CLASS }, names);
    return { ...DEFAULTS, ...Object.fromEntries(set) };
  }

  #defaults(): Record<string, number> {
    return this.#ofClass(DEFAULT_CLASS);
  }

  #ofClass(name: string): Record<string, number> {
    const limits: Record<string, number> = { ...DEFAULTS };
    for (const type of typeNames(this.#db)) for (const what of OF_TYPE) limits[`${what}_${type}`] = -1;
    return Object.assign(
      limits,
      Object.fromEntries(classLimits(this.#db, DEFAULT_CLASS)),
      Object.fromEntries(classLimits(this.#db, name)),
    );
  }

  #used(projectId: string): Readonly<Record<string, number>> {
    const used: Record<string, number> = {};
    const add = (name: string, value: number): void => {
      used[name] = (used[name] ?? 0) + value;
    };
    for (const { typeName, volumes, volumeGib, snapshots, snapshotGib } of usageByType(this.#db, projectId)) {
      for (const suffix of ['', `_${typeName}`]) {
        add(`volumes${suffix}`, volumes);
        add(`snapshots${suffix}`, snapshots);
        add(`gigabytes${suffix}`, volumeGib + snapshotGib);
      }
    }
    add('groups', countGroups(this.#db, projectId));
    const backups = backupUsage(this.#db, projectId);
    add('backups', backups.backups);
    add('backup_gigabytes', backups.gib);
    return used;
  }
}
