import { randomUUID } from 'node:crypto';
import { transaction, type Db } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import { type AuthContext, type Caller, isAdmin, mv, nextLink, pageOf } from '../../http/index.ts';
import type { Flavor, Flavors } from '../basics.ts';
import { isTrue } from '../schemas/common.ts';
import type { FlavorQueryValues, NewFlavorRequest } from '../schemas/flavor.ts';
import {
  addFlavorAccess,
  deleteFlavor,
  findFlavor,
  findFlavorByName,
  hasFlavorAccess,
  insertFlavor,
  listFlavorAccess,
  listFlavors,
  removeFlavorAccess,
  setExtraSpecs,
  setFlavorDescription,
} from '../store/flavor.ts';

const MAX_PAGE = 1000;

const missing = (id: string) => notFound(`Flavor ${id} could not be found.`);

export interface FlavorDeps {
  readonly db: Db;
  readonly clock: () => number;
}

export class FlavorApp implements Flavors {
  readonly #db: Db;
  readonly #clock: () => number;

  constructor({ db, clock }: FlavorDeps) {
    this.#db = db;
    this.#clock = clock;
  }

  getFlavor(db: Db, auth: AuthContext | null, flavorId: string): Flavor {
    const flavor = findFlavor(db, flavorId);
    if (flavor === undefined) throw missing(flavorId);
    if (auth === null || flavor.isPublic || isAdmin(auth)) return flavor;
    if (auth.projectId !== undefined && hasFlavorAccess(db, flavorId, auth.projectId)) return flavor;
    throw missing(flavorId);
  }

