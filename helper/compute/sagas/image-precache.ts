import { defineSaga, none, step } from '../../saga/index.ts';
import type { ServerServices } from './services.ts';

export interface ImagePrecacheInput {
  readonly imageId: string;
}

/** Brings an image's base into the cache of the host before a server asks for it (2.81). */
export const imagePrecache = defineSaga<ImagePrecacheInput, Pick<ServerServices, 'image'>>({
  name: 'image-precache',
  title: 'Cache image on the host',
  service: 'compute',
  resource: ({ imageId }) => ({ type: 'image', id: imageId }),
  locks: ({ imageId }) => [`image-precache:${imageId}`],
  steps: [
    step({
      kind: 'host',
      name: 'cache base image',
      number: 24,
      concurrency: 'image',
      action: async (ctx, { imageId }) => {
        const base = await ctx.services.image.ensureBase(imageId, ctx.signal, (done) =>
          ctx.progress(done, 'copying the image'),
        );
        ctx.note('the base is in the cache', { sha256: base.sha256 });
      },
      undo: none('a cached base belongs to its image and goes with it'),
    }),
  ],
});
