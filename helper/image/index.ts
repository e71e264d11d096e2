import { afterCommit, type Db } from '../db/index.ts';
import { badRequest } from '../errors/error.ts';
import { imageDialect } from '../errors/dialects.ts';
import type { DiskHost } from '../host/disk/interface.ts';
import type { Owner, StateFiles } from '../host/files/interface.ts';
import type { WebSource } from '../host/download/guarded.ts';
import type { Logger, Service } from '../http/index.ts';
import type { SagaEngine } from '../saga/index.ts';
import { imageAbsent } from './absent.ts';
import { Bases } from './app/base.ts';
import { Cache } from './app/cache.ts';
import { ComputeImages } from './app/compute-images.ts';
import { ImageData } from './app/data.ts';
import { Images } from './app/image.ts';
import { Imports } from './app/import.ts';
import { Members } from './app/member.ts';
import { Metadefs } from './app/metadef.ts';
import { Quotas, UNLIMITED, type ImageLimits } from './app/quota.ts';
import { Tasks } from './app/task.ts';
import { cacheEndpoints } from './endpoints/cache.ts';
import { imageDataEndpoints } from './endpoints/image-data.ts';
import { imageEndpoints } from './endpoints/image.ts';
import { importEndpoints } from './endpoints/import.ts';
import { memberEndpoints } from './endpoints/member.ts';
import { metadefItemEndpoints } from './endpoints/metadef-item.ts';
import { metadefNamespaceEndpoints } from './endpoints/metadef-namespace.ts';
import { schemaEndpoints } from './endpoints/schema.ts';
import type { ImageFace, ImageInfo } from './face.ts';
import { imageRules } from './policy.ts';
import { imageCache } from './sagas/image-cache.ts';
import { imageImport } from './sagas/image-import.ts';
import { resetUploads, type Image } from './store/image.ts';

export type { BaseImage, ImageDetails, ImageFace, ImageInfo } from './face.ts';

export interface ImageDeps {
  readonly db: Db;
  readonly files: StateFiles;
  readonly disks: DiskHost;
  readonly sagas: SagaEngine;
  /** Where web-download gets its files. */
  readonly web: WebSource;
  readonly logger: Logger;
  readonly now: () => number;
  readonly config: {
    /** Who may read stored data beside root: the user that runs the emulator. */
    readonly dataOwner?: Owner;
    /** Bytes; larger uploads are refused. */
    readonly maxImageBytes: number;
    /** Of each project; without bound by default. */
    readonly limits?: Partial<ImageLimits>;
    /** What imported disks are turned into; kept as they are by default. */
    readonly importConversion?: 'qcow2';
  };
}

/** The image service: its API, its face for compute, and what it does at start. */
export interface ImageService {
  readonly service: Service;
  readonly face: ImageFace;
  /** Ends what a crash left behind: uploads begin anew, files without a row go. Run it before listening. */
  start(): Promise<void>;
}

/** All up to Zed's. */
const VERSIONS = '2.16 2.15 2.14 2.13 2.12 2.11 2.10 2.9 2.8 2.7 2.6 2.5 2.4 2.3 2.2 2.1 2.0'.split(' ');

/** glance's version document; every entry leads to the same root. */
const versions = (origin: string) => ({
  versions: VERSIONS.map((version, index) => ({
    id: `v${version}`,
    status: index === 0 ? 'CURRENT' : 'SUPPORTED',
    links: [{ rel: 'self', href: `${origin}/image/v2/` }],
  })),
});

export function createImage(deps: ImageDeps): ImageService {
  const { db, files, disks, sagas, web, logger, now, config } = deps;
  const quotas = new Quotas({
    db,
    get limits() {
      return { ...UNLIMITED, ...config.limits };
    },
    get maxImageBytes() {
      return config.maxImageBytes;
    },
  });
  const attributes = { mode: 0o640, ...(config.dataOwner === undefined ? {} : { owner: config.dataOwner }) };
  const bases = new Bases({ db, files, disks, logger, attributes, now });
  const onDeleted = (id: string): void => {
    data.abandon(id);
    imports.abandon(id);
    bases.collect();
  };
  const images = new Images({ db, now, quotas, onDeleted });
  const data = new ImageData({
    db,
    now,
    files,
    images,
    bases,
    attributes,
    quotas,
  });
  const imports = new Imports({
    db,
    now,
    files,
    sagas,
    images,
    bases,
    quotas,
    web,
    attributes,
    convertTo: config.importConversion ?? null,
  });
  sagas.register(imageImport, {
    files,
    disks,
    web,
    attributes,
    judge: imports.judge,
    keep: imports.keep,
    collect: () => bases.collect(),
  });
  const cache = new Cache({ db, now, sagas, images, bases });
  sagas.register(imageCache, cache.services);
  const tasks = new Tasks({ db });
  const metadefs = new Metadefs({ db, now });
  const compute = new ComputeImages({
    db,
    now,
    files,
    disks,
    images,
    data,
    // The collection must not begin inside the caller's transaction.
    onDeleted: (id) => afterCommit(db, () => onDeleted(id)),
  });
  const members = new Members({ db, now, images });
  return {
    service: {
      name: 'image',
      prefix: '/image',
      root: '/v2',
      dialect: imageDialect,
      absent: imageAbsent,
      rules: imageRules,
      endpoints: [
        ...imageEndpoints(images),
        ...imageDataEndpoints(images, data, cache),
        ...cacheEndpoints(cache),
        ...memberEndpoints(images, members),
        ...importEndpoints(images, imports, tasks, quotas),
        ...metadefNamespaceEndpoints(metadefs),
        ...metadefItemEndpoints(metadefs),
        ...schemaEndpoints(),
      ],
      discovery: {
        '': (origin) => ({ status: 300, body: versions(origin) }),
        '/versions': (origin) => ({ status: 200, body: versions(origin) }),
        '/v2': (origin) => ({ status: 200, body: versions(origin) }),
      },
    },
    face: {
      get: (_db, auth, id) => infoOf(images.get(auth, id)),
      leaseBase: (tx, imageId, userId) => bases.lease(tx, imageId, userId),
      releaseBase: (tx, userId) => bases.release(tx, userId),
      ensureBase: (imageId, signal, onProgress) => bases.ensure(imageId, signal, onProgress),
      reserve: compute.reserve,
      createFromDisk: compute.createFromDisk,
      activateEmpty: compute.activateEmpty,
      discard: compute.discard,
      backupsOf: compute.backupsOf,
      show: compute.show,
      list: compute.list,
      remove: compute.remove,
      setProperties: compute.setProperties,
    },
    start: async () => {
      resetUploads(db, now());
      await bases.sweep();
      await imports.sweep();
    },
  };
}

function infoOf(image: Image): ImageInfo {
  if (image.unusable !== null) throw badRequest(`Image ${image.id} is unacceptable: ${image.unusable}.`);
  return {
    id: image.id,
    name: image.name,
    status: image.status,
    ownerId: image.owner_id,
    diskFormat: image.disk_format ?? 'raw',
    size: image.size ?? 0,
    virtualSize: image.virtual_size ?? 0,
    minDisk: image.min_disk,
    minRam: image.min_ram,
    properties: image.properties,
  };
}
