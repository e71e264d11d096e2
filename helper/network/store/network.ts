import { countOf } from './count.ts';
import { statement, type Db } from '../../db/index.ts';
import { fillPool, giveBack, poolExists, setCursor, takeExact, takeNext } from './free-range.ts';
import type { NetworkRow, SegmentRow } from './row.ts';
import type { ApiSegmentRow } from './segment.ts';
import { table } from './table.ts';

export const networks = table<NetworkRow>('network');
export const segments = table<SegmentRow>('network_segment', 'network_id');
/** `released` of a network that has no segment, so that nothing can be on it. */
export const UNPLACED = 2;

const keyOfNumber = (value: number): string => value.toString(16).padStart(32, '0');

const LAST_ZONE = 65_535;

/**
 * Makes the pools of numbers of a new database. A range that changes later holds for new databases only.
 *
 * Instances on one machine have VXLAN ranges of their own, and one table of connections: by their ranges they begin at
 * different zones too, so that a network that goes in one takes no connections of another with it.
 */
export function layNumberPools(db: Db, vniRange: readonly [number, number]): void {
  const pools = {
    vni: { range: vniRange, next: vniRange[0] },
    zone: { range: [1, LAST_ZONE], next: 1 + ((vniRange[0] - 1) % LAST_ZONE) },
    mark: { range: [1, 65_535], next: 1 },
  } as const;
  for (const [pool, { range, next }] of Object.entries(pools)) {
    if (poolExists(db, pool)) continue;
    fillPool(db, pool, [{ first: keyOfNumber(range[0]), last: keyOfNumber(range[1]) }]);
    setCursor(db, pool, keyOfNumber(next));
  }
}

/** A number of one of the pools 'vni', 'zone', 'mark'; undefined when all are in use. */
export function takeNumber(db: Db, pool: 'vni' | 'zone' | 'mark'): number | undefined {
  const key = takeNext(db, pool);
  return key === undefined ? undefined : Number.parseInt(key, 16);
}

/** Takes this number out of the pool if it is of the pool and free. */
export const reserveNumber = (db: Db, pool: 'vni', value: number): boolean =>
  takeExact(db, pool, keyOfNumber(value));

export const giveNumber = (db: Db, pool: 'vni' | 'zone' | 'mark', value: number): void =>
  giveBack(db, pool, keyOfNumber(value));

export const vniInUse = (db: Db, vni: number): boolean =>
  statement<[number, number], { vni: number }>(
    db,
    `SELECT vni FROM network_segment WHERE vni = ?
      UNION ALL SELECT segmentation_id FROM segment WHERE segmentation_id = ? AND network_type = 'vxlan'`,
  ).get(vni, vni) !== undefined;

/** The network that has the physical network, or had it until the host is clean. */
export const physicalNetworkUser = (db: Db, physical: string): string | undefined =>
  statement<[string, string], { network_id: string }>(
    db,
    `SELECT network_id FROM network_segment WHERE physical_network = ?
      UNION ALL SELECT network_id FROM segment WHERE physical_network = ? AND network_type = 'flat'`,
  ).get(physical, physical)?.network_id;

/** Tags in use on a physical network. */
export const vlansOn = (db: Db, physical: string): ReadonlySet<number> =>
  new Set(
    statement<[string], { id: number }>(
      db,
      "SELECT segmentation_id AS id FROM segment WHERE network_type = 'vlan' AND physical_network = ?",
    )
      .all(physical)
      .map((row) => row.id),
  );

/** The networks that the host carries on a physical network: a flat one, and VLANs. */
export const networksOnPhysical = (db: Db, physical: string): NetworkRow[] =>
  statement<[string], NetworkRow>(db, 'SELECT * FROM network WHERE physical_network = ? ORDER BY seq').all(
    physical,
  );

/** The columns of a network's place on the host; a VLAN's others are in its row. */
export const placeColumns = (
  one: Pick<ApiSegmentRow, 'network_type' | 'physical_network' | 'segmentation_id'>,
): Pick<SegmentRow, 'network_type' | 'physical_network' | 'vni'> => ({
  network_type: one.network_type,
  physical_network: one.network_type === 'flat' ? one.physical_network : null,
  vni: one.network_type === 'vxlan' ? one.segmentation_id : null,
});

export const releaseSegment = (db: Db, networkId: string): unknown =>
  statement<[string]>(db, 'UPDATE network_segment SET released = 1 WHERE network_id = ?').run(networkId);

export const allSegments = (db: Db): SegmentRow[] =>
  statement<[], SegmentRow>(db, 'SELECT * FROM network_segment').all();

export const countNetworks = countOf('network');

/** Networks that a project may attach servers to without being told which: its own, and those shared with it. */
export const attachableNetworks = (db: Db, projectId: string): NetworkRow[] =>
  statement<[string, string], NetworkRow>(
    db,
    `SELECT * FROM network WHERE project_id = ? OR id IN (
       SELECT object_id FROM rbac_policy
        WHERE object_type = 'network' AND action = 'access_as_shared' AND target_tenant IN ('*', ?))
      ORDER BY seq`,
  ).all(projectId, projectId);

export const externalNetworks = (db: Db): NetworkRow[] =>
  statement<[], NetworkRow>(db, 'SELECT * FROM network WHERE external = 1 ORDER BY seq').all();

/** One more revision of a network whose subnets changed. */
export const touchNetwork = (db: Db, networkId: string, now: number): unknown =>
  statement<[number, string]>(
    db,
    'UPDATE network SET revision = revision + 1, updated_at = ? WHERE id = ?',
  ).run(now, networkId);

export const setNetworkStatus = (db: Db, networkId: string, status: string): unknown =>
  statement<[string, string, string]>(db, 'UPDATE network SET status = ? WHERE id = ? AND status <> ?').run(
    status,
    networkId,
    status,
  );

/** What a network had on the host is gone: its numbers may be given out again (R23). */
export function forgetSegment(db: Db, networkId: string, vniRange: readonly [number, number]): void {
  const segment = segments.byId(db, networkId);
  if (segment === undefined || segment.released !== 1) return;
  segments.delete(db, networkId);
  giveNumber(db, 'zone', segment.zone);
  if (segment.vni !== null && segment.vni >= vniRange[0] && segment.vni <= vniRange[1])
    giveNumber(db, 'vni', segment.vni);
}

/** Networks that have something on the host: those with subnets or with plugged ports. */
export const networksOnHost = (db: Db): string[] =>
  statement<[], { id: string }>(
    db,
    `SELECT n.id AS id FROM network n
      WHERE EXISTS (SELECT 1 FROM subnet s WHERE s.network_id = n.id)
         OR EXISTS (SELECT 1 FROM port_plug p WHERE p.network_id = n.id AND p.plugged = 1)
      ORDER BY n.seq`,
  )
    .all()
    .map((row) => row.id);

export const allNetworks = (db: Db): NetworkRow[] =>
  statement<[], NetworkRow>(db, 'SELECT * FROM network ORDER BY seq').all();
