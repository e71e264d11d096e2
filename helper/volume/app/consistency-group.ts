import { badRequest } from '../../errors/error.ts';
import { type Caller, mv } from '../../http/index.ts';
import type { Group } from '../store/group.ts';
import type { GroupCopies } from './group-copy.ts';
import type { GroupTypes } from './group-type.ts';
import type { GroupChanges, Groups } from './group.ts';

export interface ConsistencyGroupRequest {
  readonly name?: string | null;
  readonly description?: string | null;
  /** Ids or names with commas between. */
  readonly volume_types: string;
  readonly availability_zone?: string | null;
}

export interface ConsistencyGroupCopyRequest {
  readonly name?: string | null;
  readonly description?: string | null;
  readonly cgsnapshot_id?: string | null;
  readonly source_cgid?: string | null;
}

/** Consistency groups, the API from before there were generic groups: since Pike these serve it, of a type of its own. */
export class ConsistencyGroups {
  readonly #parts: {
    readonly groups: Groups;
    readonly copies: GroupCopies;
    readonly groupTypes: GroupTypes;
  };

  constructor(parts: { groups: Groups; copies: GroupCopies; groupTypes: GroupTypes }) {
    this.#parts = parts;
  }

  create(caller: Caller, request: ConsistencyGroupRequest): Group {
    const { groups, groupTypes } = this.#parts;
    const volumeTypes = request.volume_types.split(',').filter((one) => one !== '');
    if (volumeTypes.length === 0)
      throw badRequest(
        `volume_types must be provided to create consistency group ${request.name ?? 'None'}.`,
      );
    return groups.create(caller, {
      name: request.name ?? null,
      description: request.description ?? null,
      availability_zone: request.availability_zone ?? null,
      group_type: groupTypes.ofConsistencyGroups().id,
      volume_types: volumeTypes,
    });
  }

  createFromSource(caller: Caller, request: ConsistencyGroupCopyRequest): Group {
    const name = request.name ?? 'None';
    const snapshotId = request.cgsnapshot_id ?? '';
    const groupId = request.source_cgid ?? '';
    if (snapshotId === '' && groupId === '')
      throw badRequest(
        `Either 'cgsnapshot_id' or 'source_cgid' must be provided to create consistency group ${name} from source.`,
      );
    if (snapshotId !== '' && groupId !== '')
      throw badRequest(
        `Cannot provide both 'cgsnapshot_id' and 'source_cgid' to create consistency group ${name} from source.`,
      );
    return this.#parts.copies.create(caller, {
      name: request.name ?? null,
      description: request.description ?? null,
      ...(snapshotId === '' ? { source_group_id: groupId } : { group_snapshot_id: snapshotId }),
    });
  }

  /** From microversion 3.6 on, an empty name or description is a change, too. */
  update(caller: Caller, id: string, changes: GroupChanges): void {
    const blank = caller.version >= mv('3.6');
    const says = (text: string | null | undefined): boolean => text != null && (blank || text !== '');
    const { name, description, add_volumes: adding, remove_volumes: removing } = changes;
    if (!says(name) && !says(description) && !adding && !removing)
      throw badRequest(
        blank
          ? 'Must specify one or more of the following keys to update: name, description, add_volumes, remove_volumes.'
          : 'Name, description, add_volumes, and remove_volumes can not be all empty in the request body.',
      );
    this.#parts.groups.update(caller, id, changes);
  }
}
