import type { Db } from '../../db/index.ts';
import { forbidden, notFound } from '../../errors/error.ts';
import type { DiskHost } from '../../host/disk/interface.ts';
import { isAdmin, type AuthContext, type Logger } from '../../http/index.ts';
import type { ImageFace } from '../../image/index.ts';
import type { SagaEngine } from '../../saga/index.ts';
import type { Backend, Drivers } from '../driver/index.ts';
import type { ComputeSide } from '../face.ts';
import type { BackupSettings } from './backup-service.ts';
import type { Weights } from '../scheduler/scheduler.ts';
import type { Exports } from './export.ts';
import type { Pools } from './pools.ts';

export interface VolumeConfig {
  readonly hostName: string;
  readonly zone: string;
  readonly backends: readonly Backend[];
  readonly weights: Weights;
  /** Name of the group type that GET /group_types/default shows. */
  readonly defaultGroupType?: string;
}

/** What the service's parts share. */
export interface VolumeContext {
  readonly db: Db;
  readonly now: () => number;
  readonly sagas: SagaEngine;
  /** For files that are no back end's. */
  readonly disks: DiskHost;
  readonly drivers: Drivers;
  readonly exports: Exports;
  readonly image: ImageFace;
  /** Known only once compute is there. */
  readonly compute: () => ComputeSide;
  readonly pools: Pools;
  readonly backups: BackupSettings;
  readonly config: VolumeConfig;
  readonly logger: Logger;
  readonly projectExists: (id: string) => boolean;
}

/** Whether the caller may know of what belongs to this project. */
export const sees = (auth: AuthContext, projectId: string): boolean =>
  isAdmin(auth) || (auth.projectId !== undefined && auth.projectId === projectId);

/** The caller's project. @throws {CloudError} forbidden for tokens without one. */
export function projectOf(auth: AuthContext): string {
  if (auth.projectId === undefined) throw forbidden('This needs a token for a project.');
  return auth.projectId;
}

/** `<host>@<back end>#<pool>`; every back end is one pool. */
export const poolName = (hostName: string, backend: string): string => `${hostName}@${backend}#${backend}`;

export const GIB = 1024 ** 3;

export const notThere = (what: string, id: string) =>
  notFound(`${what} ${id.slice(0, 80)} could not be found.`);
