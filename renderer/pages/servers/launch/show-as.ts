/** A launch as other clients would ask for it: text that can be copied and run as it is. */
import type { LaunchRequest } from './request.ts';

/** How things are called that the request has by id; the id itself where nothing better is known. */
export interface Names {
  readonly image: string;
  readonly flavor: string;
  /** A network's name while no other has it, else its id. */
  readonly network: (id: string) => string;
  readonly cloud: string;
  /** Its id, as openstacksdk before 2.0 lets a name in clouds.yaml win over one on the command line; empty for the cloud's own. */
  readonly project: string;
  /** The text behind `user_data`. */
  readonly userData: string;
  /** 'http://127.0.0.1:9760' */
  readonly endpoint: string;
}

/** A word for a POSIX shell. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** An option with its value, which may begin with a dash. */
const option = (name: string, value: string): string =>
  value.startsWith('-') ? shellWord(`${name}=${value}`) : `${name} ${shellWord(value)}`;

/** A here-document of any text, and the word that ends it is in none of its lines. */
function hereDocument(text: string, path: string): string {
  let mark = 'EOF';
  while (text.split('\n').includes(mark)) mark += '_';
  return `cat > ${path} <<'${mark}'\n${text}${text.endsWith('\n') ? '' : '\n'}${mark}\n`;
}

const USER_DATA_FILE = 'user-data.txt';

/** `openstack server create ...` of python-openstackclient. */
export function asCommand({ server, 'os:scheduler_hints': hints = {} }: LaunchRequest, names: Names): string {
  const { networks, block_device_mapping_v2: devices = [] } = server;
  const words = [
    option('openstack --os-cloud', names.cloud),
    ...(names.project === '' ? [] : [option('--os-project-id', names.project)]),
    ...(server.tags === undefined &&
    server.description === undefined &&
    devices.every((one) => one.volume_type === undefined)
      ? []
      : ['--os-compute-api-version 2.93']),
    'server create',
    ...(server.imageRef === undefined ? [] : [option('--image', names.image)]),
    // The client itself names the image as the first of several.
    ...devices
      .filter((one) => one.destination_type === 'volume')
      .map((one) =>
        option(
          '--block-device',
          Object.entries(one)
            .map(([key, value]) => `${key}=${value}`)
            .join(','),
        ),
      ),
    option('--flavor', names.flavor),
    ...(networks === 'none'
      ? ['--nic none']
      : networks.map((one) =>
          'port' in one
            ? option('--port', one.port)
            : one.fixed_ip === undefined
              ? option('--network', names.network(one.uuid))
              : option(
                  '--nic',
                  `net-id=${one.uuid},${one.fixed_ip.includes(':') ? 'v6' : 'v4'}-fixed-ip=${one.fixed_ip}`,
                ),
        )),
    ...(server.security_groups ?? []).map(({ name }) => option('--security-group', name)),
    ...(server.key_name === undefined ? [] : [option('--key-name', server.key_name)]),
    ...(server.user_data === undefined ? [] : [option('--user-data', USER_DATA_FILE)]),
    ...(server.description === undefined ? [] : [option('--description', server.description)]),
    ...Object.entries(server.metadata ?? {}).map(([key, value]) => option('--property', `${key}=${value}`)),
    ...(server.tags ?? []).map((tag) => option('--tag', tag)),
    ...(server.availability_zone === undefined
      ? []
      : [option('--availability-zone', server.availability_zone)]),
    ...(hints.group === undefined ? [] : [option('--hint', `group=${hints.group}`)]),
    ...(hints.different_host ?? []).map((id) => option('--hint', `different_host=${id}`)),
    ...(hints.same_host ?? []).map((id) => option('--hint', `same_host=${id}`)),
    ...(server.config_drive === undefined ? [] : ['--config-drive True']),
    ...(server.adminPass === undefined ? [] : [option('--password', server.adminPass)]),
    ...(server.min_count === undefined ? [] : [`--min ${server.min_count} --max ${server.max_count}`]),
    '--wait',
    server.name.startsWith('-') ? `-- ${shellWord(server.name)}` : shellWord(server.name),
  ];
  const command = words.join(' \\\n  ');
  return server.user_data === undefined
    ? command
    : `${hereDocument(names.userData, USER_DATA_FILE)}${command}`;
}

/** A string of HCL: no template is begun in it. */
export const hclString = (text: string): string =>
  `"${text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    .replaceAll('${', () => '$${')
    .replaceAll('%{', '%%{')}"`;

