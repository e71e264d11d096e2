/** The procedure table: every method of a connection, by its name. */
import { connectProcedures, sessionProcedures } from './connect.ts';
import { deviceProcedures } from './device.ts';
import { domainProcedures } from './domain.ts';
import { guestProcedures, streamProcedures } from './guest.ts';
import type { Procedure } from './rpc.ts';
import { secretProcedures } from './secret.ts';
import { snapshotProcedures } from './snapshot.ts';

export const procedures = {
  ...connectProcedures,
  ...domainProcedures,
  ...deviceProcedures,
  ...snapshotProcedures,
  ...guestProcedures,
  ...secretProcedures,
};

export { sessionProcedures, streamProcedures };

export type Procedures = typeof procedures;

/** What callers give; all procedures take one object, whose members are named as in libvirt's API. */
export type InputOf<P> = P extends Procedure<infer I, unknown> ? I : never;
export type OutputOf<P> = P extends { readonly ret: { read(...args: never[]): infer O } } ? O : never;
