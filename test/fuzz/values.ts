import type { TSchema } from 'typebox';
import { kindOfName, type Pool } from './pool.ts';
import type { Random } from './random.ts';

/** The JSON schema words that the services use. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly pattern?: string;
  readonly format?: string;
}

const STRINGS = [
  'a',
  '1',
  'fuzz',
  '0',
  '10',
  '-1',
  'true',
  'True',
  'On',
  'fuzz-1',
  'fuzz_name.x',
  'x.example.invalid',
  'x.example.invalid.',
  '/fuzz',
  '/24',
  'http://127.0.0.1:9/x',
  'tcp',
  'ingress',
  'IPv4',
  'RegionOne',
  'Namen, ä ö ü 漢字 🦊',
  'a'.repeat(255),
  '',
] as const;

/** Makes values that obey a schema, with ids of things that there are where a name says so. */
export class Values {
  readonly #random: Random;
  readonly #pool: Pool;
  readonly #bare: boolean;
  #kept = true;

  /** @param bare nothing that is not required */
  constructor(random: Random, pool: Pool, bare = false) {
    this.#random = random;
    this.#pool = pool;
    this.#bare = bare;
  }

  /**
   * @param name of the attribute or parameter that the value is for.
   * @param kept whether it may name what was there before the run.
   */
  of(schema: TSchema, name = '', kept = true): unknown {
    this.#kept = kept;
    return this.#make(schema, name, 0);
  }

  #make(schema: Schema, name: string, depth: number): unknown {
    const random = this.#random;
    if (schema.const !== undefined) return schema.const;
    if (schema.enum !== undefined) return random.pick(schema.enum);
    const choices = schema.anyOf ?? schema.oneOf;
    if (choices !== undefined) return this.#make(random.pick(choices), name, depth);
    if (schema.allOf !== undefined) {
      const parts = schema.allOf.map((part) => this.#make(part, name, depth));
      return parts.every((part) => typeof part === 'object' && part !== null && !Array.isArray(part))
        ? Object.assign({}, ...parts)
        : parts[0];
    }
    const type =
      typeof schema.type === 'string' || schema.type === undefined ? schema.type : random.pick(schema.type);
    switch (type) {
      case 'object':
        return this.#object(schema, depth);
      case 'array':
        return this.#array(schema, name, depth);
      case 'string':
        return this.#string(schema, name);
      case 'integer':
      case 'number':
        return this.#number(schema, name);
      case 'boolean':
        return random.chance(0.5);
      case 'null':
        return null;
      case undefined:
      default:
        return schema.properties === undefined
          ? random.pick([null, {}, 'x', 1, true])
          : this.#object(schema, depth);
    }
  }

