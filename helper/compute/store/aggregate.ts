import { statement, type Db } from '../../db/index.ts';

/** A host aggregate, with its hosts. */
export interface Aggregate {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  /** 'availability_zone' among them where it has one. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly hosts: readonly string[];
  readonly createdAt: number;
  readonly updatedAt: number | null;
}

interface AggregateRow {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly metadata: string;
  readonly hosts: string;
  readonly created_at: number;
  readonly updated_at: number | null;
}

const aggregateOf = (row: AggregateRow): Aggregate => ({
  id: row.id,
  uuid: row.uuid,
  name: row.name,
  metadata: JSON.parse(row.metadata) as Record<string, string>,
  hosts: JSON.parse(row.hosts) as string[],
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

const SELECTED = `SELECT a.*, (SELECT json_group_array(host) FROM
  (SELECT host FROM aggregate_host WHERE aggregate_id = a.id ORDER BY host)) AS hosts`;
const AGGREGATES = `${SELECTED} FROM aggregate a`;

export function listAggregates(db: Db): readonly Aggregate[] {
  return statement<[], AggregateRow>(db, `${AGGREGATES} ORDER BY a.id`).all().map(aggregateOf);
}

/** Those with a host in them: the others say nothing of hosts and their zones. */
export function aggregatesWithHosts(db: Db): readonly Aggregate[] {
  return statement<[], AggregateRow>(
    db,
    `${SELECTED} FROM (SELECT DISTINCT aggregate_id FROM aggregate_host) h
     CROSS JOIN aggregate a ON a.id = h.aggregate_id ORDER BY +a.id`,
  )
    .all()
    .map(aggregateOf);
}

export function findAggregate(db: Db, id: number): Aggregate | undefined {
  const row = statement<[number], AggregateRow>(db, `${AGGREGATES} WHERE a.id = ?`).get(id);
  return row === undefined ? undefined : aggregateOf(row);
}

export function findAggregateByName(db: Db, name: string): Aggregate | undefined {
  const row = statement<[string], AggregateRow>(db, `${AGGREGATES} WHERE a.name = ?`).get(name);
  return row === undefined ? undefined : aggregateOf(row);
}

export function insertAggregate(
  db: Db,
  aggregate: Pick<Aggregate, 'uuid' | 'name' | 'metadata'>,
  at: number,
): number {
  return statement<[string, string, string, number]>(
    db,
    'INSERT INTO aggregate (uuid, name, metadata, created_at) VALUES (?, ?, ?, ?)',
  ).run(aggregate.uuid, aggregate.name, JSON.stringify(aggregate.metadata), at).lastInsertRowid;
}

export function updateAggregate(
  db: Db,
  id: number,
  { name, metadata }: Pick<Aggregate, 'name' | 'metadata'>,
  at: number,
): void {
  statement<[string, string, number, number]>(
    db,
    'UPDATE aggregate SET name = ?, metadata = ?, updated_at = ? WHERE id = ?',
  ).run(name, JSON.stringify(metadata), at, id);
}

export function deleteAggregate(db: Db, id: number): void {
  statement<[number]>(db, 'DELETE FROM aggregate WHERE id = ?').run(id);
}

/** False when it was there already. */
export function addAggregateHost(db: Db, id: number, host: string): boolean {
  return (
    statement<[number, string]>(
      db,
      'INSERT INTO aggregate_host (aggregate_id, host) VALUES (?, ?) ON CONFLICT DO NOTHING',
    ).run(id, host).changes === 1
  );
}

/** False when it was not there. */
export function removeAggregateHost(db: Db, id: number, host: string): boolean {
  return (
    statement<[number, string]>(db, 'DELETE FROM aggregate_host WHERE aggregate_id = ? AND host = ?').run(
      id,
      host,
    ).changes === 1
  );
}
