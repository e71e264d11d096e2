import type { Random } from './random.ts';

/** What no service expects, of each kind that JSON has. */
const ODD: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e308,
  -9007199254740991,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '‮abc',
  '🦊'.repeat(64),
  'a'.repeat(256),
  'b'.repeat(70_000),
  "'; DROP TABLE server; --",
  '../../etc/passwd',
  '-rf',
  '%00%2f..',
  '<domain/>',
  '\r\nX-Injected: 1',
  '${jndi:x}',
  '0x10',
  'NaN',
  'null',
  '[]',
  '2020-13-45T99:99:99Z',
  '999.999.999.999',
  '::ffff:10.0.0.1',
  '0.0.0.0/0',
  'ff:ff:ff:ff:ff:ff',
  [],
  [null],
  [[[[[]]]]],
  {},
  { __proto__x: 1 },
  { constructor: { prototype: 1 } },
];

/** One thing of a value changed: a leaf, a key, an element, the whole. */
export function mutate(random: Random, value: unknown): unknown {
  if (random.chance(0.1)) return odd(random);
  if (Array.isArray(value)) {
    if (value.length === 0 || random.chance(0.3))
      return [...(value as unknown[]), ...(value as unknown[]), odd(random)];
    const index = random.below(value.length);
    return (value as unknown[]).map((item, at) => (at === index ? mutate(random, item) : item));
  }
  if (typeof value === 'object' && value !== null) {
    const keys = Object.keys(value);
    if (keys.length === 0 || random.chance(0.15)) return { ...value, [oddKey(random)]: odd(random) };
    const key = random.pick(keys);
    const rest = Object.fromEntries(Object.entries(value).filter(([one]) => one !== key));
    if (random.chance(0.15)) return rest;
    return { ...rest, [key]: mutate(random, (value as Record<string, unknown>)[key]) };
  }
  return odd(random);
}

const odd = (random: Random): unknown =>
  random.chance(0.02) ? nested(random.pick([50, 1000])) : random.pick(ODD);

const oddKey = (random: Random): string =>
  random.pick([
    '',
    'x',
    '__proto__',
    'constructor',
    'id',
    'project_id',
    'tenant_id',
    'k'.repeat(300),
    '名',
    '\u0000',
  ]);

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let n = 0; n < depth; n++) value = n % 2 === 0 ? [value] : { a: value };
  return value;
}

/** A body's text broken as text: cut, doubled keys, other encodings, nothing. */
export function mutateText(random: Random, text: string): string | Buffer {
  switch (random.below(7)) {
    case 0:
      return text.slice(0, random.below(text.length + 1));
    case 1:
      return text.replace(/\{"(\w+)":/, '{"$1":null,"$1":');
    case 2:
      return Buffer.concat([Buffer.from(text), Buffer.from([0xff, 0xfe, 0x00])]);
    case 3:
      return Buffer.from(text, 'utf16le');
    case 4:
      return text.replace(/\}$/, `,"x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`);
    case 5:
      return `\ufeff${text}`;
    default:
      return text + text;
  }
}

/** An id or a name in a path that is none. */
export const oddSegment = (random: Random): string =>
  random.pick([
    random.uuid(),
    random.hex(32),
    'none',
    '0',
    '-1',
    ' ',
    '..',
    '%',
    'a/b',
    "' OR 1=1",
    '\u0000',
    '漢字🦊',
    'x'.repeat(900),
    'detail',
    'default',
  ]);