/** A key of a map: bare where HCL takes it so. */
const hclKey = (key: string): string => (/^[A-Za-z_][\w-]*$/.test(key) ? key : hclString(key));

const hclList = (items: readonly string[]): string => `[${items.map(hclString).join(', ')}]`;

/** The name of a resource in Terraform: letters, digits, '_' and '-', not a digit first. */
const hclName = (name: string): string => {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]+/g, '_');
  return /^[A-Za-z_]/.test(plain) ? plain : `server_${plain}`;
};

/** `openstack_compute_instance_v2` of Terraform's OpenStack provider. */
export function asTerraform({ server, 'os:scheduler_hints': hints }: LaunchRequest, names: Names): string {
  const { networks, min_count: count } = server;
  const rows: (readonly [string, string])[] = [
    ...(count === undefined ? [] : [['count', String(count)] as const]),
    // Compute itself numbers the servers of one request in the same way.
    [
      'name',
      count === undefined
        ? hclString(server.name)
        : `"${hclString(server.name).slice(1, -1)}-\${count.index + 1}"`,
    ],
    ...(server.imageRef === undefined ? [] : [['image_id', hclString(server.imageRef)] as const]),
    ['flavor_id', hclString(server.flavorRef)],
    ...(server.key_name === undefined ? [] : [['key_pair', hclString(server.key_name)] as const]),
    ...(server.security_groups === undefined
      ? []
      : [['security_groups', hclList(server.security_groups.map(({ name }) => name))] as const]),
    ...(server.availability_zone === undefined
      ? []
      : [['availability_zone', hclString(server.availability_zone)] as const]),
    ...(server.config_drive === undefined ? [] : [['config_drive', 'true'] as const]),
    ...(server.adminPass === undefined ? [] : [['admin_pass', hclString(server.adminPass)] as const]),
    ...(server.tags === undefined ? [] : [['tags', hclList(server.tags)] as const]),
    ...(server.user_data === undefined ? [] : [['user_data', hclString(names.userData)] as const]),
  ];
  const width = Math.max(...rows.map(([key]) => key.length));
  const lines = rows.map(([key, value]) => `  ${key.padEnd(width)} = ${value}`);
  if (server.description !== undefined) lines.unshift(`  # ${server.description.replaceAll(/\s+/g, ' ')}`);
  if (server.metadata !== undefined)
    lines.push(
      '',
      '  metadata = {',
      ...Object.entries(server.metadata).map(([key, value]) => `    ${hclKey(key)} = ${hclString(value)}`),
      '  }',
    );
  for (const one of server.block_device_mapping_v2 ?? [])
    lines.push(
      '',
      '  block_device {',
      ...Object.entries(one).map(
        ([key, value]) => `    ${key} = ${typeof value === 'string' ? hclString(value) : value}`,
      ),
      '  }',
    );
  for (const one of networks === 'none' ? [] : networks)
    lines.push(
      '',
      '  network {',
      ...('port' in one
        ? [`    port = ${hclString(one.port)}`]
        : [
            `    uuid = ${hclString(one.uuid)}`,
            ...(one.fixed_ip === undefined
              ? []
              : [`    fixed_ip_${one.fixed_ip.includes(':') ? 'v6' : 'v4'} = ${hclString(one.fixed_ip)}`]),
          ]),
      '  }',
    );
  if (networks === 'none') lines.push('  network_mode = "none"');
  if (hints !== undefined)
    lines.push(
      '',
      '  scheduler_hints {',
      ...(hints.group === undefined ? [] : [`    group = ${hclString(hints.group)}`]),
      ...(hints.different_host === undefined
        ? []
        : [`    different_host = ${hclList(hints.different_host)}`]),
      ...(hints.same_host === undefined ? [] : [`    same_host = ${hclList(hints.same_host)}`]),
      '  }',
    );
  return [`resource "openstack_compute_instance_v2" "${hclName(server.name)}" {`, ...lines, '}'].join('\n');
}

/** The call itself, with curl and a token of the openstack client. */
export function asCurl(request: LaunchRequest, names: Names): string {
  const project = names.project === '' ? '' : ` ${option('--os-project-id', names.project)}`;
  return [
    `TOKEN=$(${option('openstack --os-cloud', names.cloud)}${project} token issue -f value -c id)`,
    `curl -sS -X POST ${shellWord(`${names.endpoint}/compute/v2.1/servers`)} \\`,
    `  -H "X-Auth-Token: $TOKEN" \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -H 'OpenStack-API-Version: compute 2.93' \\`,
    `  -d ${shellWord(JSON.stringify(request, null, 2))}`,
  ].join('\n');
}
