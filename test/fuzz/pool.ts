import type { Random } from './random.ts';

/** Words of clients for the same kind of thing. */
const ALIASES: Readonly<Record<string, string>> = {
  tenant: 'project',
  default_project: 'project',
  parent: 'project',
  target: 'project',
  target_tenant: 'project',
  actor: 'user',
  trustor_user: 'user',
  trustee_user: 'user',
  uuid: 'network',
  floating_network: 'network',
  keypair: 'keypair',
  key_name: 'keypair',
  implied_role: 'role',
  remote_group: 'security_group',
  remote_address_group: 'address_group',
  image_ref: 'image',
  flavor_ref: 'flavor',
  fixed_port: 'port',
  internal_port: 'port',
  resource: 'network',
  object: 'network',
  parent_region: 'region',
  member: 'project',
  qos_policy: 'policy',
  default_security_group: 'security_group',
};

/** 'os-keypairs' is 'keypair', 'security-groups' 'security_group', 'policies' 'policy'. */
export function kindOfSegment(segment: string): string {
  const plain = segment
    .replace(/^(?:os|alias)[-_]/, '')
    .replaceAll('-', '_')
    .replace(/^OS_/, '')
    .toLowerCase();
  if (/(?:ss|x)es$/.test(plain)) return plain.slice(0, -2);
  return plain.replace(/ies$/, 'y').replace(/(?<!s)s$/, '');
}

/** The kind that a parameter or an attribute names: 'network_id', 'imageRef', 'tenant_id'; undefined for others. */
export function kindOfName(name: string): string | undefined {
  if (name === 'uuid' || name === 'key_name') return ALIASES[name];
  const match = /^(.*?)(?:_ids?|_uuid|Ref|_name)$/.exec(name);
  const stem = match?.[1] ?? (/^(?:port|security_groups|firewall_rules|host)$/.test(name) ? name : undefined);
  if (stem === undefined || stem === '') return undefined;
  const kind = kindOfSegment(stem.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  return ALIASES[kind] ?? kind;
}

const MOST = 60;

/** What others belong to, whether it is there or not. */
export type Owning = 'project' | 'user' | 'consumer' | 'released_snapshot';

/** Ids of what there is, by kind, as the answers told them. */
export class Pool {
  readonly #mine = new Map<string, string[]>();
  readonly #kept = new Map<string, string[]>();
  readonly #keptIds = new Set<string>();
  readonly #keptThings = new Set<string>();
  readonly #paths = new Map<string, string[]>();
  readonly #ever = new Map<string, Set<string>>();

  /** What was there before the run: it may be named and read, never changed. */
  keep(kind: string, id: string): void {
    this.#keptIds.add(id);
    this.#keptThings.add(`${kind} ${id}`);
    add(this.#kept, kind, id);
  }

  /** Whether something that was there before is named in it. */
  isOfKept(path: string): boolean {
    return path.split('/').some((part) => this.isKeptId(decodeURIComponent(part)));
  }

  isKeptId(id: string): boolean {
    return this.#keptIds.has(id);
  }

  /** By kind too: a resource provider may have been given the id of a network. */
  isKept(kind: string, id: string): boolean {
    return this.#keptThings.has(`${kind} ${id}`);
  }

  /** What the run made of a kind, also what is gone: what belongs to it may be there still. */
  ever(kind: Owning): readonly string[] {
    return [...(this.#ever.get(kind) ?? [])];
  }

  /** Something belongs to it, whether it is there or not: compute keeps key pairs of any text that names a user. */
  mention(kind: Owning, id: string): void {
    if (this.isKept(kind, id)) return;
    const ids = this.#ever.get(kind) ?? new Set();
    this.#ever.set(kind, ids.add(id));
  }

  add(kind: string, id: string): void {
    if (kind === 'project' || kind === 'user') this.mention(kind, id);
    if (!this.#keptIds.has(id)) add(this.#mine, kind, id);
  }

  /** Remembers the path of a thing that is not kept, by the template that it has in the endpoint table. */
  learn(service: string, template: string, path: string): void {
    if (!this.isKeptId(decodeURIComponent(path.split('/').at(-1) ?? '')))
      add(this.#paths, `${service} ${generic(template)}`, path);
  }

  forget(service: string, template: string, path: string): void {
    const list = this.#paths.get(`${service} ${generic(template)}`);
    const index = list?.indexOf(path) ?? -1;
    if (index >= 0) list?.splice(index, 1);
  }

  /** A path that was there once, for an operation on it or below it, and how many parts of the template it fills. */
  path(
    random: Random,
    service: string,
    template: string,
  ): { readonly path: string; readonly parts: number } | undefined {
    const parts = generic(template).split('/');
    for (let count = parts.length; count > 2; count--) {
      if (parts[count - 1] !== '{}' && count < parts.length) continue;
      const list = this.#paths.get(`${service} ${parts.slice(0, count).join('/')}`) ?? [];
      if (list.length > 0) return { path: random.pick(list), parts: count };
    }
    return undefined;
  }

  remove(kind: string, id: string): void {
    const list = this.#mine.get(kind);
    const index = list?.indexOf(id) ?? -1;
    if (index >= 0) list?.splice(index, 1);
  }

  /** One of a kind, when there is any. @param kept whether what was there before may be it. */
  pick(random: Random, kind: string, kept: boolean): string | undefined {
    const mine = this.#mine.get(kind) ?? [];
    const others = kept ? (this.#kept.get(kind) ?? []) : [];
    const count = mine.length + others.length;
    if (count === 0) return undefined;
    const index = random.below(count);
    return mine[index] ?? others[index - mine.length];
  }
}

function add(map: Map<string, string[]>, kind: string, id: string): void {
  const list = map.get(kind) ?? [];
  map.set(kind, list);
  if (list.includes(id)) return;
  list.push(id);
  if (list.length > MOST) list.shift();
}

const generic = (template: string): string => template.replaceAll(/\{\w*\}/g, '{}');
