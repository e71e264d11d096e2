/** SSH public keys as `authorized_keys` has them (RFC 4253 6.6, RFC 5656, RFC 8709, PROTOCOL.u2f), and their making. */
import { createHash, generateKeyPair, X509Certificate } from 'node:crypto';
import { promisify } from 'node:util';
import { Secret } from '../../secret.ts';

/** How many fields follow the type in a key's blob. */
const FIELDS: Readonly<Record<string, number>> = {
  'ssh-rsa': 2,
  'ssh-dss': 4,
  'ecdsa-sha2-nistp256': 2,
  'ecdsa-sha2-nistp384': 2,
  'ecdsa-sha2-nistp521': 2,
  'ssh-ed25519': 1,
  'sk-ssh-ed25519@openssh.com': 2,
  'sk-ecdsa-sha2-nistp256@openssh.com': 3,
};

/** No key is longer: RSA with 16384 bits has about 2800 characters. */
const MAX_LENGTH = 16_384;

/**
 * The MD5 fingerprint of an SSH public key, as nova shows it ('1e:2c:...'); undefined where the text is not exactly
 * one line `type base64 [comment]` of a known type whose blob is complete. Options before the type, or a second line,
 * would reach the guest's authorized_keys and are therefore no key.
 */
export function sshFingerprint(text: string): string | undefined {
  const line = text.replace(/\r?\n$/, '');
  if (text.length > MAX_LENGTH || /[\p{Cc}]/u.test(line.replaceAll('\t', ' '))) return undefined;
  const [type = '', encoded = ''] = line.trim().split(/\s+/);
  const fields = Object.hasOwn(FIELDS, type) ? FIELDS[type] : undefined;
  if (fields === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined;
  const blob = Buffer.from(encoded, 'base64');
  const parts = readFields(blob);
  if (parts?.length !== fields + 1 || parts[0]?.toString('latin1') !== type) return undefined;
  if (parts.some((part) => part.length === 0) && !type.startsWith('sk-')) return undefined;
  if (type === 'ssh-ed25519' && parts[1]?.length !== 32) return undefined;
  return colons(createHash('md5').update(blob).digest('hex'));
}

/** The length-prefixed strings that a blob consists of; undefined when they do not end where it ends. */
function readFields(blob: Buffer): Buffer[] | undefined {
  const parts: Buffer[] = [];
  let offset = 0;
  while (offset < blob.length) {
    if (offset + 4 > blob.length) return undefined;
    const end = offset + 4 + blob.readUInt32BE(offset);
    if (end > blob.length) return undefined;
    parts.push(blob.subarray(offset + 4, end));
    offset = end;
  }
  return parts;
}

const colons = (hex: string): string => hex.replaceAll(/..(?!$)/g, '$&:');

/** The SHA-1 fingerprint of a certificate in PEM, as nova shows it; undefined when it is none. */
export function x509Fingerprint(pem: string): string | undefined {
  if (pem.length > MAX_LENGTH) return undefined;
  try {
    return new X509Certificate(pem).fingerprint.toLowerCase();
  } catch {
    return undefined;
  }
}

export interface GeneratedKey {
  readonly publicKey: string;
  readonly privateKey: Secret;
}

const generate = promisify(generateKeyPair);

/** A new RSA key of 2048 bits, the private half in PEM. For microversions before 2.92. */
export async function generateSshKey(): Promise<GeneratedKey> {
  const { publicKey, privateKey } = await generate('rsa', { modulusLength: 2048 });
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
  const integer = (value: string): Buffer => {
    const bytes = Buffer.from(value, 'base64url');
    // A leading zero keeps the number positive.
    return (bytes[0] ?? 0) > 127 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes;
  };
  const fields = [Buffer.from('ssh-rsa'), integer(e), integer(n)];
  const blob = Buffer.concat(
    fields.flatMap((field) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(field.length);
      return [length, field];
    }),
  );
  return {
    publicKey: `ssh-rsa ${blob.toString('base64')} Generated-by-Deskcloud`,
    privateKey: new Secret(privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()),
  };
}
