import { onEvent } from '../shell/events.ts';
import { Api } from './api.ts';
import { ApiError, problemOf, type Problem } from './errors.ts';
import { KINDS, type Kind, type Kinds, type KindSpec } from './kinds.ts';

/** Changes come in crowds: they are looked at together, this long after the first. */
const GATHER_MS = 60;
/** More of them at once, and the whole list is asked for instead. */
const ONE_BY_ONE = 12;
/** Under which name a resource says whose it is. */
const OWNERS = [
  'tenant_id',
  'project_id',
  'os-vol-tenant-attr:tenant_id',
  'os-extended-snapshot-attributes:project_id',
  'os-backup-project-attr:project_id',
] as const;
/** How long a list that no page shows is kept current, for the way back. */
const KEEP_MS = 60_000;

/**
 * All resources of a kind in a project, kept current by the event stream. Reactive: read `items`, `byId`, `problem`.
 * Pages get theirs by {@link useCollection}.
 */
export class Collection<K extends Kind> {
  readonly kind: K;
  readonly api: Api;
  items: readonly Kinds[K][] = $state.raw([]);
  /** 'ready': the list was read at least once. */
  phase: 'loading' | 'ready' | 'failed' = $state('loading');
  /** Why it could not be read (again). */
  problem: Problem | undefined = $state.raw(undefined);
  // Not $derived: that would end with the component in which the collection happened to be made.
  byId: ReadonlyMap<string, Kinds[K]> = $state.raw(new Map<string, Kinds[K]>());
  readonly #spec: KindSpec<Kinds[K]>;
  readonly #stop: () => void;
  readonly #dirty = new Set<string>();
  #all = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;

  constructor(kind: K, api: Api) {
    this.kind = kind;
    this.api = api;
    this.#spec = KINDS[kind];
    this.#stop = onEvent((event) => {
      if (event.type === 'connected' || event.type === 'lagged') this.reload();
      else if (event.type === 'changed' && event.kind === kind) this.#note(event.id, event.deleted);
    });
    this.reload();
  }

  get(id: string): Kinds[K] | undefined {
    return this.byId.get(id);
  }

  /** Reads the whole list again. */
  reload(): void {
    this.#all = true;
    this.#schedule(0);
  }

  /** Reads these again; after an action, so that its effect shows even if it changes nothing that is watched. */
  refresh(...ids: readonly string[]): void {
    for (const id of ids) this.#dirty.add(id);
    this.#schedule(0);
  }

  /** Shows a resource as an answer gave it, without asking again. */
  put(resource: Kinds[K]): void {
    const id = this.#spec.id(resource);
    const at = this.items.findIndex((one) => this.#spec.id(one) === id);
    this.#set(at === -1 ? [...this.items, resource] : this.items.with(at, resource));
  }

  close(): void {
    this.#stop();
    clearTimeout(this.#timer);
  }

  #set(items: readonly Kinds[K][]): void {
    this.items = items;
    this.byId = new Map(items.map((one) => [this.#spec.id(one), one]));
  }

  #note(id: string, deleted: boolean): void {
    if (deleted) this.#remove(id);
    else {
      this.#dirty.add(id);
      this.#schedule(GATHER_MS);
    }
  }

  #schedule(ms: number): void {
    if (ms === 0) clearTimeout(this.#timer);
    else if (this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#busy) void this.#catchUp();
    }, ms);
  }

  async #catchUp(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#all || this.#dirty.size > 0) {
        const ids = [...this.#dirty];
        const whole = this.#all || ids.length > ONE_BY_ONE;
        this.#dirty.clear();
        this.#all = false;
        if (whole) this.#set(await this.#list());
        else await Promise.all(ids.map((id) => this.#show(id)));
        this.phase = 'ready';
        this.problem = undefined;
      }
    } catch (error) {
      this.problem = problemOf(error);
      if (this.phase !== 'ready') this.phase = 'failed';
    } finally {
      this.#busy = false;
    }
  }

  async #list(): Promise<readonly Kinds[K][]> {
    const { service, list, listKey, wrapped } = this.#spec;
    const all: Kinds[K][] = [];
    let path: string | undefined = list(this.api.projectId);
    while (path !== undefined) {
      const page: Readonly<Record<string, unknown>> = await this.api.get(service, path);
      for (const one of page[listKey] as Record<string, unknown>[])
        all.push((wrapped === undefined ? one : one[wrapped]) as Kinds[K]);
      path = nextPath(page, listKey, path);
    }
    return all;
  }

  async #show(id: string): Promise<void> {
    const { service, show, showKey } = this.#spec;
    try {
      const body = await this.api.get<Record<string, unknown>>(service, show(id));
      const found = (showKey === null ? body : body[showKey]) as Kinds[K];
      if (this.#belongs(found)) this.put(found);
    } catch (error) {
      // Gone, or another project's.
      if (error instanceof ApiError && (error.status === 404 || error.status === 403)) this.#remove(id);
      else throw error;
    }
  }

  /** The administrator is shown any project's resource by its id; its list is of one project. */
  #belongs(resource: Kinds[K]): boolean {
    const { projectId } = this.api;
    if (this.get(this.#spec.id(resource)) !== undefined || projectId === null) return true;
    const values = resource as unknown as Readonly<Record<string, string | undefined>>;
    const owner = OWNERS.map((name) => values[name]).find((value) => value !== undefined);
    return owner === undefined || owner === projectId || this.kind === 'network' || this.kind === 'subnet';
  }

  #remove(id: string): void {
    this.#dirty.delete(id);
    if (this.byId.has(id)) this.#set(this.items.filter((one) => this.#spec.id(one) !== id));
  }
}

/** The path of a list's next page: nova and neutron name it in `<key>_links`, glance in `next`. */
function nextPath(
  page: Readonly<Record<string, unknown>>,
  listKey: string,
  path: string,
): string | undefined {
  const links = page[`${listKey}_links`] as { rel: string; href: string }[] | undefined;
  const next = links?.find((link) => link.rel === 'next')?.href ?? (page['next'] as string | undefined);
  if (next === undefined) return undefined;
  const search = next.indexOf('?');
  return search === -1 ? undefined : `${path.split('?', 1)[0] ?? ''}${next.slice(search)}`;
}

interface Kept {
  readonly collection: Collection<Kind>;
  users: number;
  timer: ReturnType<typeof setTimeout> | undefined;
}

const kept = new Map<string, Kept>();

/**
 * The collection of a kind in a project, shared by all who use it. @returns it, and how to give it back; components
 * call {@link useCollection} instead.
 */
export function holdCollection<K extends Kind>(
  kind: K,
  projectId: string | null,
): { collection: Collection<K>; release: () => void } {
  const key = `${projectId ?? ''} ${kind}`;
  let entry = kept.get(key);
  if (entry === undefined) {
    entry = {
      collection: new Collection(kind, new Api(projectId)) as unknown as Collection<Kind>,
      users: 0,
      timer: undefined,
    };
    kept.set(key, entry);
  }
  const mine = entry;
  mine.users += 1;
  clearTimeout(mine.timer);
  return {
    collection: mine.collection as unknown as Collection<K>,
    release: () => {
      mine.users -= 1;
      if (mine.users > 0) return;
      mine.timer = setTimeout(() => {
        mine.collection.close();
        kept.delete(key);
      }, KEEP_MS);
    },
  };
}
