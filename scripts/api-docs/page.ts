import { formatMicroversion, type Endpoint, type Service } from '../../helper/http/index.ts';
import { wordsOf } from './words.ts';

/** Upstream's names, and where its reference is. */
const TITLES: Readonly<Record<string, string>> = {
  identity: 'Identity v3 (Keystone)',
  image: 'Image v2 (Glance)',
  network: 'Network v2.0 (Neutron)',
  compute: 'Compute v2.1 (Nova)',
  volume: 'Block Storage v3 (Cinder)',
  placement: 'Placement (Placement)',
  deskcloud: "Deskcloud's own",
};

/**
 * helper/API.md: every operation of every service out of the endpoint tables, and what upstream has and Deskcloud has
 * not out of each service's own list.
 */
export function apiPage(services: readonly Service[]): string {
  const count = services.reduce((sum, { endpoints }) => sum + endpoints.length, 0);
  const parts = services.map(serviceText);
  return `# The APIs, operation by operation

Made by \`npm run api-docs\` out of the endpoint tables; \`npm test\` fails when it is not current. ${count} operations.

All are on one listener. An operation is named as in logs and operations' records. HEAD answers wherever GET does.
"Policy" is the rule that is asked, by upstream's name; 'public' needs no token. "Success" is the status of an answer that
is no error.

${services.map(({ name }) => `- [${titleOf(name)}](#${anchor(titleOf(name))})`).join('\n')}

${parts.join('\n')}`;
}

function serviceText(service: Service): string {
  const { name, prefix, root, microversions, endpoints, absent = [] } = service;
  const range =
    microversions === undefined
      ? ''
      : ` Microversions ${formatMicroversion(microversions.min)} to ${formatMicroversion(microversions.max)}.`;
  const columns = [
    'Operation',
    'Method and path',
    'What',
    ...(microversions === undefined ? [] : ['Microversions']),
    'Policy',
    'Success',
  ];
  const rows = endpoints.map((endpoint) => [
    code(endpoint.id),
    code(`${endpoint.method} ${endpoint.path}`) +
      (endpoint.action === undefined ? '' : ` ${code(endpoint.action)}`),
    wordsOf(name, endpoint),
    ...(microversions === undefined ? [] : [versionsOf(endpoint)]),
    code(endpoint.policy),
    String(endpoint.ok),
  ]);
  const missing =
    absent.length === 0
      ? ''
      : `\n### Not in ${titleOf(name)}\n\n${table(
          ['What', 'Operations', 'Why'],
          absent.map(({ what, paths, why }) => [what, paths.map(code).join(', '), why]),
        )}`;
  return `## ${titleOf(name)}\n\nBelow \`${prefix}${root}\`.${range}\n\n${table(columns, rows)}${missing}`;
}

const titleOf = (name: string): string => TITLES[name] ?? name;

const anchor = (title: string): string =>
  title
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');

function versionsOf({ min, max }: Endpoint): string {
  if (min === undefined && max === undefined) return 'all';
  if (max === undefined) return `from ${formatMicroversion(min ?? 0)}`;
  if (min === undefined) return `up to ${formatMicroversion(max)}`;
  return `${formatMicroversion(min)} to ${formatMicroversion(max)}`;
}

const code = (text: string): string => `\`${text}\``;

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |\n`;
  return line(columns) + line(columns.map(() => '---')) + rows.map(line).join('');
}

/** Entries of the lists of what is not there that name an operation that is there; none is how it should be. */
export function staleAbsences(services: readonly Service[]): readonly string[] {
  return services.flatMap(({ name, endpoints, absent = [] }) => {
    const there = endpoints.map(({ method, path }) => `${method} ${generic(path)}`);
    return absent.flatMap(({ paths }) =>
      paths
        .filter((path) => there.some((one) => covers(generic(path), one)))
        .map((path) => `${name}: ${path}`),
    );
  });
}

const generic = (path: string): string => path.replaceAll(/\{\w+\}/g, '{}');

/** 'GET /tasks' is that operation; '/tasks' all methods of this path and of all below. */
const covers = (absent: string, operation: string): boolean => {
  if (!absent.startsWith('/')) return absent === operation;
  const path = operation.slice(operation.indexOf(' ') + 1);
  return path === absent || path.startsWith(`${absent}/`);
};
