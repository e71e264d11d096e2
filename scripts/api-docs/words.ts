import type { Endpoint } from '../../helper/http/index.ts';

/** What an operation does, where its id does not say it: the service's name, then the operation's. */
const OWN_WORDS: Readonly<Record<string, string>> = {
  'identity tokens:create': 'Log in: get a token, by password, token, TOTP or application credential',
  'identity tokens:show': 'Validate a token and show what it says',
  'identity tokens:check': 'Say whether a token is valid',
  'identity tokens:revoke': 'Revoke a token',
  'identity auth:catalog': "The catalog of the caller's scope",
  'identity auth:projects': 'Projects that the caller may scope to',
  'identity auth:domains': 'Domains that the caller may scope to',
  'identity auth:system': 'Whether the caller may scope to the system',
  'identity users:password': "Change one's own password",
  'identity users:projects': 'Projects in which a user has a role',
  'identity users:groups': 'Groups of a user',
  'identity groups:users': 'Users of a group',
  'identity groups:add-user': 'Put a user into a group',
  'identity groups:check-user': 'Say whether a user is in a group',
  'identity groups:remove-user': 'Take a user out of a group',
  'identity endpoint-shown:projects': 'Projects that are shown an endpoint',
  'identity endpoint-group-shown:projects': 'Projects that are shown an endpoint group',
  'identity roles:implied': 'Roles that a role implies',
  'identity roles:imply': 'Let a role imply another',
  'identity roles:implication': 'Show that a role implies another',
  'identity roles:check-implication': 'Say whether a role implies another',
  'identity roles:no-longer-imply': 'Let a role imply another no longer',
  'identity roles:inferences': 'All implications between roles',
  'identity ec2:login': 'Check an EC2 signature and give a token for it',
  'identity endpoint-filter:endpoints': 'Endpoints that a project is shown',
  'identity endpoint-filter:groups': 'Endpoint groups that a project is shown',
  'identity endpoint-groups:endpoints': 'Endpoints of an endpoint group',
  'identity endpoint-groups:projects': 'Projects that are shown an endpoint group',
  'identity limits:model': 'How limits of a hierarchy of projects are enforced',
  'identity trusts:list-slash': 'List trusts (with a slash at the end, as some clients ask)',
  'identity trusts:roles': 'Roles that a trust gives',
  'identity trusts:role': 'Show a role that a trust gives',
  'identity regions:put': 'Make a region under an id of its own',
  'image image-data:upload': "Upload an image's data",
  'image image-data:download': "Download an image's data",
  'image image-data:stage': "Upload an image's data for an import",
  'image images:import': 'Import staged data, a file from the web, or a copy',
  'image images:tasks': 'Imports of an image',
  'image images:deactivate': 'Keep an image from being downloaded',
  'image images:reactivate': 'Let an image be downloaded again',
  'image info:import': 'The methods of import',
  'image info:stores': 'Where images are stored',
  'image info:stores-detail': 'Where images are stored, with details',
  'image info:usage': 'What the project uses of its quota of images',
  'image stores:delete-image': "Remove an image's data from a store",
  'network routers:l3-agents': 'Agents that serve a router',
  'network quotas:default': 'Default quotas',
  'network quotas:details': 'Quotas with what is used and reserved',
  'compute os-console-output': "The end of a server's console log",
  'compute os-create-backup': 'Make an image of a server and keep only the newest of its kind',
  'compute os-admin-password': "Set the administrator's password inside the guest",
  'compute os-server-diagnostics': 'What the hypervisor says about a running server',
  'compute os-evacuate': 'Build a server anew away from a dead host',
  'compute servers:create_image': 'Make an image of a server',
  'compute os-deferred-delete:force': 'Delete a server at once',
  'compute os-deferred-delete:restore': 'Bring a deleted server back',
  'compute os-services:act': "Enable, disable or force down a service (the action is the path's last part)",
  'compute os-remote-consoles:vnc': 'An address for the VNC console',
  'compute os-remote-consoles:serial': 'An address for the serial console',
  'compute os-remote-consoles:spice': 'An address for the SPICE console',
  'compute os-hypervisors:search': 'Hypervisors by a part of their name',
  'compute os-hypervisors:servers': 'Servers of the hypervisors of a name',
  'compute os-hypervisors:statistics': 'Sums over all hypervisors',
  'compute os-hypervisors:uptime': 'Since when a hypervisor is up',
  'compute os-admin-actions:reset_state': 'Set the state of a server',
  'compute servers:trigger_crash_dump': 'Let the guest dump its memory (NMI)',
  'deskcloud events:stream': 'Operations as they go on, as server-sent events',
  'deskcloud operations:retry': 'Go on with an operation that is stuck',
  'deskcloud status:show': 'State of the helper',
  'deskcloud setup:show': 'What this machine lacks',
  'deskcloud external:show': 'The plan of the external network',
  'deskcloud credentials:show': "The administrator's credentials",
  'deskcloud helper:stop-keep': 'End the helper; guests go on',
  'deskcloud helper:stop-shutdown': 'End the helper and shut the guests down',
};

