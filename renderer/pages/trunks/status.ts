import type { Messages } from '../../i18n/en/index.ts';
import { plainTone, type Tone } from '../../ui/tones.ts';

/** A trunk's state in words; what is not known is told as it is. */
export const statusText = (status: string, m: Messages): string =>
  (m.trunks.statuses as Readonly<Record<string, string>>)[status] ?? status;

export const trunkTone = (status: string): Tone => (status === 'DEGRADED' ? 'warn' : plainTone(status));
