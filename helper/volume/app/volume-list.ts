import type { Db } from '../../db/index.ts';
import type { Caller } from '../../http/index.ts';
import { countRows, type Listed } from '../store/list.ts';
import {
  listVolumeRows,
  metadataOfProject,
  metadataOfVolumes,
  sumOfVolumes,
  withDetails,
  type Volume,
  type VolumeRow,
} from '../store/volume.ts';
import { conditionsOf, listQuery, wantsCount, wholeProjectOf } from './list-query.ts';
import { VOLUME_LIST } from './volume-filter.ts';

/** A page of volumes; `count` is how many there are in all, where that was asked for. */
export type VolumePage<Row> = Listed<Row> & { readonly count?: number };

/** Many volumes at once: those that the caller asks for of those that the caller may know of. */
export class VolumeLists {
  readonly #db: Db;

  constructor({ db }: { readonly db: Db }) {
    this.#db = db;
  }

  /** The rows alone. */
  rows(caller: Caller, query: Readonly<Record<string, string>>): VolumePage<VolumeRow> {
    const db = this.#db;
    const listing = listQuery(caller, query, VOLUME_LIST, 'project_id');
    const listed = listVolumeRows(db, listing);
    return wantsCount(caller, query)
      ? { ...listed, count: countRows(db, 'volume', listing.conditions) }
      : listed;
  }

  /** As {@link rows}, with what belongs to the volumes. */
  details(caller: Caller, query: Readonly<Record<string, string>>): VolumePage<Volume> {
    const { rows, ...rest } = this.rows(caller, query);
    return { ...rest, rows: withDetails(this.#db, rows) };
  }

  /** Their number, and GiB in all. */
  summary(caller: Caller, query: Readonly<Record<string, string>>) {
    return sumOfVolumes(this.#db, conditionsOf(caller, query, VOLUME_LIST, 'project_id'));
  }

  /** Every value of each key of the volumes' metadata. */
  summaryOfMetadata(
    caller: Caller,
    query: Readonly<Record<string, string>>,
  ): Readonly<Record<string, readonly string[]>> {
    const db = this.#db;
    const conditions = conditionsOf(caller, query, VOLUME_LIST, 'project_id');
    const projectId = wholeProjectOf(conditions, 'project_id');
    return projectId === undefined ? metadataOfVolumes(db, conditions) : metadataOfProject(db, projectId);
  }
}
