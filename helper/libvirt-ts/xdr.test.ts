import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  array,
  bool,
  chars,
  constant,
  i32,
  i64,
  nullable,
  opaque,
  secret,
  show,
  string,
  struct,
  u32,
  u64,
  uuid,
  withDefault,
  type Codec,
} from './codec.ts';
import { eventKinds } from './events.ts';
import { encoded, errorOf } from './fake-daemon.ts';
import { procedures, sessionProcedures, streamProcedures } from './procedures/index.ts';
import { domain, errorStructure, typedParameter } from './types.ts';
import { XdrError, XdrReader, XdrWriter } from './xdr.ts';

const roundTrip = <O, I>(codec: Codec<O, I>, value: I): O => {
  const bytes = encoded(codec, value);
  expect(bytes.length % 4).toBe(0);
  const reader = new XdrReader(bytes);
  const result = codec.read(reader);
  reader.end();
  return result;
};

const text = fc.string({ unit: 'binary' }).filter((s) => !s.includes('\0'));
const ref = fc.record({
  name: text,
  uuid: fc.uuid(),
  id: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
});

describe('known bytes (RFC 4506)', () => {
  test('integers are big-endian words', () => {
    expect(encoded(i32, -2).toString('hex')).toBe('fffffffe');
    expect(encoded(u32, 4_294_967_295).toString('hex')).toBe('ffffffff');
    expect(encoded(u64, 2n ** 64n - 1n).toString('hex')).toBe('ffffffffffffffff');
    expect(encoded(i64, -1).toString('hex')).toBe('ffffffffffffffff');
  });

  test('strings carry their length and are padded with zeros', () => {
    expect(encoded(string, 'abcde').toString('hex')).toBe('000000056162636465000000');
    expect(encoded(nullable(string), null).toString('hex')).toBe('00000000');
    expect(encoded(nullable(string), '').toString('hex')).toBe('0000000100000000');
  });

  test('a UUID is 16 bytes, a fixed char array a word each', () => {
    expect(encoded(uuid, '6695EB01-f6a4-8304-79aa-97f2502e193f').toString('hex')).toBe(
      '6695eb01f6a4830479aa97f2502e193f',
    );
    expect(encoded(chars(3), 'ab').toString('hex')).toBe('000000610000006200000000');
  });
});

describe('round trips', () => {
  test('strings, also past the first buffer of the writer', () => {
    fc.assert(
      fc.property(text, fc.nat(2000), (s, n) => {
        const long = s + 'x'.repeat(n);
        expect(roundTrip(string, long)).toBe(long);
      }),
    );
  });

  test('sequences of every kind of item grow the writer at any offset', () => {
    const shape = struct({
      a: string,
      b: u32,
      c: u64,
      d: i64,
      e: bool,
      f: opaque(4096),
      g: nullable(string),
    });
    const value = fc.record({
      a: text,
      b: fc.integer({ min: 0, max: 0xffff_ffff }),
      c: fc.maxSafeNat(),
      d: fc.maxSafeInteger(),
      e: fc.boolean(),
      f: fc.uint8Array({ maxLength: 600 }).map((bytes) => Buffer.from(bytes)),
      g: fc.option(text),
    });
    fc.assert(
      fc.property(fc.array(value, { maxLength: 8 }), (values) => {
        expect(roundTrip(array(shape, 8), values)).toEqual(values);
      }),
    );
  });

  test('domains and typed parameters', () => {
    fc.assert(
      fc.property(ref, (dom) => {
        expect(roundTrip(domain, dom)).toEqual(dom);
      }),
    );
    const parameter = fc.oneof(
      fc.record({ field: fc.constant('f'), type: fc.constant('string' as const), value: text }),
      fc.record({ field: fc.constant('f'), type: fc.constant('boolean' as const), value: fc.boolean() }),
      fc.record({ field: fc.constant('f'), type: fc.constant('llong' as const), value: fc.maxSafeInteger() }),
      fc.record({ field: fc.constant('f'), type: fc.constant('double' as const), value: fc.double() }),
    );
    fc.assert(
      fc.property(parameter, (p) => {
        expect(roundTrip(typedParameter, p)).toEqual(p);
      }),
    );
  });

  test('a 64-bit value that a number cannot hold is a bigint in a typed parameter, an error elsewhere', () => {
    const huge = { field: 'limit', type: 'ullong', value: 2n ** 64n - 1n } as const;
    expect(roundTrip(typedParameter, huge)).toEqual(huge);
    expect(() => roundTrip(u64, 2n ** 53n)).toThrow('exceeds 2^53-1');
    expect(() => roundTrip(i64, -(2n ** 53n))).toThrow('exceeds');
  });
});

