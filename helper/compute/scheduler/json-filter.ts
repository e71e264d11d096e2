/**
 * The language of the hint `query`: ["and", [">=", "$free_ram_mb", 1024], ["<", "$vcpus_used", 4]].
 * https://docs.openstack.org/nova/latest/admin/scheduling.html#jsonfilter
 */
import type { HostState } from './host-state.ts';

type Value = string | number | boolean;

/** A query that cannot be read: what is wrong with it, for the caller. */
export class InvalidQuery extends Error {
  override readonly name = 'InvalidQuery';
}

/** How deep and how long a query may be; it is a user's text. */
const MAX_DEPTH = 20;
const MAX_TERMS = 1000;

const VARIABLES: Readonly<Record<string, (host: HostState) => Value>> = {
  free_ram_mb: (host) => host.freeRamMib,
  free_disk_mb: (host) => Math.min(host.freeDiskGib, host.diskAvailableGib) * 1024,
  total_usable_ram_mb: (host) => host.ramTotalMib,
  total_usable_disk_gb: (host) => host.diskTotalGib,
  vcpus_total: (host) => host.vcpusTotal,
  vcpus_used: (host) => host.vcpusUsed,
  num_instances: (host) => host.servers,
  num_io_ops: (host) => host.ioOps,
  host: (host) => host.host,
  nodename: (host) => host.node,
  hypervisor_hostname: (host) => host.node,
  hypervisor_type: (host) => host.hypervisorType,
};

/** True when the first term stands in this relation to every other one; false for values of two kinds. */
const compare =
  (holds: (a: Value, b: Value) => boolean) =>
  (terms: readonly Value[]): boolean => {
    const [first, ...others] = terms;
    if (first === undefined || others.length === 0) return false;
    return others.every((other) => typeof other === typeof first && holds(first, other));
  };

const OPERATORS: Readonly<Record<string, (terms: readonly Value[]) => boolean>> = {
  '=': compare((a, b) => a === b),
  '<': compare((a, b) => a < b),
  '>': compare((a, b) => a > b),
  '<=': compare((a, b) => a <= b),
  '>=': compare((a, b) => a >= b),
  in: ([first, ...others]) => first !== undefined && others.includes(first),
  // Several arguments are each turned round, and one of them suffices, as in nova.
  not: (terms) => terms.some((term) => !term),
  or: (terms) => terms.some(Boolean),
  and: (terms) => terms.every(Boolean),
};

/**
 * Whether a host satisfies a query. A variable that the host does not have is left out, as in nova.
 * @param query the hint's value: JSON as text, or the list itself.
 * @throws {InvalidQuery}
 */
export function satisfies(query: unknown, host: HostState): boolean {
  const parsed = typeof query === 'string' ? parse(query) : query;
  if (!Array.isArray(parsed)) throw new InvalidQuery('the query is not a JSON list');
  return evaluate(parsed, host, { left: MAX_TERMS }, 0);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidQuery('the query is not valid JSON');
  }
}

function evaluate(
  list: readonly unknown[],
  host: HostState,
  budget: { left: number },
  depth: number,
): boolean {
  if (list.length === 0) return true;
  budget.left -= list.length;
  if (depth > MAX_DEPTH || budget.left < 0) throw new InvalidQuery('the query is too large');
  const [name, ...terms] = list;
  const operator = typeof name === 'string' && Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (operator === undefined) {
    throw new InvalidQuery(
      `the query has an unknown operator; known are ${Object.keys(OPERATORS).join(' ')}`,
    );
  }
  const values = terms.flatMap((term): readonly Value[] => {
    if (Array.isArray(term)) return [evaluate(term, host, budget, depth + 1)];
    if (typeof term === 'number' || typeof term === 'boolean') return [term];
    if (typeof term !== 'string' || term === '') return [];
    if (!term.startsWith('$')) return [term];
    const variable = term.slice(1);
    const read = Object.hasOwn(VARIABLES, variable) ? VARIABLES[variable] : undefined;
    return read === undefined ? [] : [read(host)];
  });
  return operator(values);
}
