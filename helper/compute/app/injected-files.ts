import type { Db } from '../../db/index.ts';
import { forbidden } from '../../errors/error.ts';
import type { Quotas } from '../basics.ts';

/** Files of `personality` (before 2.57): their number, and the bytes of each content and path, are limited. */
export function checkInjectedFiles(
  db: Db,
  quotas: Quotas,
  projectId: string,
  files: readonly { readonly path?: string; readonly contents?: string }[],
): void {
  if (files.length === 0) return;
  const over = (key: string, size: number): boolean => {
    const most = quotas.limit(db, projectId, key);
    return most >= 0 && size > most;
  };
  if (over('injected_files', files.length)) throw forbidden('Personality file limit exceeded');
  for (const { path = '', contents = '' } of files) {
    if (over('injected_file_path_bytes', Buffer.byteLength(path)))
      throw forbidden('Personality file path too long');
    if (over('injected_file_content_bytes', Buffer.byteLength(contents, 'base64')))
      throw forbidden('Personality file content too long');
  }
}
