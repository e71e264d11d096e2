import { defineSaga, none, step } from '../../saga/index.ts';
import { deleteQueued, queuedToCached } from '../store/cache.ts';

export interface CacheInput {
  readonly imageId: string;
  /** Of the stored data. */
  readonly sha256: string;
  /** When it was asked for: a later request is another operation's. */
  readonly queuedAt: number;
}

/** What the saga needs of the image service. */
export interface CacheServices {
  /** Lets the requests that come with this one go first. */
  settle(signal: AbortSignal): Promise<void>;
  /** Reads all stored data. @throws {Error} when they are gone or are not what was uploaded. */
  verify(sha256: string, signal: AbortSignal, onProgress: (fraction: number) => void): Promise<void>;
  /** Makes the base where there is none yet, and notes how large it is. */
  makeBase(imageId: string, signal: AbortSignal, onProgress: (fraction: number) => void): Promise<void>;
  /** Removes the base, unless somebody needs it. Idempotent. */
  dropBase(sha256: string): Promise<void>;
  /** Removes bases that nobody needs any more, once this transaction is committed. */
  collect(): void;
}

/** Makes an image's base ready before a guest asks for it (api-ref: image/v2, 'Cache Manage', 'Queue image'). */
export const imageCache = defineSaga<CacheInput, CacheServices>({
  name: 'image-cache',
  title: 'Cache image',
  service: 'image',
  resource: ({ imageId }) => ({ type: 'image', id: imageId }),
  // One at a time: guests come first.
  locks: () => ['image-cache:all'],
  steps: [
    step({
      name: 'verify data',
      kind: 'host',
      concurrency: 'image',
      action: async (ctx, { sha256 }) => {
        await ctx.services.settle(ctx.signal);
        await ctx.services.verify(sha256, ctx.signal, (fraction) => ctx.progress(fraction, 'reading'));
      },
      undo: none('nothing was changed'),
    }),
    step({
      name: 'make base',
      kind: 'host',
      concurrency: 'image',
      action: (ctx, { imageId }) =>
        ctx.services.makeBase(imageId, ctx.signal, (fraction) => ctx.progress(fraction, 'converting')),
      undo: ({ services }, { sha256 }) => services.dropBase(sha256),
    }),
  ],
  onFinished: (ctx, { imageId, queuedAt }) => {
    // Who took it off the list meanwhile does not get the base.
    if (!queuedToCached(ctx.db, imageId, queuedAt, ctx.now())) ctx.services.collect();
  },
  onFailed: ({ db }, { imageId, queuedAt }) => deleteQueued(db, imageId, queuedAt),
  onCancelled: ({ db }, { imageId, queuedAt }) => deleteQueued(db, imageId, queuedAt),
});
