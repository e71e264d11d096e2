import { parseArgs } from 'node:util';
import { isKnownAsSimulated, type Instance } from './launch.ts';
import { routeIn } from './shell/deep-link.ts';

/** What a window may be told. */
export interface ShellArguments {
  readonly instance: Instance;
  /** Any browser, by an address that is printed. */
  readonly browser: boolean;
  /** Port of the window's own listener in a browser; 0 takes a free one. */
  readonly windowPort: number;
  /** The page to show; undefined: the first one, or where the window is. */
  readonly route: string | undefined;
}

/** Words as Electron's process has them; a deep link among them is the page to begin with. */
export function parseShellArguments(words: readonly string[]): ShellArguments {
  const { values, positionals } = parseArgs({
    args: [...words],
    // Chromium puts switches of its own among Electron's.
    strict: false,
    options: {
      browser: { type: 'boolean' },
      directory: { type: 'string' },
      config: { type: 'string' },
      port: { type: 'string' },
      host: { type: 'string' },
      'window-port': { type: 'string' },
      route: { type: 'string' },
    },
  });
  const text = (name: keyof typeof values): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  const port = text('port');
  return {
    instance: {
      directory: text('directory'),
      config: text('config'),
      port: port === undefined ? undefined : Number(port),
      simulated:
        text('host') === undefined ? isKnownAsSimulated(text('directory')) : text('host') === 'simulated',
    },
    browser: values['browser'] === true,
    windowPort: Number(text('window-port') ?? '0'),
    route: routeIn(positionals) ?? text('route'),
  };
}
