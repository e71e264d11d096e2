/** Certificates for guests that are logged in to by certificate (WinRM), as nova makes them (RFC 5280, X.690). */
import { createSign, generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { Secret } from '../../secret.ts';
import type { GeneratedKey } from './ssh-key.ts';

const VALID_YEARS = 10;

/** One value in DER: tag, length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 128) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const hex = content.length.toString(16);
  const size = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 + size.length]), size, content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const set = (...parts: readonly Uint8Array[]): Buffer => der(0x31, ...parts);
const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));
const bits = (content: Uint8Array): Buffer => der(0x03, Buffer.from([0]), content);
const octets = (content: Uint8Array): Buffer => der(0x04, content);
const explicit = (tag: number, ...parts: readonly Uint8Array[]): Buffer => der(0xa0 + tag, ...parts);

/** An object identifier of its dotted text. */
function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const groups = [number & 0x7f];
    for (let left = Math.floor(number / 128); left > 0; left = Math.floor(left / 128))
      groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}

/** UTCTime up to 2049, GeneralizedTime after (RFC 5280 4.1.2.5). */
function time(at: Date): Buffer {
  const text = `${at.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`;
  return at.getUTCFullYear() < 2050 ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

const SHA256_WITH_RSA = sequence(oid('1.2.840.113549.1.1.11'), der(0x05));
const COMMON_NAME = '2.5.4.3';
const SUBJECT_ALT_NAME = '2.5.29.17';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const USER_PRINCIPAL_NAME = '1.3.6.1.4.1.311.20.2.3';

const pem = (label: string, content: Buffer): string =>
  `-----BEGIN ${label}-----\n${(content.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`;

const generate = promisify(generateKeyPair);

/**
 * A self-signed certificate of a user for client authentication, with a new RSA key of 2048 bits; valid for ten years. Both
 * in PEM. For microversions from 2.2 to 2.91.
 * @param now milliseconds since the epoch.
 */
export async function generateX509Key(userId: string, now: number): Promise<GeneratedKey> {
  const { publicKey, privateKey } = await generate('rsa', { modulusLength: 2048 });
  const name = sequence(set(sequence(oid(COMMON_NAME), utf8(userId))));
  const until = new Date(now);
  until.setUTCFullYear(until.getUTCFullYear() + VALID_YEARS);
  // Positive, and never zero.
  const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(15)]);
  const principal = explicit(0, oid(USER_PRINCIPAL_NAME), explicit(0, utf8(`${userId}@localhost`)));
  const extensions = sequence(
    sequence(oid(EXTENDED_KEY_USAGE), octets(sequence(oid(CLIENT_AUTH)))),
    sequence(oid(SUBJECT_ALT_NAME), octets(sequence(principal))),
  );
  const body = sequence(
    explicit(0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    SHA256_WITH_RSA,
    name,
    sequence(time(new Date(now)), time(until)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, extensions),
  );
  const signature = createSign('sha256').update(body).sign(privateKey);
  return {
    publicKey: pem('CERTIFICATE', sequence(body, SHA256_WITH_RSA, bits(signature))),
    privateKey: new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()),
  };
}
