import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { TSchema } from 'typebox';
import { isIPv4, isIPv6 } from 'node:net';
import { badRequest } from '../errors/error.ts';
import type { SchemaSpec, VersionedSchema } from './endpoint.ts';
import type { Microversion } from './microversion.ts';

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i;

function isCidr(text: string): boolean {
  const [address = '', length, ...rest] = text.split('/');
  if (rest.length > 0) return false;
  if (length !== undefined && !/^\d{1,3}$/.test(length)) return false;
  if (isIPv4(address)) return length === undefined || Number(length) <= 32;
  return isIPv6(address) && (length === undefined || Number(length) <= 128);
}

/**
 * True for text without control characters other than tab and line ends: XML and dnsmasq's files could not hold them
 * (S31, S41).
 */
function isPlainText(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) || code === 0x7f || code >= 0xfffe)
      return false;
  }
  return true;
}

const ajv = new Ajv2020({
  allErrors: false,
  strict: false,
  allowUnionTypes: true,
  verbose: true,
  // They are the program's own, and a test looks at them: to compile the schema of schemas keeps each start waiting.
  validateSchema: false,
});
ajv.addFormat('uuid', UUID);
ajv.addFormat('ipv4', isIPv4);
ajv.addFormat('ipv6', isIPv6);
ajv.addFormat('ip', (text: string) => isIPv4(text) || isIPv6(text));
ajv.addFormat('cidr', isCidr);
ajv.addFormat('mac', MAC);
ajv.addFormat('base64', (text: string) => BASE64.test(text.replaceAll(/\s/g, '')));
/** A date, or date and time, of ISO 8601; with a blank for the T too, as Python writes it. */
const ISO_TIME = /^\d{4}-\d\d(-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?)?$/i;
ajv.addFormat('date-time', (text: string) => ISO_TIME.test(text) && !Number.isNaN(Date.parse(text)));
ajv.addFormat('uri', (text: string) => URL.canParse(text));
ajv.addFormat('text', isPlainText);
/** A name as nova takes it: no control characters, not blank, no white space at its ends. */
ajv.addFormat('name', (text: string) => isPlainText(text) && text.trim() === text && text.trim() !== '');

const compiled = new WeakMap<TSchema, ValidateFunction>();

// Hundreds of schemas would cost start-up its second; each is compiled when it is first needed.
function validator(schema: TSchema): ValidateFunction {
  let found = compiled.get(schema);
  if (found === undefined) {
    found = ajv.compile(schema);
    compiled.set(schema, found);
  }
  return found;
}

const isList = (spec: SchemaSpec): spec is readonly VersionedSchema[] => Array.isArray(spec);

/** The schema in force at a microversion; undefined before the first one of a list. */
export function schemaAt(spec: SchemaSpec, version: Microversion): TSchema | undefined {
  if (!isList(spec)) return spec;
  return spec.findLast((entry) => entry.from <= version)?.schema;
}

/**
 * Checks a value that came from outside.
 * @throws {CloudError} badRequest that names the place, the value and what is wrong with it.
 */
export function check(schema: TSchema, value: unknown, what: string): void {
  const validate = validator(schema);
  // JSON Schema's writeOnly marks bodies that hold secrets: these are never said back (S21).
  const secret = (schema as { writeOnly?: boolean }).writeOnly === true;
  if (!validate(value)) throw badRequest(describe(validate.errors?.[0], what, secret));
}

/** What is wrong with a value by a schema, in one line; undefined when nothing is. */
export function mismatch(schema: TSchema, value: unknown, what = 'response'): string | undefined {
  const validate = validator(schema);
  return validate(value) ? undefined : describe(validate.errors?.[0], what);
}

function describe(error: ErrorObject | undefined, what: string, secret = false): string {
  if (error === undefined) return `Invalid input for ${what}.`;
  const place = error.instancePath.slice(1) || what;
  if (error.keyword === 'additionalProperties') {
    const extra = (error.params as { additionalProperty: string }).additionalProperty;
    return `Invalid input for field/attribute ${place}. Additional properties are not allowed ('${extra}' was unexpected)`;
  }
  if (error.keyword === 'required') {
    const missing = (error.params as { missingProperty: string }).missingProperty;
    return `Invalid input for field/attribute ${place}. '${missing}' is a required property`;
  }
  if (secret) return `Invalid input for field/attribute ${place}. ${error.message ?? 'It is not valid'}`;
  const value = JSON.stringify(error.data)?.slice(0, 120) ?? 'undefined';
  return `Invalid input for field/attribute ${place}. Value: ${value}. ${error.message ?? 'is not valid'}`;
}
