/**
 * How a flavor's extra spec is compared with what a host or an aggregate has
 * (https://docs.openstack.org/nova/latest/admin/scheduling.html#computecapabilitiesfilter).
 */

const NUMERIC: Readonly<Record<string, (value: number, wanted: number) => boolean>> = {
  '=': (value, wanted) => value >= wanted,
  '==': (value, wanted) => value === wanted,
  '!=': (value, wanted) => value !== wanted,
  '>=': (value, wanted) => value >= wanted,
  '<=': (value, wanted) => value <= wanted,
};

const TEXTUAL: Readonly<Record<string, (value: string, wanted: string) => boolean>> = {
  's==': (value, wanted) => value === wanted,
  's!=': (value, wanted) => value !== wanted,
  's>=': (value, wanted) => value >= wanted,
  's>': (value, wanted) => value > wanted,
  's<=': (value, wanted) => value <= wanted,
  's<': (value, wanted) => value < wanted,
};

/** Whether a value meets a requirement: '<in> x', '<or> a <or> b', '>= 4', 's== kvm', or the value itself. */
export function meets(value: string, requirement: string): boolean {
  const [operator = '', ...rest] = requirement.trim().split(/\s+/);
  const wanted = rest.join(' ');
  if (operator === '<in>') return value.includes(wanted);
  if (operator === '<all-in>') return rest.every((one) => value.includes(one));
  if (operator === '<or>') {
    return requirement
      .split('<or>')
      .map((one) => one.trim())
      .some((one) => one !== '' && one === value);
  }
  if (Object.hasOwn(NUMERIC, operator) && wanted !== '') {
    return NUMERIC[operator]?.(Number(value), Number(wanted)) ?? false;
  }
  if (Object.hasOwn(TEXTUAL, operator) && wanted !== '') return TEXTUAL[operator]?.(value, wanted) ?? false;
  return value === requirement;
}
