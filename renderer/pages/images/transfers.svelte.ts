import { tell } from '../../app/toasts.svelte.ts';
import { Api } from '../../cloud/api.ts';
import { problemOf, type Problem } from '../../cloud/errors.ts';
import { Rate } from '../../cloud/rate.ts';
import { m } from '../../i18n/index.svelte.ts';
import { openStream, shell } from '../../shell/shell.ts';

/** Read from the person's disk at once. */
const PIECE = 512 * 1024;

/** An image on its way into the cloud. It is the window's, not the page's: it goes on while other pages are looked at. */
export class Transfer {
  readonly id: number;
  readonly kind: 'upload' | 'catalogue';
  readonly name: string;
  /** Of the catalogue. */
  readonly catalogueId: string | undefined;
  phase: 'running' | 'done' | 'failed' | 'cancelled' = $state('running');
  /** 'store': all bytes are there, and the image service looks at them. */
  stage: 'download' | 'upload' | 'store' = $state('upload');
  done = $state(0);
  total = $state(0);
  perSecond: number | undefined = $state(undefined);
  remainingMs: number | undefined = $state(undefined);
  imageId: string | undefined = $state(undefined);
  problem: Problem | undefined = $state.raw(undefined);
  #rate = new Rate();
  #cancel: () => void = () => undefined;

  constructor(id: number, kind: Transfer['kind'], name: string, catalogueId?: string) {
    this.id = id;
    this.kind = kind;
    this.name = name;
    this.catalogueId = catalogueId;
  }

  cancel(): void {
    if (this.phase !== 'running') return;
    this.phase = 'cancelled';
    this.#cancel();
  }

  /** What {@link cancel} does. */
  onCancel(run: () => void): void {
    this.#cancel = run;
  }

  note(stage: Transfer['stage'], done: number, total: number): void {
    if (stage !== this.stage) this.#rate = new Rate();
    this.stage = stage;
    this.done = done;
    this.total = total;
    this.#rate.note(performance.now(), done);
    this.perSecond = this.#rate.perSecond;
    this.remainingMs = this.#rate.remainingMs(total);
    if (stage === 'upload' && total > 0 && done >= total) this.stage = 'store';
  }

  finish(error?: unknown): void {
    if (this.phase !== 'running') return;
    this.phase = error === undefined ? 'done' : 'failed';
    if (error !== undefined) this.problem = problemOf(error);
    else tell(m().images.arrived(this.name));
  }
}

/** What POST /v2/images is told. */
export interface NewImage {
  readonly name: string;
  readonly visibility: string;
  readonly disk_format: string;
  readonly min_disk: number;
  readonly min_ram: number;
  readonly tags: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
}

export const bodyOf = ({ properties, ...image }: NewImage): object => ({
  ...properties,
  ...image,
  container_format: 'bare',
});

class Transfers {
  items: readonly Transfer[] = $state.raw([]);
  #last = 0;

  get running(): number {
    return this.items.filter((one) => one.phase === 'running').length;
  }

  dismiss(transfer: Transfer): void {
    this.items = this.items.filter((one) => one !== transfer);
  }

  /** Makes an image of a file. @throws {ApiError} when the image cannot even be begun; what fails later it says itself. */
  async upload(projectId: string, file: Blob, image: NewImage): Promise<Transfer> {
    const api = new Api(projectId);
    const { id } = await api.post<{ id: string }>('image', '/images', bodyOf(image));
    const transfer = this.#add('upload', image.name);
    transfer.imageId = id;
    transfer.note('upload', 0, file.size);
    // A record without data helps nobody.
    const takeBack = (): void => void api.delete('image', `/images/${id}`).catch(() => undefined);
    const stream = openStream(
      'imageUpload',
      { projectId, imageId: id, size: file.size },
      {
        onMessage: ({ sent }) => transfer.note('upload', sent, file.size),
        onEnd: (error) => {
          transfer.finish(error);
          if (error !== undefined) takeBack();
        },
      },
    );
    transfer.onCancel(() => {
      stream.cancel();
      takeBack();
    });
    void (async () => {
      try {
        for (let at = 0; at < file.size && transfer.phase === 'running'; at += PIECE)
          await stream.write(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
        if (transfer.phase === 'running') stream.end();
      } catch (error) {
        // The file is not there any more, or may not be read.
        stream.cancel();
        transfer.finish(error);
        takeBack();
      }
    })();
    return transfer;
  }

  /** Brings an image of the catalogue. */
  fetch(projectId: string, entry: { id: string; name: string; version: string }): Transfer {
    const transfer = this.#add('catalogue', `${entry.name} ${entry.version}`, entry.id);
    transfer.stage = 'download';
    const stream = openStream(
      'imageFetch',
      { id: entry.id, projectId, visibility: 'public' },
      {
        onMessage: ({ stage, done, total, imageId }) => {
          transfer.note(stage, done, total);
          if (imageId !== null) transfer.imageId = imageId;
        },
        onEnd: (error) => transfer.finish(error),
      },
    );
    transfer.onCancel(() => stream.cancel());
    return transfer;
  }

  #add(kind: Transfer['kind'], name: string, catalogueId?: string): Transfer {
    this.#last += 1;
    const transfer = new Transfer(this.#last, kind, name, catalogueId);
    this.items = [transfer, ...this.items.filter((one) => one.phase === 'running' || one.name !== name)];
    return transfer;
  }
}

export const transfers = new Transfers();

// The bytes come from this page: closing it in the middle would end the upload.
addEventListener('beforeunload', (event) => {
  if (transfers.items.some((one) => one.kind === 'upload' && one.phase === 'running')) event.preventDefault();
});

/** Saves an image's bytes as a file of the person's. @throws {ShellError} */
export async function downloadImage(projectId: string, imageId: string, name: string): Promise<void> {
  const { path } = await shell.imageDownload({ projectId, imageId, name });
  const link = document.createElement('a');
  link.href = path;
  link.download = name;
  link.click();
}
