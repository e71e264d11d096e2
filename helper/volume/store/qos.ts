import { statement, type Db } from '../../db/index.ts';
import { pairsOf } from './list.ts';

export interface QosRow {
  readonly id: string;
  readonly name: string;
  readonly consumer: string;
  readonly created_at: number;
}

/** How fast volumes may be read and written, for the types that it is associated with. */
export interface Qos extends QosRow {
  readonly specs: Readonly<Record<string, string>>;
}

export const insertQos = (db: Db, row: QosRow): void => {
  statement<[string, string, string, number]>(
    db,
    'INSERT INTO volume_qos (id, name, consumer, created_at) VALUES (?, ?, ?, ?)',
  ).run(row.id, row.name, row.consumer, row.created_at);
};

export const setConsumer = (db: Db, id: string, consumer: string): void => {
  statement<[string, string]>(db, 'UPDATE volume_qos SET consumer = ? WHERE id = ?').run(consumer, id);
};

export const deleteQos = (db: Db, id: string): void => {
  statement<[string]>(db, 'DELETE FROM volume_qos WHERE id = ?').run(id);
};

export function findQos(db: Db, id: string): Qos | undefined {
  const row = statement<[string], QosRow>(db, 'SELECT * FROM volume_qos WHERE id = ?').get(id);
  return row && withSpecs(db, [row])[0];
}

export const isQosName = (db: Db, name: string): boolean =>
  statement<[string], { id: string }>(db, 'SELECT id FROM volume_qos WHERE name = ?').get(name) !== undefined;

export const listQos = (db: Db): readonly Qos[] =>
  withSpecs(
    db,
    statement<[], QosRow>(db, 'SELECT * FROM volume_qos ORDER BY created_at, id LIMIT 1000').all(),
  );

function withSpecs(db: Db, rows: readonly QosRow[]): Qos[] {
  const specs = pairsOf(
    db,
    'volume_qos_spec',
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({ ...row, specs: specs.get(row.id) ?? {} }));
}
