/** The structures that several procedures share, each with its codec. */
import {
  array,
  bool,
  i32,
  i64,
  nullable,
  string,
  struct,
  u32,
  u64,
  uuid,
  type Codec,
  type StructOut,
} from './codec.ts';
import { XdrError, type XdrReader, type XdrWriter } from './xdr.ts';

/** A domain as libvirt names it. The daemon looks it up by its UUID; name and id are for messages. */
export interface DomainRef {
  readonly name: string;
  /** In lower case, with dashes. */
  readonly uuid: string;
  /** The running domain's number; -1 while it is not active. */
  readonly id: number;
}

/** A domain that is known by its UUID already: spares the look-up call. */
export const domainRef = (uuid: string, name = ''): DomainRef => ({ uuid, name, id: -1 });

/** A snapshot belongs to its domain. */
export interface SnapshotRef {
  readonly name: string;
  readonly dom: DomainRef;
}

export interface SecretRef {
  readonly uuid: string;
  /** One of SecretUsage. */
  readonly usageType: number;
  readonly usageId: string;
}

const domainMembers = struct({ name: string, uuid, id: i32 });

export const domain: Codec<DomainRef> = {
  ...domainMembers,
  describe: (dom) => (dom.name === '' ? dom.uuid : `${dom.name} (${dom.uuid})`),
};

const snapshotMembers = struct({ name: string, dom: domain });

export const snapshot: Codec<SnapshotRef> = {
  ...snapshotMembers,
  describe: (snap) => `${snap.name} of ${snap.dom.name}`,
};

export const secretRef: Codec<SecretRef> = struct({ uuid, usageType: i32, usageId: string });

/** A value of a typed parameter. A 64-bit value that a number cannot hold exactly is a bigint. */
export type TypedValue = number | bigint | boolean | string;

/** virTypedParameter: a named value that carries its own type. */
export type TypedParameter =
  | { readonly field: string; readonly type: 'int' | 'uint' | 'double'; readonly value: number }
  | { readonly field: string; readonly type: 'llong' | 'ullong'; readonly value: number | bigint }
  | { readonly field: string; readonly type: 'boolean'; readonly value: boolean }
  | { readonly field: string; readonly type: 'string'; readonly value: string };

const TypeNumber = { int: 1, uint: 2, llong: 3, ullong: 4, double: 5, boolean: 6, string: 7 } as const;

/** VIR_TYPED_PARAM_FIELD_LENGTH, less the NUL. */
const FIELD_MAX = 79;

const numberIfExact = (value: bigint): number | bigint => {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

function writeTyped(w: XdrWriter, parameter: TypedParameter): void {
  w.string(parameter.field, FIELD_MAX);
  w.int32(TypeNumber[parameter.type]);
  switch (parameter.type) {
    case 'int':
      return i32.write(w, parameter.value);
    case 'uint':
      return u32.write(w, parameter.value);
    case 'double':
      return w.double(parameter.value);
    case 'llong':
      return i64.write(w, parameter.value);
    case 'ullong':
      return u64.write(w, parameter.value);
    case 'boolean':
      return bool.write(w, parameter.value);
    case 'string':
      return string.write(w, parameter.value);
  }
}

function readTyped(r: XdrReader): TypedParameter {
  const field = string.read(r);
  const type = r.int32();
  switch (type) {
    case TypeNumber.int:
      return { field, type: 'int', value: r.int32() };
    case TypeNumber.uint:
      return { field, type: 'uint', value: r.uint32() };
    case TypeNumber.llong:
      return { field, type: 'llong', value: numberIfExact(r.int64()) };
    case TypeNumber.ullong:
      return { field, type: 'ullong', value: numberIfExact(r.uint64()) };
    case TypeNumber.double:
      return { field, type: 'double', value: r.double() };
    case TypeNumber.boolean:
      return { field, type: 'boolean', value: bool.read(r) };
    case TypeNumber.string:
      return { field, type: 'string', value: string.read(r) };
    default:
      throw new XdrError(`typed parameter ${field} has the unknown type ${type}`);
  }
}

export const typedParameter: Codec<TypedParameter> = {
  write: writeTyped,
  read: readTyped,
  describe: ({ field, value }) => `${field}=${String(value)}`,
};

/** Makes typed parameters: `typed.ullong('total_bytes_sec', 1_000_000)`. */
export const typed = {
  int: (field: string, value: number): TypedParameter => ({ field, type: 'int', value }),
  uint: (field: string, value: number): TypedParameter => ({ field, type: 'uint', value }),
  llong: (field: string, value: number | bigint): TypedParameter => ({ field, type: 'llong', value }),
  ullong: (field: string, value: number | bigint): TypedParameter => ({ field, type: 'ullong', value }),
  double: (field: string, value: number): TypedParameter => ({ field, type: 'double', value }),
  boolean: (field: string, value: boolean): TypedParameter => ({ field, type: 'boolean', value }),
  string: (field: string, value: string): TypedParameter => ({ field, type: 'string', value }),
};

/** Typed parameters by their names, for look-ups: `typedValues(stats.params).get('cpu.time')`. */
export const typedValues = (parameters: readonly TypedParameter[]): ReadonlyMap<string, TypedValue> =>
  new Map(parameters.map(({ field, value }) => [field, value]));

/** virNetMessageError: what a failed call or stream is answered with. */
const errorShape = {
  code: i32,
  domain: i32,
  message: nullable(string),
  level: i32,
  dom: nullable(domain),
  str1: nullable(string),
  str2: nullable(string),
  str3: nullable(string),
  int1: i32,
  int2: i32,
  net: nullable(struct({ name: string, uuid })),
};

export const errorStructure = struct(errorShape);
export type ErrorStructure = StructOut<typeof errorShape>;

/** DOMAIN_LIST_MAX and the like: libvirt gives most of its lists the same limit. */
export const LIST_MAX = 16_384;

export const typedParameters = (max: number): Codec<TypedParameter[], readonly TypedParameter[]> =>
  array(typedParameter, max);
