import type { Db } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import { mv, type Microversion } from '../../http/index.ts';
import { isClass, isTrait } from './context.ts';

/** Query parameters that choose providers: `resources`, `member_of`, `required`. */

const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;
const bad = (message: string): Error => badRequest(message, { type: 'placement.query.bad_value' });

/** `VCPU:2,MEMORY_MB:512`. @throws {CloudError} badRequest */
export function resourcesOf(db: Db, text: string, name: string): ReadonlyMap<string, number> {
  const amounts = new Map<string, number>();
  for (const part of text.split(',')) {
    const [, resourceClass, amount] = /^([A-Z0-9_]+):(\d{1,10})$/.exec(part.trim()) ?? [];
    if (resourceClass === undefined || Number(amount) < 1) {
      throw bad(
        `Badly formed resources parameter. Expected ${name} query string parameter in form: ?${name}=VCPU:2,MEMORY_MB:1024. Got: ${part.slice(0, 80)}.`,
      );
    }
    if (!isClass(db, resourceClass))
      throw bad(`Invalid resource class in resources parameter: ${resourceClass}`);
    amounts.set(resourceClass, Number(amount));
  }
  return amounts;
}

/** All `member_of` must hold; each is a UUID, `in:` several, or (1.32) one of these behind '!'. */
export function memberCheck(
  values: readonly string[],
  version: Microversion,
): (aggregates: ReadonlySet<string>) => boolean {
  if (values.length > 1 && version < mv('1.24'))
    throw bad('Multiple member_of query parameters are not allowed before microversion 1.24.');
  const checks = values.map((value) => {
    const forbidden = value.startsWith('!');
    if (forbidden && version < mv('1.32'))
      throw bad('Forbidden member_of parameters are not supported in the specified microversion.');
    const text = forbidden ? value.slice(1) : value;
    const uuids = (text.startsWith('in:') ? text.slice(3).split(',') : [text]).map((one) =>
      one.toLowerCase(),
    );
    const wrong = uuids.find((one) => !UUID.test(one));
    if (wrong !== undefined)
      throw bad(`Expected 'member_of' parameter to contain valid UUID(s). Got: ${wrong.slice(0, 80)}`);
    return (aggregates: ReadonlySet<string>) => uuids.some((one) => aggregates.has(one)) !== forbidden;
  });
  return (aggregates) => checks.every((check) => check(aggregates));
}

/** What traits are asked for: for each entry one of its names, and none of the forbidden. */
export interface TraitDemand {
  readonly required: readonly (readonly string[])[];
  readonly forbidden: readonly string[];
  /** Of one provider by itself. */
  fits(traits: ReadonlySet<string>): boolean;
}

/** `required=A,!B` (1.22), several of them and `in:A,B` (1.39). @throws {CloudError} badRequest */
export function traitCheck(db: Db, values: readonly string[], version: Microversion): TraitDemand {
  if (values.length > 1 && version < mv('1.39'))
    throw bad('Multiple required query parameters are not allowed before microversion 1.39.');
  const required: string[][] = [];
  const forbidden: string[] = [];
  for (const value of values) {
    if (value.startsWith('in:') && version >= mv('1.39')) {
      required.push(value.slice(3).split(','));
      continue;
    }
    for (const name of value.split(',')) {
      if (!name.startsWith('!')) required.push([name]);
      else if (version >= mv('1.22')) forbidden.push(name.slice(1));
      else
        throw bad(
          `Invalid query string parameters: Expected 'required' parameter value of the form: HW_CPU_X86_VMX,CUSTOM_MAGIC. Got: ${value.slice(0, 80)}`,
        );
    }
  }
  const names = [...required.flat(), ...forbidden];
  const empty = names.some((name) => name === '');
  if (empty)
    throw bad(
      `Invalid query string parameters: Expected 'required' parameter value of the form: HW_CPU_X86_VMX,CUSTOM_MAGIC.`,
    );
  const unknown = names.filter((name) => !isTrait(db, name));
  if (unknown.length > 0) throw bad(`No such trait(s): ${unknown.join(', ')}.`);
  const both = forbidden.filter((name) => required.some((one) => one.length === 1 && one[0] === name));
  if (both.length > 0)
    throw bad(`Conflicting required and forbidden traits found in the query: ${both.join(', ')}.`);
  return {
    required,
    forbidden,
    fits: (traits) =>
      required.every((any) => any.some((name) => traits.has(name))) &&
      !forbidden.some((name) => traits.has(name)),
  };
}
