import type { BackendSettings, Config } from './config.ts';
import { groupNameProblem, volumeNameProblem } from './host/lvm/names.ts';
import type { Backend } from './volume/index.ts';

/** What is wrong with a back end of `volume.backends`, with its remedy; undefined when nothing is. */
export function backendProblem(backend: BackendSettings): string | undefined {
  const { name, kind = 'file', export: exported, format, volumeGroup, thinPool } = backend;
  const of = `the back end '${name}' (volume.backends)`;
  if (kind === 'file') {
    const wrong = volumeGroup === undefined ? 'thinPool' : 'volumeGroup';
    if (volumeGroup !== undefined || thinPool !== undefined)
      return `${of} has a ${wrong} and keeps its volumes in files. Add 'kind: lvm', or take ${wrong} out.`;
    if (exported === 'iscsi' && format !== 'raw')
      return `${of} exports by iSCSI, which shows a file's bytes as they are, and keeps its volumes as ${format ?? 'qcow2'}. Give it 'format: raw', or 'export: local'.`;
    return undefined;
  }
  if (volumeGroup === undefined)
    return `${of} is of kind lvm and has no volumeGroup. Name one that is there; 'sudo vgs' shows them.`;
  const group = groupNameProblem(volumeGroup);
  if (group !== undefined)
    return `${of} has the volumeGroup ${JSON.stringify(volumeGroup)}: ${group}. Give the group's name alone, without /dev/.`;
  const pool = thinPool === undefined ? undefined : volumeNameProblem(thinPool);
  if (pool !== undefined)
    return `${of} has the thinPool ${JSON.stringify(thinPool)}: ${pool}. Give it another name.`;
  if (format === 'qcow2')
    return `${of} has 'format: qcow2', and LVM keeps the bytes as they are. Take the format out.`;
  if (backend.mounted === true)
    return `${of} has 'mounted: true', which is for directories, and keeps its volumes on LVM. Take it out.`;
  return undefined;
}

/** The same of all of them together: two must not have one place. */
export function backendsProblem(backends: readonly BackendSettings[]): string | undefined {
  const seen = new Map<string, string>();
  for (const backend of backends) {
    const problem = backendProblem(backend);
    if (problem !== undefined) return problem;
    if (backend.kind !== 'lvm') continue;
    const place = `${backend.volumeGroup}/${backend.thinPool ?? ''}`;
    const other = seen.get(place);
    if (other !== undefined)
      return `the back ends '${other}' and '${backend.name}' (volume.backends) have one volume group, and are both thick or of one thin pool. Give each its own.`;
    seen.set(place, backend.name);
  }
  return undefined;
}

/** Where volumes are kept: what the settings say, or one directory of qcow2 files. */
export const backendsOf = ({ volume, stateDirectory }: Config): readonly Backend[] =>
  (volume.backends ?? [{ name: 'file' }]).map((backend) => ({
    name: backend.name,
    directory: backend.directory ?? `${stateDirectory}/volumes/${backend.name}`,
    format: backend.format ?? (backend.kind === 'lvm' ? 'raw' : 'qcow2'),
    ...lvmOf(backend),
    export: backend.export ?? 'local',
    mounted: backend.mounted ?? false,
    reservedPercentage: backend.reservedPercentage ?? 0,
    maxOverSubscription: mayPromise(backend),
    goodness: backend.goodness ?? 0,
    ...(backend.filterFunction === undefined ? {} : { filterFunction: backend.filterFunction }),
    ...(backend.goodnessFunction === undefined ? {} : { goodnessFunction: backend.goodnessFunction }),
  }));

function lvmOf({ kind, volumeGroup, thinPool }: BackendSettings): Pick<Backend, 'lvm'> {
  if (kind !== 'lvm' || volumeGroup === undefined) return {};
  return { lvm: { volumeGroup, ...(thinPool === undefined ? {} : { thinPool }) } };
}

/** A thick volume has all of its room at once, so that none of it can be promised twice. */
const mayPromise = ({ kind, thinPool, maxOverSubscription }: BackendSettings): number =>
  kind === 'lvm' && thinPool === undefined ? 1 : (maxOverSubscription ?? 20);
