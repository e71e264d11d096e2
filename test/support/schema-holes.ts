import type { TSchema } from 'typebox';

/** The keywords of JSON Schema that the endpoint tables use. */
interface Node {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Node>>;
  readonly patternProperties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: boolean | Node;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly maxItems?: number;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly not?: unknown;
}

/** Patterns that every name obeys: what TypeBox makes of a record by any text, and any well-formed text. */
const ANY_NAME = new Set(['^.*$', '^\\P{Cs}*$']);

/**
 * The places of a schema that let anything pass, as 'projects.[].options.*': values of any type, objects that may have
 * more members than are said.
 */
export function holes(schema: TSchema): readonly string[] {
  return [...new Set(walk(schema, []))];
}

function walk(node: Node, place: readonly string[]): string[] {
  const below = (name: string, inner: Node): string[] => walk(inner, [...place, name]);
  if (node.anyOf !== undefined) return node.anyOf.flatMap((one) => walk(one, place));
  if (node.const !== undefined || node.enum !== undefined || node.not !== undefined) return [];
  const types = new Set([node.type ?? 'any'].flat());
  if (types.has('any')) return [place.join('.')];
  const found: string[] = [];
  if (types.has('object')) {
    const patterns = Object.entries(node.patternProperties ?? {});
    found.push(
      ...Object.entries(node.properties ?? {}).flatMap(([name, inner]) => below(name, inner)),
      ...patterns.flatMap(([, inner]) => below('*', inner)),
    );
    const more = node.additionalProperties ?? !patterns.some(([pattern]) => ANY_NAME.has(pattern));
    if (more === true) found.push([...place, '*'].join('.'));
    else if (more !== false) found.push(...below('*', more));
  }
  if (types.has('array') && node.maxItems !== 0) found.push(...below('[]', node.items ?? {}));
  return found;
}
