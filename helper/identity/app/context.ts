import { randomUUID } from 'node:crypto';
import type { Db } from '../../db/index.ts';
import type { Logger } from '../../http/index.ts';
import type { PasswordRules } from './password-rules.ts';
import type { Passwords } from './passwords.ts';

/** What the parts of the identity service share. */
export interface IdentityContext {
  readonly db: Db;
  readonly clock: () => number;
  readonly logger: Logger;
  readonly passwords: Passwords;
  readonly config: IdentityConfig;
}

export interface IdentityConfig {
  /** Region of the catalog: 'RegionOne'. */
  readonly region: string;
  readonly tokenLifetimeSeconds: number;
  readonly passwords?: PasswordRules;
}

/** An id as identity has them: a UUID without dashes. */
export const newId = (): string => randomUUID().replaceAll('-', '');

/** A time as identity writes it: microseconds, UTC. */
export const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000Z`;