describe('values that cannot be sent', () => {
  test.each<[string, () => unknown]>([
    ['a NUL in a string', () => encoded(string, 'a\0b')],
    ['a fraction', () => encoded(u32, 1.5)],
    ['a negative size', () => encoded(u64, -1)],
    ['an inexact number', () => encoded(u64, 2 ** 60)],
    ['more than 64 bits', () => encoded(u64, 2n ** 64n)],
    ['no UUID', () => encoded(uuid, 'not-a-uuid')],
    ['too many bytes', () => encoded(opaque(2), Buffer.from('abc'))],
    ['too many items', () => encoded(array(u32, 1), [1, 2])],
  ])('%s', (_name, write) => expect(write).toThrow(XdrError));
});

describe('hostile input', () => {
  test('a length that the message cannot hold is refused before anything is allocated', () => {
    const claims = Buffer.from('00003fffdeadbeef', 'hex');
    expect(() => array(domain, 16_384).read(new XdrReader(claims))).toThrow('exceeds what the message holds');
    expect(() => opaque(4).read(new XdrReader(claims))).toThrow('exceeds the limit');
  });

  test('whatever the bytes, every decoder of the table returns or throws XdrError', () => {
    const decoders = [
      ...Object.values({ ...procedures, ...sessionProcedures, ...streamProcedures }).map(({ ret }) => ret),
      ...Object.values(eventKinds).map(({ event }) => event),
      errorStructure,
    ];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400, size: 'max' }), (bytes) => {
        const thrown = decoders.map((decoder) =>
          errorOf(() => decoder.read(new XdrReader(Buffer.from(bytes)))),
        );
        expect(thrown.filter((error) => error !== undefined && !(error instanceof XdrError))).toEqual([]);
      }),
    );
  });

  test('bytes left over are an error', () => {
    expect(() => new XdrReader(Buffer.alloc(4)).end()).toThrow('4 bytes left over');
  });

  test('a double and its neighbours keep their place', () => {
    const writer = new XdrWriter(1);
    writer.uint32(1);
    writer.double(1.5);
    writer.uint32(2);
    const reader = new XdrReader(writer.bytes());
    expect([reader.uint32(), reader.double(), reader.uint32()]).toEqual([1, 1.5, 2]);
  });
});

describe('what a log shows', () => {
  test('members by name, defaults left out, secrets masked', () => {
    const args = struct({
      dom: domain,
      need: constant(i32, 1),
      password: secret(string),
      flags: withDefault(u32, 0),
    });
    const dom = { name: 'web', uuid: '00000000-0000-4000-8000-000000000001', id: 3 };
    expect(show(args, { dom, password: 'hunter2' })).toBe(
      'dom=web (00000000-0000-4000-8000-000000000001) password=***',
    );
  });

  test('an agent command shows its name only', () => {
    const dom = { name: 'web', uuid: '00000000-0000-4000-8000-000000000001', id: 3 };
    const cmd = '{"execute":"guest-set-user-password","arguments":{"password":"aHVudGVyMg=="}}';
    expect(show(procedures.qemuDomainAgentCommand.args, { dom, cmd })).not.toContain('aHVudGVyMg');
    expect(show(procedures.qemuDomainAgentCommand.args, { dom, cmd })).toContain('guest-set-user-password');
  });
});