  #object(schema: Schema, depth: number): Record<string, unknown> {
    const random = this.#random;
    const result: Record<string, unknown> = {};
    const properties = Object.entries(schema.properties ?? {});
    const required = new Set(schema.required);
    const share = depth > 3 || this.#bare ? 0 : random.pick([0, 0.1, 0.25, 0.5]);
    for (const [key, part] of properties)
      if (required.has(key) || random.chance(share)) result[key] = this.#make(part, key, depth + 1);
    const least = schema.minProperties ?? 0;
    if (Object.keys(result).length < least && properties.length > 0) {
      const [key, part] = random.pick(properties);
      result[key] = this.#make(part, key, depth + 1);
    }
    const [pattern, part] = Object.entries(schema.patternProperties ?? {})[0] ?? [];
    const free =
      part ?? (typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined);
    if (free !== undefined)
      for (let count = Math.max(least, random.below(3)); count > 0; count--) {
        const key = this.#string(
          { type: 'string', minLength: 1, ...(pattern === undefined ? {} : { pattern }) },
          '',
        );
        if (key !== '__proto__') result[key] = this.#make(free, '', depth + 1);
      }
    return result;
  }

  #array(schema: Schema, name: string, depth: number): unknown[] {
    const least = schema.minItems ?? 0;
    const most = Math.min(schema.maxItems ?? 3, least + 2);
    const length = least + this.#random.below(most - least + 1);
    if (schema.items === undefined) return [];
    const { items } = schema;
    const values = Array.from({ length }, () => this.#make(items, name, depth + 1));
    if (schema.uniqueItems !== true) return values;
    return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
  }

  #number(schema: Schema, name: string): number {
    const random = this.#random;
    // Of a volume, in GiB: what is made of a large one is read to its end, and that only takes time.
    if (/^(?:new_|volume_)?size$/.test(name)) return random.pick([1, 1, 2, 3, schema.maximum ?? 2 ** 31 - 1]);
    const least = schema.minimum ?? (schema.exclusiveMinimum === undefined ? 0 : schema.exclusiveMinimum + 1);
    const most = schema.maximum ?? least + 100_000;
    return random.pick([
      least,
      most,
      Math.min(least + 1, most),
      least + random.below(Math.min(most - least, 64) + 1),
    ]);
  }

  #string(schema: Schema, name: string): string {
    const random = this.#random;
    const kind = kindOfName(name);
    const known =
      kind === undefined || random.chance(0.1) ? undefined : this.#pool.pick(random, kind, this.#kept);
    if (known !== undefined && fits(schema, known)) return known;
    const candidates = this.#candidates(schema, name).filter((text) => fits(schema, text));
    if (candidates.length > 0) return random.pick(candidates);
    return 'a'.repeat(Math.max(schema.minLength ?? 1, 1));
  }

  #candidates(schema: Schema, name: string): readonly string[] {
    const random = this.#random;
    const byte = (): number => random.below(256);
    switch (schema.format) {
      case 'uuid':
        return [random.uuid()];
      case 'ipv4':
        return [`10.${random.below(3)}.${random.below(3)}.${byte()}`];
      case 'ipv6':
        return [`fd00:${random.below(3)}::${random.hex(3)}`];
      case 'ip':
        return [
          `10.${random.below(3)}.${random.below(3)}.${byte()}`,
          `fd00:${random.below(3)}::${random.hex(3)}`,
        ];
      case 'cidr':
        return [`10.${byte()}.${byte()}.0/24`, `fd00:${random.hex(3)}::/64`, '192.0.2.0/28'];
      case 'mac':
        return [`fa:16:3e:${random.hex(2)}:${random.hex(2)}:${random.hex(2)}`];
      case 'base64':
        return ['', 'ZnV6eg=='];
      case 'date-time':
        return [new Date(Date.UTC(2020 + random.below(20), random.below(12), 1)).toISOString()];
      case 'uri':
        return ['http://127.0.0.1:9/x', 'http://[::1]:9/'];
      case undefined:
      default:
        break;
    }
    if (/cidr|prefix/.test(name)) return [`10.${byte()}.${byte()}.0/24`, `fd00:${random.hex(3)}::/64`];
    if (/(?:^|_)ip(?:_address)?$|gateway/.test(name))
      return [`10.${random.below(3)}.${random.below(3)}.${byte()}`];
    const own = [`fuzz-${random.hex(4)}`, random.hex(32), random.uuid()];
    return /name|type|namespace/.test(name) ? own : [...STRINGS, ...own];
  }
}

const patterns = new Map<string, RegExp>();

function fits(schema: Schema, text: string): boolean {
  const { pattern, minLength = 0, maxLength = 300 } = schema;
  if (text.length < minLength || text.length > maxLength) return false;
  if (schema.format === 'uuid' && !/^[0-9a-f-]{32,36}$/.test(text)) return false;
  if (schema.format === 'name' && text.trim() === '') return false;
  if (pattern === undefined) return true;
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    compiled = new RegExp(pattern, 'u');
    patterns.set(pattern, compiled);
  }
  return compiled.test(text);
}
