import { createCipheriv, createHash, pbkdf2Sync, randomBytes, randomUUID } from 'node:crypto';
import type { DiskEncryption } from './interface.ts';

// "LUKS1 On-Disk Format Specification" 1.2.3, with the places that QEMU and cryptsetup choose.
const SECTOR = 512;
const STRIPES = 4000;
const SLOTS = 8;
const SLOT_IN_USE = 0x00ac71f3;
const SLOT_FREE = 0x0000dead;
/** Where the first slot's key material is; the others follow, each on a border of 4 KiB. */
const FIRST_SLOT = 4096;
const ALIGNMENT = 4096;
const SALT_BYTES = 32;
const DIGEST_BYTES = 20;
const HASH = 'sha256';
const HASH_BYTES = 32;
/**
 * The specification's least. Stretching makes guesses at a person's passphrase dear; ours are random and have 256 bits,
 * so that it would only make each opening slow.
 */
const ITERATIONS = 1000;

/** Enough of a file for {@link readLuksHeader}. */
export const LUKS_HEADER_BYTES = 592;

/**
 * Header and key material of a LUKS container (version 1, AES in XTS mode) with a new random key, which one passphrase
 * opens: what `qemu-img create` writes, without the process and its two seconds of measuring. The payload comes right
 * behind these bytes.
 */
export function luksHeader({ passphrase, keyBits }: DiskEncryption): Buffer {
  const { keyBytes, material, headerBytes } = layout(keyBits);
  const header = Buffer.alloc(headerBytes);
  const key = randomBytes(keyBytes);

  header.write('LUKS\xba\xbe', 0, 'latin1');
  header.writeUInt16BE(1, 6);
  header.write('aes', 8, 'latin1');
  header.write('xts-plain64', 40, 'latin1');
  header.write(HASH, 72, 'latin1');
  header.writeUInt32BE(header.length / SECTOR, 104);
  header.writeUInt32BE(keyBytes, 108);
  const digestSalt = randomBytes(SALT_BYTES);
  pbkdf2Sync(key, digestSalt, ITERATIONS, DIGEST_BYTES, HASH).copy(header, 112);
  digestSalt.copy(header, 132);
  header.writeUInt32BE(ITERATIONS, 164);
  header.write(randomUUID(), 168, 'latin1');

  const slotSalt = randomBytes(SALT_BYTES);
  for (let slot = 0; slot < SLOTS; slot += 1) {
    const at = 208 + slot * 48;
    header.writeUInt32BE(slot === 0 ? SLOT_IN_USE : SLOT_FREE, at);
    if (slot === 0) {
      header.writeUInt32BE(ITERATIONS, at + 4);
      slotSalt.copy(header, at + 8);
    }
    header.writeUInt32BE((FIRST_SLOT + slot * material) / SECTOR, at + 40);
    header.writeUInt32BE(STRIPES, at + 44);
  }
  const slotKey = pbkdf2Sync(passphrase.reveal(), slotSalt, ITERATIONS, keyBytes, HASH);
  encryptSectors(split(key), slotKey).copy(header, FIRST_SLOT);
  return header;
}

/** How much of a container comes before its payload, in bytes. */
export const luksHeaderBytes = (keyBits: DiskEncryption['keyBits']): number => layout(keyBits).headerBytes;

function layout(keyBits: DiskEncryption['keyBits']) {
  // XTS has two keys.
  const keyBytes = (keyBits / 8) * 2;
  const material = align(keyBytes * STRIPES);
  return { keyBytes, material, headerBytes: FIRST_SLOT + SLOTS * material };
}

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** The anti-forensic splitter: the key is lost as soon as any part of this is. */
function split(key: Buffer): Buffer {
  const stripes = randomBytes(key.length * STRIPES);
  const sum = Buffer.alloc(key.length);
  for (let stripe = 0; stripe < STRIPES - 1; stripe += 1) {
    for (let at = 0; at < sum.length; at += 1) sum[at]! ^= stripes[stripe * key.length + at]!;
    diffuse(sum);
  }
  for (let at = 0; at < sum.length; at += 1) stripes[(STRIPES - 1) * key.length + at] = sum[at]! ^ key[at]!;
  return stripes;
}

/** Key lengths are multiples of the hash's. */
function diffuse(block: Buffer): void {
  const counter = Buffer.alloc(4);
  for (let index = 0; index * HASH_BYTES < block.length; index += 1) {
    counter.writeUInt32BE(index);
    const piece = block.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES);
    createHash(HASH).update(counter).update(piece).digest().copy(piece);
  }
}

/** AES-XTS with the sector's number as IV (plain64), beginning with 0. */
function encryptSectors(plain: Buffer, key: Buffer): Buffer {
  const name = key.length === 64 ? 'aes-256-xts' : 'aes-128-xts';
  const sectors: Buffer[] = [];
  for (let at = 0; at < plain.length; at += SECTOR) {
    const iv = Buffer.alloc(16);
    iv.writeBigUInt64LE(BigInt(at / SECTOR));
    const cipher = createCipheriv(name, key, iv);
    sectors.push(cipher.update(plain.subarray(at, at + SECTOR)), cipher.final());
  }
  return Buffer.concat(sectors);
}

/** The part of {@link luksHeader} that is to be written: what follows are empty slots. */
export const writtenPart = (header: Buffer): Buffer =>
  header.subarray(0, FIRST_SLOT + header.readUInt32BE(108) * STRIPES);

/** Where a container's payload begins, in bytes; undefined when these bytes are no LUKS header of version 1. */
export function readLuksHeader(head: Buffer): { readonly payloadOffset: number } | undefined {
  if (head.length < LUKS_HEADER_BYTES || head.toString('latin1', 0, 6) !== 'LUKS\xba\xbe') return undefined;
  return head.readUInt16BE(6) === 1 ? { payloadOffset: head.readUInt32BE(104) * SECTOR } : undefined;
}
