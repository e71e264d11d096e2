/**
 * Codecs: one value describes how a type is written, read and shown, and the TypeScript type follows from it. The
 * procedure table is composed of these, so that there is no marshaller by hand per procedure.
 */
import { XdrError, type XdrReader, type XdrWriter } from './xdr.ts';

/** How a value goes to the wire (`In`) and comes from it (`Out`). */
export interface Codec<Out, In = Out> {
  write(writer: XdrWriter, value: In): void;
  read(reader: XdrReader): Out;
  /** One line for a log of calls. Without it the value is shown as JSON. */
  describe?(value: In): string;
  /** A member of a struct that callers may leave out. */
  readonly optional?: boolean;
}

export interface OptionalCodec<Out, In> extends Codec<Out, In | undefined> {
  readonly optional: true;
}

/** A member whose value the table fixes; callers cannot give it. */
interface ConstantCodec extends Codec<unknown, undefined> {
  readonly optional: true;
  readonly constant: true;
}

export type Shape = Readonly<Record<string, Codec<unknown, unknown>>>;
export type Out<C> = C extends { read(reader: XdrReader): infer O } ? O : never;
type In<C> = C extends { write(writer: XdrWriter, value: infer I): void } ? I : never;
type Flat<T> = { [K in keyof T]: T[K] };

/** What a struct reads as. */
export type StructOut<S extends Shape> = { [K in keyof S]: Out<S[K]> };
/** What callers give for a struct: constants are not there, members with a default may be left out. */
export type StructIn<S extends Shape> = Flat<
  {
    [K in keyof S as S[K] extends { optional: true } ? never : K]: In<S[K]>;
  } & {
    [
      K in keyof S as S[K] extends { constant: true } ? never : S[K] extends { optional: true } ? K : never
    ]?: In<S[K]>;
  }
>;

export const i32: Codec<number> = {
  write: (w, value) => w.int32(value),
  read: (r) => r.int32(),
};

export const u32: Codec<number> = {
  write: (w, value) => w.uint32(value),
  read: (r) => r.uint32(),
};

/** XDR has no smaller integers: `unsigned char` and `unsigned short` are whole words too. */
export const u8 = u32;
export const u16 = u32;

/** Reads as a number, with an error past 2^53-1; takes numbers and bigints. */
export const u64: Codec<number, number | bigint> = {
  write: (w, value) => w.uint64(value),
  read: (r) => r.safeUint64(),
  describe: String,
};

/** Reads as a bigint: for nanoseconds (2^53 are 104 days of CPU time) and for values that a guest makes up. */
export const bigU64: Codec<bigint, number | bigint> = {
  write: (w, value) => w.uint64(value),
  read: (r) => r.uint64(),
  describe: String,
};

/** Reads as a number, with an error outside of ±(2^53-1); takes numbers and bigints. */
export const i64: Codec<number, number | bigint> = {
  write: (w, value) => w.int64(value),
  read: (r) => r.safeInt64(),
  describe: String,
};

/** libvirt sends truth values as int 0 and 1. */
export const bool: Codec<boolean> = {
  write: (w, value) => w.int32(value ? 1 : 0),
  read: (r) => r.int32() !== 0,
};

/** No value: the reply of a procedure that returns nothing. */
export const none: Codec<void> = {
  write: () => undefined,
  read: () => undefined,
};

/** REMOTE_STRING_MAX. */
export const STRING_MAX = 4_194_304;

export const string: Codec<string> = {
  write: (w, value) => w.string(value, STRING_MAX),
  read: (r) => r.string(STRING_MAX),
  describe: (value) => value,
};

export const opaque = (max: number): Codec<Buffer, Uint8Array> => ({
  write: (w, value) => w.opaque(value, max),
  read: (r) => r.opaque(max),
  describe: (value) => `${value.length} bytes`,
});

