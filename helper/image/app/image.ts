import { randomUUID } from 'node:crypto';
import { transaction, type Db } from '../../db/index.ts';
import { badRequest, conflict, forbidden, notFound } from '../../errors/error.ts';
import type { AuthContext, Page } from '../../http/index.ts';
import type { ImageCreateBody } from '../schemas/image.ts';
import { MAX_TAGS } from '../schemas/image.ts';
import {
  deleteImage,
  findImage,
  insertImage,
  listImages,
  updateImage,
  type Image,
  type ImageFilter,
} from '../store/image.ts';
import { findMember } from '../store/member.ts';
import type { Quotas } from './quota.ts';
import { patched, refuseReadOnly, type PatchOperation } from './patch.ts';

/** Further rules that attributes ask for: see policy.ts. */
export type May = (rule: string, target?: Image) => boolean;

export interface ImagesOptions {
  readonly db: Db;
  readonly now: () => number;
  readonly quotas: Quotas;
  /** Called after an image is gone, so that its upload ends and its data can be collected. */
  readonly onDeleted: (imageId: string) => void;
}

/** Images without their data: what is written down about them. */
export class Images {
  readonly #options: ImagesOptions;

  constructor(options: ImagesOptions) {
    this.#options = options;
  }

  /**
   * An image that the caller may see; foreign ones are as if they were not there.
   * @throws {CloudError} notFound
   */
  get(auth: AuthContext, id: string): Image {
    const image = findImage(this.#options.db, id);
    if (image !== undefined && canSee(auth, image)) return image;
    if (image !== undefined && auth.projectId !== undefined && image.visibility === 'shared') {
      const member = findMember(this.#options.db, id, auth.projectId);
      if (member !== undefined) return { ...image, member_id: member.member_id };
    }
    throw notFound(`No image found with ID ${id.slice(0, 80)}`);
  }

  /**
   * An image for its owner to change: what others can see but not change is 403.
   * @throws {CloudError} notFound, forbidden
   */
  getOwn(auth: AuthContext, id: string): Image {
    const image = this.get(auth, id);
    if (!auth.roles.has('admin') && image.owner_id !== auth.projectId) {
      throw forbidden('You are not permitted to modify this image; it belongs to another project.');
    }
    return image;
  }

  list(filter: ImageFilter, page: Page): { images: readonly Image[]; next?: string } {
    const found = listImages(this.#options.db, filter, page);
    if (found === undefined) throw badRequest('Invalid marker: no image has this id.');
    return found;
  }

  create(auth: AuthContext, body: ImageCreateBody, may: May): Image {
    const { id, owner, name, visibility, disk_format, container_format, min_disk, min_ram, tags, ...rest } =
      body;
    const { protected: isProtected, os_hidden, ...custom } = rest;
    const properties: Record<string, string> = {};
    for (const [key, value] of Object.entries(custom)) {
      refuseReadOnly(key);
      if (key.length > 255) throw badRequest('Names of properties have at most 255 characters.');
      if (typeof value === 'string') properties[key] = value;
    }
    const now = this.#options.now();
    const image: Image = {
      id: id ?? randomUUID(),
      name: name ?? null,
      status: 'queued',
      visibility: visibility ?? 'shared',
      owner_id: owner ?? auth.projectId ?? null,
      project_id: owner ?? auth.projectId ?? null,
      disk_format: disk_format ?? null,
      container_format: container_format ?? null,
      min_disk: min_disk ?? 0,
      min_ram: min_ram ?? 0,
      protected: isProtected === true ? 1 : 0,
      os_hidden: os_hidden === true ? 1 : 0,
      size: null,
      virtual_size: null,
      md5: null,
      sha512: null,
      sha256: null,
      unusable: null,
      staged_size: null,
      importing_to_stores: null,
      failed_import: null,
      created_at: now,
      updated_at: now,
      properties,
      tags: tags ?? [],
    };
    if (owner !== undefined && owner !== auth.projectId && !may('set_image_owner')) {
      throw forbidden('Only an administrator may create an image for another project.');
    }
    checkVisibility(image, may);
    transaction(this.#options.db, () => {
      this.#options.quotas.checkCount(image.owner_id, 'image_count_total');
      if (findImage(this.#options.db, image.id) !== undefined)
        throw conflict(`Image ID ${image.id} already exists!`);
      insertImage(this.#options.db, image);
    });
    return image;
  }

  patch(auth: AuthContext, id: string, operations: readonly PatchOperation[], may: May): Image {
    const { db, now } = this.#options;
    return transaction(db, () => {
      const before = this.getOwn(auth, id);
      const after = { ...patched(before, operations), updated_at: now() };
      if (after.owner_id !== before.owner_id && !may('set_image_owner')) {
        throw forbidden('Only an administrator may give an image to another project.');
      }
      if (after.visibility !== before.visibility) checkVisibility(after, may);
      updateImage(db, after);
      return after;
    });
  }

  delete(auth: AuthContext, id: string): void {
    const { db } = this.#options;
    transaction(db, () => {
      const image = this.getOwn(auth, id);
      if (image.protected === 1) throw forbidden(`Image ${id} is protected and cannot be deleted.`);
      deleteImage(db, id);
    });
    this.#options.onDeleted(id);
  }

  /** Takes an image out of use (its data is not given out any more), or back into it. */
  setActive(auth: AuthContext, id: string, active: boolean): void {
    const { db, now } = this.#options;
    transaction(db, () => {
      const image = this.getOwn(auth, id);
      if (image.status !== 'active' && image.status !== 'deactivated') {
        throw forbidden(
          `Not allowed to ${active ? 'reactivate' : 'deactivate'} image in status '${image.status}'`,
        );
      }
      updateImage(db, { ...image, status: active ? 'active' : 'deactivated', updated_at: now() });
    });
  }

  addTag(auth: AuthContext, id: string, tag: string): void {
    const { db, now } = this.#options;
    if (tag.length > 255) throw badRequest('A tag has at most 255 characters.');
    if (/[\p{Cc}\ufffe\uffff]/u.test(tag)) throw badRequest('A tag has no control characters.');
    transaction(db, () => {
      const image = this.getOwn(auth, id);
      const tags = [...new Set([...image.tags, tag])];
      if (tags.length > MAX_TAGS) throw badRequest(`An image has at most ${MAX_TAGS} tags.`);
      updateImage(db, { ...image, tags, updated_at: now() });
    });
  }

  removeTag(auth: AuthContext, id: string, tag: string): void {
    const { db, now } = this.#options;
    transaction(db, () => {
      const image = this.getOwn(auth, id);
      if (!image.tags.includes(tag)) throw notFound(`The image has no tag '${tag.slice(0, 80)}'.`);
      updateImage(db, { ...image, tags: image.tags.filter((one) => one !== tag), updated_at: now() });
    });
  }
}

function canSee(auth: AuthContext, image: Image): boolean {
  if (auth.roles.has('admin') || image.visibility === 'public' || image.visibility === 'community')
    return true;
  return image.owner_id !== null && image.owner_id === auth.projectId;
}

function checkVisibility(image: Image, may: May): void {
  if (image.visibility === 'public' && !may('publicize_image', image)) {
    throw forbidden("Only an administrator may make an image public (policy 'publicize_image').");
  }
}
