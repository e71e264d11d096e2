import { parseArgs } from 'node:util';
import type { ConfigOverrides } from './config.ts';

/** What the helper's programs may be told on their command line. */
export interface Arguments {
  readonly config: string | undefined;
  readonly overrides: ConfigOverrides;
  /** setup: mend what is missing. */
  readonly fix: boolean;
  /** teardown: the state stays; only what is on the host goes. */
  readonly keepState: boolean;
  /** main: go into the background once listening. */
  readonly daemon: boolean;
  /** main: group of the person whose desktop this is. */
  readonly desktopGid: number | undefined;
}

/** @throws {TypeError} for options that there are not. */
export function parseArguments(words: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...words],
    strict: true,
    options: {
      config: { type: 'string' },
      directory: { type: 'string' },
      host: { type: 'string' },
      owner: { type: 'string' },
      port: { type: 'string' },
      fix: { type: 'boolean', default: false },
      daemon: { type: 'boolean', default: false },
      'keep-state': { type: 'boolean', default: false },
      'desktop-gid': { type: 'string' },
    },
  });
  const gid = values['desktop-gid'];
  return {
    config: values.config,
    overrides: {
      ...(values.directory === undefined ? {} : { directory: values.directory }),
      ...(values.host === undefined ? {} : { host: values.host }),
      ...(values.owner === undefined ? {} : { owner: values.owner }),
      ...(values.port === undefined ? {} : { port: Number(values.port) }),
    },
    fix: values.fix,
    daemon: values.daemon,
    keepState: values['keep-state'],
    desktopGid: gid === undefined ? undefined : Number(gid),
  };
}