  /** @throws {CloudError} notFound for who may not know of it. */
  visible(auth: AuthContext, id: string): Flavor {
    return this.getFlavor(this.#db, auth, id);
  }

  list(caller: Caller, query: FlavorQueryValues, path: string, view: (flavor: Flavor) => unknown): object {
    const page = pageOf(query, { max: MAX_PAGE, zeroIsEmpty: true });
    if (page.marker !== undefined && findFlavor(this.#db, page.marker) === undefined) {
      throw badRequest(`marker [${page.marker}] not found`);
    }
    const isPublic = isAdmin(caller.auth) ? publicFilter(query.is_public) : true;
    const flavors = listFlavors(this.#db, {
      visibleTo: isPublic === true ? (caller.auth.projectId ?? '') : null,
      isPublic,
      minRamMib: minimum('minRam', query.minRam),
      minDiskGib: minimum('minDisk', query.minDisk),
      sortKey: query.sort_key ?? 'flavorid',
      descending: query.sort_dir === 'desc',
      ...page,
    });
    const last = flavors.at(-1);
    const more = query.limit !== undefined && last !== undefined && flavors.length === page.limit;
    return {
      flavors: flavors.map(view),
      ...(more
        ? { flavors_links: [{ rel: 'next', href: nextLink(caller.base, path, query, last.id) }] }
        : {}),
    };
  }

  create(request: NewFlavorRequest): Flavor {
    const wanted =
      request.id === undefined || request.id === null || request.id === 'auto'
        ? randomUUID()
        : String(request.id);
    const flavor: Flavor = {
      id: wanted,
      name: request.name,
      vcpus: integer('vcpus', request.vcpus, 1),
      ramMib: integer('ram', request.ram, 1),
      diskGib: integer('disk', request.disk, 0),
      ephemeralGib: integer('ephemeral', request['OS-FLV-EXT-DATA:ephemeral'] ?? 0, 0),
      swapMib: integer('swap', request.swap ?? 0, 0),
      rxtxFactor: Number(request.rxtx_factor ?? 1),
      isPublic: isTrue(request['os-flavor-access:is_public'] ?? true),
      disabled: false,
      description: request.description ?? null,
      extraSpecs: {},
    };
    transaction(this.#db, () => {
      if (findFlavor(this.#db, flavor.id) !== undefined) {
        throw conflict(`Flavor with ID ${flavor.id} already exists.`);
      }
      if (findFlavorByName(this.#db, flavor.name) !== undefined) {
        throw conflict(`Flavor with name ${flavor.name} already exists.`);
      }
      insertFlavor(this.#db, flavor, this.#clock());
    });
    return flavor;
  }

  describe(id: string, description: string | null): Flavor {
    return transaction(this.#db, () => {
      const flavor = this.getFlavor(this.#db, null, id);
      setFlavorDescription(this.#db, id, description, this.#clock());
      return { ...flavor, description };
    });
  }

  remove(id: string): void {
    transaction(this.#db, () => {
      this.getFlavor(this.#db, null, id);
      deleteFlavor(this.#db, id);
    });
  }

  /** Reads, changes and writes the extra specs in one transaction. */
  changeExtraSpecs(
    id: string,
    change: (old: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
  ): void {
    transaction(this.#db, () => {
      const flavor = this.getFlavor(this.#db, null, id);
      setExtraSpecs(this.#db, id, change(flavor.extraSpecs), this.#clock());
    });
  }

  /** Projects with access to a flavor that is not public. */
  access(id: string): object {
    return {
      flavor_access: listFlavorAccess(this.#db, id).map((tenant) => ({ flavor_id: id, tenant_id: tenant })),
    };
  }

  grant(caller: Caller, flavor: Flavor, projectId: string): object {
    if (flavor.isPublic && caller.version >= mv('2.7'))
      throw conflict('Can not add access to a public flavor.');
    if (!addFlavorAccess(this.#db, flavor.id, projectId)) {
      throw conflict(
        `Flavor access already exists for flavor ${flavor.id} and project ${projectId} combination.`,
      );
    }
    return this.access(flavor.id);
  }

  revoke(flavor: Flavor, projectId: string): object {
    if (!removeFlavorAccess(this.#db, flavor.id, projectId)) {
      throw notFound(`Flavor access not found for ${flavor.id} / ${projectId} combination.`);
    }
    return this.access(flavor.id);
  }
}

/** `is_public` of an administrator: absent means public ones, 'none' all. */
function publicFilter(text: string | undefined): boolean | null {
  if (text === undefined) return true;
  if (/^none$/i.test(text)) return null;
  if (/^(true|t|1|on|y|yes)$/i.test(text)) return true;
  if (/^(false|f|0|off|n|no)$/i.test(text)) return false;
  throw badRequest(`Invalid is_public filter [${text.slice(0, 80)}]`);
}

function minimum(name: string, text: string | undefined): number {
  if (text === undefined) return 0;
  if (!/^-?\d{1,10}$/.test(text)) throw badRequest(`Invalid ${name} filter [${text.slice(0, 80)}]`);
  return Number(text);
}

function integer(name: string, value: number | string, least: number): number {
  const given = Number(value);
  if (given < least || given > 2_147_483_647) {
    throw badRequest(`Invalid input for field/attribute ${name}. Value: ${value}. ${given} is out of range`);
  }
  return given;
}

const linksOf = (caller: Caller, id: string) => [
  { rel: 'self', href: `${caller.base}/flavors/${encodeURIComponent(id)}` },
  { rel: 'bookmark', href: `${caller.origin}/compute/flavors/${encodeURIComponent(id)}` },
];

export const flavorSummary = (caller: Caller, flavor: Flavor): object => ({
  id: flavor.id,
  name: flavor.name,
  ...(caller.version >= mv('2.55') ? { description: flavor.description } : {}),
  links: linksOf(caller, flavor.id),
});

export const flavorDetail = (caller: Caller, flavor: Flavor): object => ({
  id: flavor.id,
  name: flavor.name,
  ram: flavor.ramMib,
  disk: flavor.diskGib,
  vcpus: flavor.vcpus,
  swap: flavor.swapMib === 0 && caller.version < mv('2.75') ? '' : flavor.swapMib,
  'OS-FLV-EXT-DATA:ephemeral': flavor.ephemeralGib,
  'OS-FLV-DISABLED:disabled': flavor.disabled,
  'os-flavor-access:is_public': flavor.isPublic,
  rxtx_factor: flavor.rxtxFactor,
  links: linksOf(caller, flavor.id),
  ...(caller.version >= mv('2.55') ? { description: flavor.description } : {}),
  ...(caller.version >= mv('2.61') && caller.may('os_compute_api:os-flavor-extra-specs:index')
    ? { extra_specs: flavor.extraSpecs }
    : {}),
});
