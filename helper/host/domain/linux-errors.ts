/** libvirt's errors as the hypervisor's users know them: a reason to act on, and a message with the remedy. */
import {
  LibvirtConnectError,
  LibvirtDisconnectedError,
  LibvirtError,
  LibvirtTimeoutError,
} from '../../libvirt-ts/index.ts';
import { DomainHostError, type DomainHostErrorReason } from './interface.ts';

export const isLibvirtError = (error: unknown, ...codeNames: readonly string[]): error is LibvirtError =>
  error instanceof LibvirtError && codeNames.includes(error.codeName);

/** What a person can do about it, by what the message says. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /permission denied/i,
    'QEMU runs as a user of its own: each directory above the file must let it pass (mode o+x).',
  ],
  [/cannot allocate memory/i, 'The host is short of memory: stop other servers or take a smaller flavor.'],
  [
    /no space left/i,
    'The disk is full: delete servers, images or snapshots, or move the state directory to a larger disk.',
  ],
  [/failed to get "write" lock/i, 'Another process has the disk open: is a second QEMU running on it?'],
  [
    /virtlogd/i,
    'Start libvirt\'s log daemon: "systemctl start virtlogd", or "virtlogd -d" where there is no systemd.',
  ],
  [
    /agent (is not|not) (connected|configured|available)|QEMU guest agent/i,
    'The guest needs a running qemu-guest-agent, and its image the property hw_qemu_guest_agent=yes.',
  ],
];

function reasonOf(error: unknown): DomainHostErrorReason {
  if (error instanceof LibvirtConnectError) return 'unavailable';
  if (error instanceof LibvirtTimeoutError) return 'unknownOutcome';
  if (error instanceof LibvirtDisconnectedError) {
    return error.outcome === 'not-sent' ? 'unavailable' : 'unknownOutcome';
  }
  if (isLibvirtError(error, 'NO_DOMAIN')) return 'notFound';
  if (isLibvirtError(error, 'OPERATION_INVALID')) return 'invalidState';
  return 'failed';
}

/** A connection that could not be made has its remedy in its message. */
const connectRemedy = (error: unknown): string | undefined =>
  error instanceof LibvirtConnectError
    ? undefined
    : 'libvirtd went away; start it ("systemctl start libvirtd", or "virtlogd -d; libvirtd -d" where there is no systemd).';

const remedyIn = (message: string): string | undefined =>
  REMEDIES.find(([pattern]) => pattern.test(message))?.[1];

/** @param action what was tried, as 'start domain 5c1f...' */
export function domainHostError(action: string, error: unknown): DomainHostError {
  if (error instanceof DomainHostError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const reason = reasonOf(error);
  const remedy = reason === 'unavailable' ? connectRemedy(error) : remedyIn(message);
  const text = `Cannot ${action}: ${message}`;
  return new DomainHostError(
    reason,
    remedy === undefined ? text : `${text.replace(/\.?$/, '.')} ${remedy}`,
    error,
  );
}

/** Ignores one kind of libvirt's errors. */
export async function unless(
  codeName: string,
  work: Promise<unknown> | (() => Promise<unknown>),
): Promise<void> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (!isLibvirtError(error, codeName)) throw error;
  }
}
