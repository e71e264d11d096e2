/**
 * The management protocol of tgt's daemon, as tgtadm speaks it (tgt's usr/tgtadm.h): a fixed header, then text. It is
 * spoken here and not by tgtadm, which takes passwords as arguments.
 */
import { endianness } from 'node:os';

/** enum tgtadm_mode */
export const MODE = { system: 0, target: 1, device: 2, account: 7 } as const;
/** enum tgtadm_op */
export const OP = { new: 0, delete: 1, show: 2, bind: 3, unbind: 4, update: 5 } as const;

const LLD_BYTES = 64;
const HEADER_BYTES = 120;
const ANSWER_BYTES = 8;

export interface TgtRequest {
  readonly mode: keyof typeof MODE;
  readonly op: keyof typeof OP;
  /** 4294967295 is none or all. */
  readonly tid?: number;
  readonly lun?: number;
  readonly force?: boolean;
  /** 'name=value', joined by commas: values must not have any. */
  readonly text?: string;
}

const little = endianness() === 'LE';

/** struct tgtadm_req of a 64-bit machine, in its own byte order. */
export function encodeRequest({ mode, op, tid = -1, lun = 0, force = false, text }: TgtRequest): Buffer {
  const body = text === undefined ? Buffer.alloc(0) : Buffer.from(`${text}\0`);
  const header = Buffer.alloc(HEADER_BYTES);
  const u32 = (value: number, at: number): number =>
    little ? header.writeUInt32LE(value >>> 0, at) : header.writeUInt32BE(value >>> 0, at);
  u32(MODE[mode], 0);
  u32(OP[op], 4);
  header.write('iscsi', 8, LLD_BYTES, 'ascii');
  u32(HEADER_BYTES + body.length, 72);
  u32(tid, 76);
  if (little) header.writeBigUInt64LE(BigInt(lun), 88);
  else header.writeBigUInt64BE(BigInt(lun), 88);
  u32(force ? 1 : 0, 116);
  return Buffer.concat([header, body]);
}

/** struct tgtadm_rsp and what follows; undefined while it is not all there. */
export function decodeAnswer(bytes: Buffer): { readonly error: number; readonly text: string } | undefined {
  if (bytes.length < ANSWER_BYTES) return undefined;
  const u32 = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const length = u32(4);
  if (bytes.length < length) return undefined;
  return { error: u32(0), text: bytes.toString('utf8', ANSWER_BYTES, length).replace(/\0.*$/s, '') };
}

/** enum tgtadm_errno, for people. */
const ERRORS = [
  'success',
  'unknown error',
  'out of memory',
  'no such driver',
  'no such target',
  'no such logical unit',
  'no such session',
  'no such connection',
  'no such binding',
  'the target exists already',
  'the logical unit exists already',
  'the binding exists already',
  'the access rule exists already',
  'no such access rule',
  'the account exists already',
  'no such account',
  'too many accounts',
  'invalid request',
  'the target has an outgoing account already',
  'the target is active',
  'the logical unit is active',
  'the driver is active',
  'unsupported operation',
  'unknown parameter',
  'removal is prevented',
] as const;

export const errorText = (error: number): string => ERRORS[error] ?? `error ${error}`;

/** A target in the answer to 'show'. */
export interface ShownTarget {
  readonly tid: number;
  readonly iqn: string;
  readonly path: string | null;
  readonly users: readonly string[];
  readonly initiators: readonly string[];
  readonly sessions: readonly string[];
}

/** What 'show' of all targets says, which is text for people; its shape has been the same since tgt 1.0.30. */
export function parseTargets(text: string): readonly ShownTarget[] {
  return text
    .split(/^(?=Target \d+: )/m)
    .filter((part) => part.startsWith('Target '))
    .map((part) => {
      const [, tid = '0', iqn = ''] = /^Target (\d+): (.*)$/m.exec(part) ?? [];
      const section = (title: string): string[] => {
        const found = new RegExp(`^ {4}${title}:\\n((?: {8}.*\\n?)*)`, 'm').exec(part)?.[1] ?? '';
        return found
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line !== '');
      };
      const path = /^ {8}LUN: 1\n(?: {12}.*\n)*? {12}Backing store path: (.*)$/m.exec(part)?.[1];
      return {
        tid: Number(tid),
        iqn,
        path: path === undefined || path === 'None' ? null : path,
        users: section('Account information').sort(),
        initiators: section('ACL information').sort(),
        sessions: section('I_T nexus information').flatMap(
          (line) => /^Initiator: (\S+)/.exec(line)?.[1] ?? [],
        ),
      };
    });
}
