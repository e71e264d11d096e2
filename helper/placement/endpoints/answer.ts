import { Reply, mv, type Microversion } from '../../http/index.ts';

/** From 1.15 on answers say when what they show was changed, and are not to be kept. */
export function answer(version: Microversion, body: unknown, at: number, status = 200): Reply {
  return new Reply({
    status,
    body,
    headers:
      version >= mv('1.15')
        ? { 'last-modified': new Date(at).toUTCString(), 'cache-control': 'no-cache' }
        : {},
  });
}

export const newest = (rows: readonly { readonly updated_at: number }[], now: number): number =>
  rows.length === 0 ? now : Math.max(...rows.map(({ updated_at }) => updated_at));
