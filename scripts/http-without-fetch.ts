import type { Plugin } from 'rolldown';

/** What node:http has of undici, which is loaded when one of them is looked at. */
const OF_UNDICI = ['WebSocket', 'CloseEvent', 'MessageEvent'];

const HTTP = 'node:http';
const VIRTUAL = `\0${HTTP}`;

/**
 * Gives modules what they import of node:http without undici: an import statement makes Node read each export, also the
 * ones that load undici, which takes a tenth of the helper's start; the helper has no use for them.
 */
export const httpWithoutFetch: Plugin = {
  name: 'http-without-fetch',
  resolveId: (source, _importer, { kind }) =>
    (source === HTTP || source === 'http') && kind === 'import-statement' ? VIRTUAL : null,
  load: (id) => {
    if (id !== VIRTUAL) return null;
    const http: object = process.getBuiltinModule(HTTP);
    const names = Object.keys(http).filter((name) => !OF_UNDICI.includes(name));
    return `const http = process.getBuiltinModule('${HTTP}');
export default http;
export const { ${names.join(', ')} } = http;
`;
  },
};
