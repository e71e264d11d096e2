import type { OperationError } from '../../contract/operation.ts';
import type { Fault } from '../store/server.ts';

/** Errors whose message was written for the caller. */
const PUBLIC = new Set(['CloudError', 'NoValidHost']);

/** What a server's owner is told of errors that name paths and commands. */
const TOLD: Readonly<Record<string, string>> = {
  DiskFullError: 'There is not enough free disk space on the host.',
  DomainHostError: 'The hypervisor could not do what was asked of it.',
  DiskError: "The server's disk could not be made.",
};

/**
 * The fault of a server whose operation failed. As upstream, the code is 500 for everything that is not the caller's
 * doing, and then only administrators see the details.
 */
export function faultOf(title: string, error: OperationError): Fault {
  const where = error.step === undefined ? '' : ` at '${error.step}'`;
  const message = PUBLIC.has(error.code)
    ? error.message
    : `${title} failed${where}. ${TOLD[error.code] ?? 'The details are for the administrator.'}`;
  return { code: 500, message: message.slice(0, 255), details: `${error.code}${where}: ${error.message}` };
}