/** `char x[length]`: XDR gives each char a word of its own; reads up to the first NUL. */
export const chars = (length: number): Codec<string> => ({
  write: (w, value) => {
    const bytes = Buffer.alloc(length);
    bytes.write(value, 0, length - 1, 'latin1');
    for (const byte of bytes) w.int32(byte);
  },
  read: (r) => {
    const bytes = Buffer.from(Array.from({ length }, () => r.int32() & 0xff));
    const nul = bytes.indexOf(0);
    return bytes.toString('latin1', 0, nul === -1 ? length : nul);
  },
});

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** A UUID; text with dashes and in lower case on our side, 16 bytes on the wire. */
export const uuid: Codec<string> = {
  write: (w, value) => {
    if (!UUID.test(value)) throw new XdrError(`not a UUID: ${value}`);
    w.fixedOpaque(Buffer.from(value.replaceAll('-', ''), 'hex'));
  },
  read: (r) =>
    r
      .fixedOpaque(16)
      .toString('hex')
      .replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
  describe: (value) => value,
};

/** `type *x`: null or a value. */
export const nullable = <O, I>(codec: Codec<O, I>): Codec<O | null, I | null> => ({
  write: (w, value) => {
    w.uint32(value === null ? 0 : 1);
    if (value !== null) codec.write(w, value);
  },
  read: (r) => (r.uint32() === 0 ? null : codec.read(r)),
  describe: (value) => (value === null ? 'null' : show(codec, value)),
});

export const array = <O, I>(codec: Codec<O, I>, max: number): Codec<O[], readonly I[]> => ({
  write: (w, values) => {
    if (values.length > max) throw new XdrError(`${values.length} items exceed the limit of ${max}`);
    w.uint32(values.length);
    for (const value of values) codec.write(w, value);
  },
  read: (r) => Array.from({ length: r.length(max) }, () => codec.read(r)),
  describe: (values) => `[${values.map((value) => show(codec, value)).join(', ')}]`,
});

/** Members one after the other, in the order in which they are listed. */
export function struct<S extends Shape>(shape: S): Codec<StructOut<S>, StructIn<S>> {
  const members = Object.entries(shape);
  return {
    write: (w, value) => {
      const given = value as Readonly<Record<string, unknown>>;
      for (const [name, codec] of members) codec.write(w, given[name]);
    },
    read: (r) => Object.fromEntries(members.map(([name, codec]) => [name, codec.read(r)])) as StructOut<S>,
    describe: (value) => {
      const given = value as Readonly<Record<string, unknown>>;
      return members
        .filter(([name]) => given[name] !== undefined)
        .map(([name, codec]) => `${name}=${show(codec, given[name])}`)
        .join(' ');
    },
  };
}

/** A member that callers may leave out. */
export const withDefault = <O, I>(codec: Codec<O, I>, value: I): OptionalCodec<O, I> => ({
  write: (w, given) => codec.write(w, given ?? value),
  read: (r) => codec.read(r),
  describe: (given) => show(codec, given ?? value),
  optional: true,
});

/** A member whose value is fixed, such as `need_results`. */
export const constant = <O, I>(codec: Codec<O, I>, value: I): ConstantCodec => ({
  write: (w) => codec.write(w, value),
  read: (r) => codec.read(r),
  optional: true,
  constant: true,
});

/** Reads a struct and keeps only one of its members. */
export const only = <S extends Shape, K extends keyof S>(
  key: K,
  shape: S,
): Codec<StructOut<S>[K], StructIn<S>> => {
  const whole = struct(shape);
  return { write: (w, value) => whole.write(w, value), read: (r) => whole.read(r)[key] };
};

/** The same on the wire, but shown otherwise: passwords and keys read `***`. */
export const shownAs = <O, I>(codec: Codec<O, I>, describe: (value: I) => string): Codec<O, I> => ({
  write: (w, value) => codec.write(w, value),
  read: (r) => codec.read(r),
  describe,
});

export const secret = <O, I>(codec: Codec<O, I>): Codec<O, I> => shownAs(codec, () => '***');

/** One line for a log of calls. */
export function show<I>(codec: Codec<unknown, I>, value: I): string {
  return codec.describe === undefined ? JSON.stringify(value) : codec.describe(value);
}
