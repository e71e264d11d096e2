import type { Db } from '../../db/index.ts';
import { conflict, forbidden, notFound } from '../../errors/error.ts';
import type { DiskFormat, DiskHost } from '../../host/disk/interface.ts';
import { isAdmin, type AuthContext, type Logger } from '../../http/index.ts';
import type { ImageFace } from '../../image/index.ts';
import type { SagaEngine } from '../../saga/index.ts';
import type { ComputeSide } from '../face.ts';
import type { Weights } from '../scheduler/scheduler.ts';
import type { Pools } from './pools.ts';

/** A place where volumes are kept: one directory and one format. */
export interface Backend {
  /** As in the configuration, 'file'. */
  readonly name: string;
  /** Absolute; of Deskcloud alone. */
  readonly directory: string;
  readonly format: DiskFormat;
  /** Percent of its capacity that volumes leave alone. */
  readonly reservedPercentage: number;
  /** How many times its capacity may be promised, since volumes take only what was written. */
  readonly maxOverSubscription: number;
  /** For the goodness weigher, 0 to 100. */
  readonly goodness: number;
}

export interface VolumeConfig {
  readonly hostName: string;
  readonly zone: string;
  readonly backends: readonly Backend[];
  readonly weights: Weights;
}

/** What the service's parts share. */
export interface VolumeContext {
  readonly db: Db;
  readonly now: () => number;
  readonly sagas: SagaEngine;
  readonly disks: DiskHost;
  readonly image: ImageFace;
  /** Known only once compute is there. */
  readonly compute: () => ComputeSide;
  readonly pools: Pools;
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

/** The file of a volume or snapshot. Ids are UUIDs that the service made itself. */
export const diskPath = (
  context: Pick<VolumeContext, 'config'>,
  backend: string,
  kind: 'volume' | 'snapshot',
  id: string,
): string => `${backendOf(context, backend).directory}/${kind}-${id}`;

/** @throws {CloudError} conflict when the configuration has lost a back end that still holds volumes. */
export function backendOf({ config }: Pick<VolumeContext, 'config'>, name: string): Backend {
  const found = config.backends.find((one) => one.name === name);
  if (found === undefined)
    throw conflict(
      `The back end '${name}' is not in the configuration any more (volume.backends); put it back to use what is on it.`,
    );
  return found;
}

/** `<host>@<back end>#<pool>`; every back end is one pool. */
export const poolName = (hostName: string, backend: string): string => `${hostName}@${backend}#${backend}`;

export const GIB = 1024 ** 3;

export const notThere = (what: string, id: string) =>
  notFound(`${what} ${id.slice(0, 80)} could not be found.`);
