import { LvmError } from './interface.ts';

/** lvm(8), 'Valid names'. */
const CHARACTERS = /^[A-Za-z0-9+_.][A-Za-z0-9+_.-]*$/;
/** Group and volume make one name of device-mapper, of at most 127 characters, in which hyphens are doubled. */
const MAX_GROUP = 63;
const MAX_VOLUME = 90;
/** Names that LVM keeps for itself. */
const RESERVED_PREFIX = /^(snapshot|pvmove)/;
const RESERVED_PART =
  /_(cdata|cmeta|corig|cpool|cvol|wcorig|imeta|iorig|mimage|mlog|pmspare|rimage|rmeta|tdata|tmeta|vdata|vorigin)/;

/** Why LVM takes no volume group of this name; undefined when it does. */
export function groupNameProblem(name: string): string | undefined {
  if (!CHARACTERS.test(name) || name === '.' || name === '..')
    return 'LVM allows letters, digits and + _ . - in a name, and no hyphen at its beginning';
  return name.length > MAX_GROUP ? `it is longer than ${MAX_GROUP} characters` : undefined;
}

/** The same for a logical volume or a thin pool. */
export function volumeNameProblem(name: string): string | undefined {
  if (name.length > MAX_VOLUME) return `it is longer than ${MAX_VOLUME} characters`;
  if (RESERVED_PREFIX.test(name) || RESERVED_PART.test(name)) return 'LVM keeps such names for itself';
  return groupNameProblem(name.slice(0, MAX_GROUP));
}

/** @throws {LvmError} 'invalid-name' */
export function checkNames(group: string, ...volumes: readonly string[]): void {
  const problem = groupNameProblem(group);
  if (problem !== undefined)
    throw new LvmError('invalid-name', `${JSON.stringify(group)} cannot be a volume group: ${problem}.`);
  for (const name of volumes) {
    const wrong = /^[\w+.-]*$/.test(name) ? volumeNameProblem(name) : 'it has other characters';
    if (wrong !== undefined)
      throw new LvmError('invalid-name', `${JSON.stringify(name)} cannot be a logical volume: ${wrong}.`);
  }
}
