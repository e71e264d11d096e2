import type { TSchema } from 'typebox';
import type { ResponseSpec } from './endpoint.ts';
import type { Microversion } from './microversion.ts';
import { mismatch, schemaAt } from './schema.ts';

/** What was answered. */
export interface Answered {
  readonly version: Microversion;
  /** Whether the caller chose attributes with `fields`. */
  readonly selected: boolean;
  /** As it is after JSON; undefined for none. */
  readonly body: unknown;
  /** Whether the body is no JSON but a stream of bytes. */
  readonly streamed: boolean;
}

/** What is wrong with an answer of success by what its endpoint declares; undefined when nothing is. */
export function responseProblem(spec: ResponseSpec, answer: Answered): string | undefined {
  const { version, selected, body, streamed } = answer;
  if (spec === 'failure') return 'it succeeded, and never should';
  if (spec === 'stream') return body === undefined ? undefined : 'it is JSON, and no stream';
  if (streamed) return 'it is a stream';
  const schema = spec === 'none' ? undefined : schemaAt(spec, version);
  if (schema === undefined) return body === undefined ? undefined : 'it has a body';
  if (body === undefined) return 'it has no body';
  return mismatch(selected ? partly(schema) : schema, body);
}

/**
 * An object of a response of which `fields` may take any part, as neutron's: this keyword on its schema says so. Without
 * `fields` all that is required is there.
 */
export const SELECTABLE = { selectable: true } as const;

const parts = new WeakMap<TSchema, TSchema>();

/** The schema of what `fields` leaves of an answer. */
function partly(schema: TSchema): TSchema {
  let found = parts.get(schema);
  if (found === undefined) {
    found = withoutRequired(schema) as TSchema;
    parts.set(schema, found);
  }
  return found;
}

function withoutRequired(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutRequired);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'required' || !('selectable' in value))
      .map(([key, inner]) => [key, withoutRequired(inner)]),
  );
}
