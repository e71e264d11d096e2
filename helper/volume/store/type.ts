import { statement, type Db } from '../../db/index.ts';
import { listRows, pairsOf, type Listed, type ListQuery } from './list.ts';

export interface TypeRow {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly is_public: number;
  readonly qos_specs_id: string | null;
  readonly created_at: number;
  readonly updated_at: number;
}

/** A volume type with its extra specs. */
export interface VolumeType extends TypeRow {
  readonly extra_specs: Readonly<Record<string, string>>;
  readonly [attribute: string]: unknown;
}

export function insertType(db: Db, row: TypeRow): void {
  statement<[string, string, string | null, number, string | null, number, number]>(
    db,
    `INSERT INTO volume_type (id, name, description, is_public, qos_specs_id, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(row.id, row.name, row.description, row.is_public, row.qos_specs_id, row.created_at, row.updated_at);
}

export function updateType(db: Db, row: TypeRow): void {
  statement<[string, string | null, number, string | null, number, string]>(
    db,
    `UPDATE volume_type SET name = ?, description = ?, is_public = ?, qos_specs_id = ?, updated_at = ? WHERE id = ?`,
  ).run(row.name, row.description, row.is_public, row.qos_specs_id, row.updated_at, row.id);
}

export const deleteType = (db: Db, id: string): void => {
  statement<[string]>(db, 'DELETE FROM volume_type WHERE id = ?').run(id);
};

export function findType(db: Db, id: string): VolumeType | undefined {
  const row = statement<[string], TypeRow>(db, 'SELECT * FROM volume_type WHERE id = ?').get(id);
  return row && withSpecs(db, [row])[0];
}

export function findTypeByName(db: Db, name: string): VolumeType | undefined {
  const row = statement<[string], TypeRow>(db, 'SELECT * FROM volume_type WHERE name = ?').get(name);
  return row && withSpecs(db, [row])[0];
}

export function listTypes(db: Db, query: ListQuery): Listed<VolumeType> {
  const { rows, ...rest } = listRows<TypeRow>(db, 'volume_type', query);
  return { rows: withSpecs(db, rows), ...rest };
}

export const typeNames = (db: Db): readonly string[] =>
  statement<[], { name: string }>(db, 'SELECT name FROM volume_type ORDER BY name')
    .all()
    .map(({ name }) => name);

/** Whether volumes or snapshots are of it, or projects have it for their default. */
export const isTypeInUse = (db: Db, id: string): boolean =>
  statement<[string, string], { n: number }>(
    db,
    `SELECT (SELECT count(*) FROM volume WHERE volume_type_id = ?) +
            (SELECT count(*) FROM volume_snapshot WHERE volume_type_id = ?) AS n`,
  ).get(id, id)?.n !== 0;

/** Whether volumes of this type may be put into some group. */
export const isTypeOfGroup = (db: Db, id: string): boolean =>
  statement<[string], { group_id: string }>(
    db,
    'SELECT group_id FROM volume_group_volume_type WHERE volume_type_id = ? LIMIT 1',
  ).get(id) !== undefined;

export const typesOfQos = (db: Db, qosId: string): readonly TypeRow[] =>
  statement<[string], TypeRow>(db, 'SELECT * FROM volume_type WHERE qos_specs_id = ? ORDER BY name').all(
    qosId,
  );

function withSpecs(db: Db, rows: readonly TypeRow[]): VolumeType[] {
  const specs = pairsOf(
    db,
    'volume_type_extra_spec',
    rows.map(({ id }) => id),
  );
  return rows.map((row) => ({ ...row, extra_specs: specs.get(row.id) ?? {} }));
}

export const accessOf = (db: Db, typeId: string): readonly string[] =>
  statement<[string], { project_id: string }>(
    db,
    'SELECT project_id FROM volume_type_access WHERE volume_type_id = ? ORDER BY project_id',
  )
    .all(typeId)
    .map((row) => row.project_id);

/** False when the project had it already. */
export const addAccess = (db: Db, typeId: string, projectId: string): boolean =>
  statement<[string, string]>(
    db,
    'INSERT INTO volume_type_access (volume_type_id, project_id) VALUES (?, ?) ON CONFLICT DO NOTHING',
  ).run(typeId, projectId).changes === 1;

export const removeAccess = (db: Db, typeId: string, projectId: string): boolean =>
  statement<[string, string]>(
    db,
    'DELETE FROM volume_type_access WHERE volume_type_id = ? AND project_id = ?',
  ).run(typeId, projectId).changes === 1;

/** How volumes of a type are encrypted. */
export interface EncryptionRow {
  readonly volume_type_id: string;
  readonly encryption_id: string;
  readonly provider: string;
  readonly control_location: string;
  readonly cipher: string | null;
  readonly key_size: number | null;
  readonly created_at: number;
  readonly updated_at: number | null;
}

export const encryptionOf = (db: Db, typeId: string): EncryptionRow | undefined =>
  statement<[string], EncryptionRow>(db, 'SELECT * FROM volume_type_encryption WHERE volume_type_id = ?').get(
    typeId,
  );

export function putEncryption(db: Db, row: EncryptionRow): void {
  statement<[string, string, string, string, string | null, number | null, number, number | null]>(
    db,
    `INSERT INTO volume_type_encryption
       (volume_type_id, encryption_id, provider, control_location, cipher, key_size, created_at, updated_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (volume_type_id) DO UPDATE SET provider = excluded.provider,
       control_location = excluded.control_location, cipher = excluded.cipher, key_size = excluded.key_size,
       updated_at = excluded.updated_at`,
  ).run(
    row.volume_type_id,
    row.encryption_id,
    row.provider,
    row.control_location,
    row.cipher,
    row.key_size,
    row.created_at,
    row.updated_at,
  );
}

export const deleteEncryption = (db: Db, typeId: string): void => {
  statement<[string]>(db, 'DELETE FROM volume_type_encryption WHERE volume_type_id = ?').run(typeId);
};

export interface DefaultTypeRow {
  readonly project_id: string;
  readonly volume_type_id: string;
}

export const defaultTypes = (db: Db): readonly DefaultTypeRow[] =>
  statement<[], DefaultTypeRow>(db, 'SELECT * FROM volume_default_type ORDER BY project_id').all();

export const defaultTypeOf = (db: Db, projectId: string): DefaultTypeRow | undefined =>
  statement<[string], DefaultTypeRow>(db, 'SELECT * FROM volume_default_type WHERE project_id = ?').get(
    projectId,
  );

export const setDefaultType = (db: Db, projectId: string, typeId: string): void => {
  statement<[string, string]>(
    db,
    `INSERT INTO volume_default_type (project_id, volume_type_id) VALUES (?, ?)
     ON CONFLICT (project_id) DO UPDATE SET volume_type_id = excluded.volume_type_id`,
  ).run(projectId, typeId);
};

export const unsetDefaultType = (db: Db, projectId: string): void => {
  statement<[string]>(db, 'DELETE FROM volume_default_type WHERE project_id = ?').run(projectId);
};
