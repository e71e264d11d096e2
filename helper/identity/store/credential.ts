import { statement, type Db } from '../../db/index.ts';
import type { Page } from '../../http/index.ts';
import { listPage } from './list.ts';

export interface CredentialRow {
  id: string;
  user_id: string;
  project_id: string | null;
  type: string;
  blob: string;
  application_credential_id: string | null;
  trust_id: string | null;
}

export interface CredentialFilter {
  readonly userId?: string | undefined;
  readonly type?: string | undefined;
  /** Only those made with this application credential, or by this trust. */
  readonly applicationCredentialId?: string | undefined;
  readonly trustId?: string | undefined;
}

export const findCredential = (db: Db, id: string): CredentialRow | undefined =>
  statement<[string], CredentialRow>(db, 'SELECT * FROM identity_credential WHERE id = ?').get(id);

export const listCredentials = (db: Db, filter: CredentialFilter, page: Page): CredentialRow[] =>
  listPage<CredentialRow>(
    db,
    'SELECT * FROM identity_credential',
    [
      ['user_id = ?', filter.userId],
      ['type = ?', filter.type],
      ['application_credential_id = ?', filter.applicationCredentialId],
      ['trust_id = ?', filter.trustId],
    ],
    page,
  );

export function insertCredential(db: Db, row: CredentialRow): void {
  statement<[Record<string, string | null>]>(
    db,
    `INSERT INTO identity_credential (id, user_id, project_id, type, blob, application_credential_id, trust_id)
     VALUES (@id, @user_id, @project_id, @type, @blob, @application_credential_id, @trust_id)`,
  ).run({ ...row });
}

/** Whoever holds a token that was got with it loses that. */
export function updateCredential(db: Db, row: CredentialRow): void {
  statement<[string]>(db, 'DELETE FROM identity_token WHERE credential_id = ?').run(row.id);
  statement<[string, string | null, string, string, string]>(
    db,
    'UPDATE identity_credential SET user_id = ?, project_id = ?, type = ?, blob = ? WHERE id = ?',
  ).run(row.user_id, row.project_id, row.type, row.blob, row.id);
}

export function deleteCredential(db: Db, id: string): void {
  statement<[string]>(db, 'DELETE FROM identity_credential WHERE id = ?').run(id);
}

/**
 * Takes a one-time password's step; false when that or a later one was taken already, so that none is good twice.
 */
export const takeTotpStep = (db: Db, credentialId: string, step: number): boolean =>
  statement<[string, number]>(
    db,
    `INSERT INTO identity_totp_step (credential_id, step) VALUES (?, ?)
     ON CONFLICT (credential_id) DO UPDATE SET step = excluded.step WHERE excluded.step > step`,
  ).run(credentialId, step).changes > 0;
