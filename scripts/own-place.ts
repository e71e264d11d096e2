import { dirname, relative } from 'node:path';
import type { Plugin } from 'rolldown';

/**
 * Modules that look for files beside them go on finding these once they are bundled into a directory: by the way from
 * there to where they were, so that the whole may be moved.
 * @param directory where the bundle goes.
 * @param id which modules.
 */
export const ownPlace = (directory: string, id: RegExp): Plugin => ({
  name: 'own-place',
  transform: {
    filter: { id, code: 'import.meta' },
    handler: (code, path) =>
      code
        .replaceAll('import.meta.main', 'false')
        .replaceAll(
          'import.meta.dirname',
          `(import.meta.dirname + ${JSON.stringify(`/${relative(directory, dirname(path))}`)})`,
        )
        .replaceAll(
          'import.meta.url',
          `new URL(${JSON.stringify(relative(directory, path))}, import.meta.url).href`,
        ),
  },
});