/** The last word of an id as a sentence's beginning; the noun goes where the mark is. */
const VERBS: Readonly<Record<string, string>> = {
  list: 'List *s',
  index: 'List *s',
  get: 'List *s',
  detail: 'List *s in detail',
  show: 'Show a *',
  create: 'Create a *',
  create_all: 'Create *s',
  update: 'Change a *',
  update_all: 'Replace all *s',
  replace: 'Replace all *s',
  delete: 'Delete a *',
  delete_all: 'Delete all *s',
  clear: 'Delete all *s',
  check: 'Say whether there is a *',
  add: 'Add a *',
  remove: 'Remove a *',
  revoke: 'Revoke a *',
  default: 'Show the default of a *',
  defaults: 'Show the defaults of a *',
};

/** One line about an operation, by its id: 'networks:tags:list' is 'List tags of a network'. */
export function wordsOf(service: string, { id }: Pick<Endpoint, 'id'>): string {
  const own = OWN_WORDS[`${service} ${id}`];
  if (own !== undefined) return own;
  const parts = id.split(':').map((part) => part.replace(/^os-/, '').replaceAll('-', '_'));
  if (parts[0] === 'schemas') return `JSON schema of ${plain(parts.slice(1).join(' ')).replace('/', ' ')}`;
  const verb = parts.length > 1 ? (parts.at(-1) ?? '') : 'show';
  const nouns = (parts.length > 1 ? parts.slice(0, -1) : parts).map((part) => singular(plain(part)));
  const noun = nouns.toReversed().join(' of a ');
  const pattern = VERBS[verb] ?? `${capital(plain(verb))} a *`;
  const text = pattern.replace('*s', plural(noun)).replace('*', noun);
  return text.replace(/\ba (?=[aeioE])/g, 'an ').replace('Replace all an ', 'Replace all ');
}

/** Id parts whose own words say too little. */
const NOUNS: Readonly<Record<string, string>> = {
  ips: 'address',
  ec2: 'EC2 credential',
  info: 'information',
  lock_server: 'server',
  pause_server: 'server',
  suspend_server: 'server',
  migrate_server: 'server',
  attach_interfaces: "server's interface",
  volumes_attachments: "server's volume",
  instance_actions: "server's action",
  server_metadata: "server's metadata item",
  image_metadata: "image's metadata item",
  server_tags: "server's tag",
  endpoint_shown: 'endpoint that a project is shown',
  endpoint_group_shown: 'endpoint group that a project is shown',
};

const plain = (part: string): string => NOUNS[part] ?? part.replaceAll('_', ' ');

function singular(noun: string): string {
  if (/ that /.test(noun) || /(?:ss|us)$/.test(noun)) return noun;
  if (noun.endsWith('ies')) return `${noun.slice(0, -3)}y`;
  if (/(?:ss|x)es$/.test(noun)) return noun.slice(0, -2);
  return noun.replace(/s$/, '');
}

function plural(noun: string): string {
  const [head = '', ...rest] = noun.split(/(?= of a | that )/);
  const many = /[^aeiou]y$/.test(head)
    ? `${head.slice(0, -1)}ies`
    : /(?:s|x)$/.test(head)
      ? `${head}es`
      : `${head}s`;
  return [many, ...rest].join('');
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
