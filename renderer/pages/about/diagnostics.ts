import type { SettingsReport } from '../../../helper/contract/settings.ts';
import { Api } from '../../cloud/api.ts';
import { session } from '../../cloud/session.svelte.ts';
import { shell } from '../../shell/shell.ts';

const LOG_LINES = 1000;

/** What is not there is said instead: a fault is often why somebody asks. */
const orWhy = (asked: Promise<unknown>): Promise<unknown> =>
  asked.catch((error: unknown) => ({ unavailable: error instanceof Error ? error.message : String(error) }));

/** What a report of a fault needs, as text; neither passwords nor tokens are in any of it. */
export async function gatherDiagnostics(): Promise<string> {
  const api = new Api(null);
  const [setup, settings, operations, log] = await Promise.all([
    orWhy(shell.setupReport({})),
    orWhy(api.get<SettingsReport>('deskcloud', '/settings')),
    orWhy(
      Promise.all(
        ['stuck', 'failed'].map((state) => api.get('deskcloud', `/operations?state=${state}&limit=50`)),
      ),
    ),
    orWhy(shell.helperLog({ lines: LOG_LINES })),
  ]);
  return JSON.stringify(
    {
      at: new Date().toISOString(),
      window: session.info,
      helper: session.helper,
      setup,
      settings,
      operations,
      log,
    },
    null,
    2,
  );
}
