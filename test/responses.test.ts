import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import type { Endpoint, SchemaSpec, Service, VersionedSchema } from '../helper/http/index.ts';
import { loadServices } from '../scripts/api-docs/tables.ts';
import { holes } from './support/schema-holes.ts';

/** Where an answer may hold anything, since it shows what somebody put there. This list may only become shorter. */
const OPEN: readonly { readonly place: RegExp; readonly why: string }[] = [
  {
    place:
      /^identity (?:(?:user|project|domain|group|role|policy|consumer)|\w+\.\[\]|trust\.roles\.\[\])\.\*$/,
    why: 'attributes that clients add, which upstream keeps',
  },
  {
    place: /^identity .*(?:parents|subtree)\.\[\]\.project(?:\.options)?\.\*$/,
    why: 'the same of related projects',
  },
  { place: /^identity .*options\.\*$/, why: 'options as they were set' },
  { place: /^image (?:tasks\.\[\]\.)?input\.import_req\.method\.\*$/, why: 'what an import was asked with' },
  {
    place: /^image .*(?:enum\.\[\]|default)$/,
    why: 'values of properties of any type, in metadata definitions',
  },
  { place: /^image (?:properties\.\*|additionalProperties)\.\*$/, why: 'JSON schemas' },
  { place: /^network .*binding:profile\.\*$/, why: "a port's profile as it was set" },
  { place: /^network .*configurations\.\*$/, why: 'configurations of kinds of agents' },
  {
    place: /^volume (?:attachments?\.(?:\[\]\.)?)?connection_info(?:\.data)?\.\*$/,
    why: 'what a connector needs to know, by kind of storage',
  },
  { place: /^deskcloud operation\.steps\.\[\]\.entries\.\[\]\.data$/, why: 'data of a note' },
];

const services: readonly Service[] = await loadServices();

const isList = (spec: SchemaSpec): spec is readonly VersionedSchema[] => Array.isArray(spec);

test('each schema is one', () => {
  // The helper takes that for granted when it compiles them.
  const ajv = new Ajv2020({ strict: false, allowUnionTypes: true, validateFormats: false });
  const schemasOf = (spec: Endpoint['body'] | Endpoint['response']): readonly object[] =>
    typeof spec !== 'object' ? [] : isList(spec) ? spec.map(({ schema }) => schema) : [spec];
  const wrong = services.flatMap(({ name, endpoints }) =>
    endpoints.flatMap(({ id, body, query, response }) =>
      [body, query, response]
        .flatMap(schemasOf)
        .filter((schema) => ajv.validateSchema(schema) !== true)
        .map(() => `${name} ${id}: ${ajv.errorsText()}`),
    ),
  );
  expect(wrong).toEqual([]);
});

test('every operation says what it answers', () => {
  // With 204 there is nothing to say.
  const silent = services.flatMap(({ name, endpoints }) =>
    endpoints
      .filter(({ ok, response }) => ok !== 204 && response === undefined)
      .map(({ id }) => `${name} ${id}`),
  );
  expect(silent).toEqual([]);
});

test('answers are said to their last attribute', () => {
  const found = new Set(
    services.flatMap(({ name, endpoints }) =>
      endpoints
        .flatMap(({ response }) =>
          response === undefined || typeof response === 'string'
            ? []
            : 'length' in response
              ? response.map(({ schema }) => schema)
              : [response],
        )
        .flatMap(holes)
        .map((place) => `${name} ${place}`),
    ),
  );
  expect([...found].filter((one) => !OPEN.some(({ place }) => place.test(one)))).toEqual([]);
  expect(OPEN.filter(({ place }) => ![...found].some((one) => place.test(one)))).toEqual([]);
});

test('a hole is seen', () => {
  const any = {};
  expect(holes({ type: 'object', properties: { a: any }, additionalProperties: false })).toEqual(['a']);
  expect(holes({ type: 'object', properties: {} })).toEqual(['*']);
  expect(holes({ type: 'array', items: { anyOf: [{ type: 'null' }, { type: 'object' }] } })).toEqual([
    '[].*',
  ]);
  expect(holes({ type: 'array', items: any, maxItems: 0 })).toEqual([]);
  expect(holes({ type: 'object', patternProperties: { '^.*$': { type: 'string' } } })).toEqual([]);
});
