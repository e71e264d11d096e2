/** Extra specs that say something else than what a back end has to be able to. */
const NO_CAPABILITY = /^(RESKEY|provisioning|qos|volume):/;

/**
 * The extra specs that the capabilities do not meet (cinder's CapabilitiesFilter): keys without a scope or with
 * 'capabilities:'; values are texts or begin with an operator.
 */
export function unmetSpecs(
  specs: Readonly<Record<string, string>>,
  capabilities: Readonly<Record<string, string | boolean>>,
): readonly string[] {
  return Object.entries(specs)
    .filter(([key, wanted]) => {
      if (NO_CAPABILITY.test(key)) return false;
      const [scope, ...rest] = key.split(':');
      if (rest.length > 0 && scope !== 'capabilities') return false;
      const name = rest.length > 0 ? rest.join(':') : key;
      const has = capabilities[name];
      return has === undefined || !meets(String(has), wanted);
    })
    .map(([key, wanted]) => `${key}=${wanted}`);
}

const numeric: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a >= b,
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
};
const textual: Readonly<Record<string, (a: string, b: string) => boolean>> = {
  's==': (a, b) => a === b,
  's!=': (a, b) => a !== b,
  's>=': (a, b) => a >= b,
  's>': (a, b) => a > b,
  's<=': (a, b) => a <= b,
  's<': (a, b) => a < b,
};

/** cinder/scheduler/filters/extra_specs_ops.py of upstream. */
function meets(has: string, wanted: string): boolean {
  const words = wanted.trim().split(/\s+/);
  const [operator = '', ...rest] = words;
  if (operator === '<is>')
    return /^(true|t|1|on|y|yes)$/i.test(has) === /^(true|t|1|on|y|yes)$/i.test(rest.join(' '));
  if (operator === '<in>')
    return rest.length > 0 && rest.every((word) => word === '<in>' || has.includes(word));
  if (operator === '<or>')
    return wanted
      .split('<or>')
      .map((word) => word.trim())
      .some((word) => word !== '' && word === has);
  const compareNumbers = numeric[operator];
  if (compareNumbers !== undefined) return compareNumbers(Number(has), Number(rest[0]));
  const compareTexts = textual[operator];
  if (compareTexts !== undefined) return compareTexts(has, rest.join(' '));
  return has.toLowerCase() === wanted.toLowerCase();
}
