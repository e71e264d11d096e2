import { withUndo } from './toasts.svelte.ts';

/**
 * Deletes of what can be made again: the rows go at once, the things a few seconds later, and until then the person
 * may take it back. Make one in a component: `const removal = new Removal()`, and leave out rows that are `gone`.
 */
export class Removal {
  gone: ReadonlySet<string> = $state.raw(new Set<string>());

  /**
   * @param ids of the rows. @param texts what is told at once, and when it fails.
   * @param remove deletes one; a failure brings the rows back.
   */
  start(
    ids: readonly string[],
    texts: { readonly done: string; readonly failed: string },
    remove: (id: string) => Promise<unknown>,
  ): void {
    this.gone = new Set([...this.gone, ...ids]);
    withUndo(texts.done, {
      failed: texts.failed,
      action: async () => {
        for (const id of ids) await remove(id);
      },
      onUndo: () => {
        this.gone = new Set([...this.gone].filter((one) => !ids.includes(one)));
      },
    });
  }
}
