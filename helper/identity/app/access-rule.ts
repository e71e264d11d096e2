/** What an application credential with access rules may call. */
export interface AccessRule {
  /** Type in the catalog: 'compute'. */
  readonly service: string;
  /** Below the service's endpoint; `*` and `{name}` stand for one segment, `**` for any number. */
  readonly path: string;
  readonly method: string;
}

/** Catalog types of the services by their place on the listener. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  '/identity': ['identity'],
  '/compute': ['compute'],
  '/image': ['image'],
  '/networking': ['network'],
  '/volume': ['volumev3', 'block-storage', 'volume'],
  '/placement': ['placement'],
};

/** Whether one of the rules covers a request. A path may be written with or without the service's prefix. */
export function permits(rules: readonly AccessRule[], request: { method: string; path: string }): boolean {
  const end = request.path.indexOf('/', 1);
  const prefix = end === -1 ? request.path : request.path.slice(0, end);
  const types = TYPES[prefix] ?? [];
  const below = end === -1 ? '/' : request.path.slice(end);
  return rules.some(
    (rule) =>
      types.includes(rule.service) &&
      rule.method === request.method &&
      (matches(rule.path, below) || matches(rule.path, request.path)),
  );
}

/** Segment by segment with one point to go back to, so that no pattern takes more than pattern times path. */
function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.replace(/\/+$/, '').split('/');
  let w = 0;
  let g = 0;
  let resumeW = -1;
  let resumeG = -1;
  while (g < given.length) {
    const want = wanted[w];
    if (want === '**') {
      resumeW = w + 1;
      resumeG = g;
      w += 1;
    } else if (want !== undefined && fits(want, given[g] ?? '')) {
      w += 1;
      g += 1;
    } else if (resumeW !== -1) {
      resumeG += 1;
      g = resumeG;
      w = resumeW;
    } else {
      return false;
    }
  }
  return wanted.slice(w).every((segment) => segment === '**');
}

const fits = (want: string, segment: string): boolean =>
  want === segment || (segment !== '' && (want === '*' || /^\{\w+\}$/.test(want)));
