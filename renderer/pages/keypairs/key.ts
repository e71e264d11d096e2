/** What a text is that somebody gave as a public key. */
export type KeyVerdict = 'public' | 'private' | 'neither' | 'empty';

const PUBLIC =
  /^(ssh-(ed25519|rsa|dss)|ecdsa-sha2-nistp(256|384|521)|sk-(ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)\s+[A-Za-z0-9+/=]{40,}(\s+.*)?$/;

/** Judges a public key by its look, so that a private one never leaves this page. */
export function judgeKey(text: string): KeyVerdict {
  const trimmed = text.trim();
  if (trimmed === '') return 'empty';
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----|^PuTTY-User-Key-File/.test(trimmed)) return 'private';
  if (PUBLIC.test(trimmed) || trimmed.startsWith('-----BEGIN CERTIFICATE-----')) return 'public';
  return 'neither';
}

/** The comment at the end of a public key, which mostly says whose it is: a name to begin with. */
export const nameInKey = (text: string): string =>
  (text.trim().split(/\s+/)[2] ?? '').replaceAll(/[^A-Za-z0-9 ._-]/g, '-').slice(0, 60);

/** 'SHA256:...', as `ssh-keygen -l` shows a key; undefined for what is no SSH key. */
export async function sha256Fingerprint(publicKey: string): Promise<string | undefined> {
  const blob = publicKey.trim().split(/\s+/)[1];
  if (blob === undefined) return undefined;
  try {
    const bytes = Uint8Array.from(atob(blob), (one) => one.charCodeAt(0));
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return `SHA256:${btoa(String.fromCharCode(...digest)).replace(/=+$/, '')}`;
  } catch {
    return undefined;
  }
}
