/** What is wrong with user data before any guest sees it. Limits are compute's, kinds are cloud-init's. */

/** Of user_data as it is sent, in base64. */
export const MOST_BASE64 = 65_535;

export type UserDataKind = 'none' | 'cloud-config' | 'script' | 'multipart' | 'include' | 'jinja' | 'other';

export interface UserDataCheck {
  readonly kind: UserDataKind;
  /** Of the text, in bytes. */
  readonly size: number;
  /** It is not taken at all. */
  readonly tooLarge: boolean;
  /** It would be taken, and the guest would do nothing with it or fail. */
  readonly problem?:
    | { readonly what: 'yaml'; readonly text: string; readonly line: number | undefined }
    | { readonly what: 'not-a-mapping' | 'unknown-kind' | 'carriage-returns' | 'no-interpreter' };
}

/** What cloud-init would take a text for, by its first line. */
export function kindOf(text: string): UserDataKind {
  const [first = ''] = text.split('\n', 1);
  if (text.trim() === '') return 'none';
  if (first.startsWith('#!')) return 'script';
  if (first.trim() === '#cloud-config') return 'cloud-config';
  if (first.startsWith('## template: jinja')) return 'jinja';
  if (/^(content-type|mime-version):/i.test(first)) return 'multipart';
  if (/^#(include|include-once|cloud-boothook|cloud-config-archive|part-handler|upstart-job)\b/.test(first))
    return 'include';
  return 'other';
}

/** Loads the YAML parser only for cloud-config. */
export async function checkUserData(text: string): Promise<UserDataCheck> {
  const size = new TextEncoder().encode(text).length;
  const kind = kindOf(text);
  const found = { kind, size, tooLarge: Math.ceil(size / 3) * 4 > MOST_BASE64 };
  if (kind === 'other') return { ...found, problem: { what: 'unknown-kind' } };
  if (kind === 'script') {
    const [first = ''] = text.split('\n', 1);
    if (first.endsWith('\r')) return { ...found, problem: { what: 'carriage-returns' } };
    return /^#!\s*\/\S/.test(first) ? found : { ...found, problem: { what: 'no-interpreter' } };
  }
  if (kind !== 'cloud-config') return found;
  const { parseDocument, isMap } = await import('yaml');
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error !== undefined)
    return {
      ...found,
      problem: {
        what: 'yaml',
        text: (error.message.split('\n', 1)[0] ?? '').replace(/ at line \d+, column \d+:?$/, ''),
        line: error.linePos?.[0].line,
      },
    };
  return document.contents === null || isMap(document.contents)
    ? found
    : { ...found, problem: { what: 'not-a-mapping' } };
}
