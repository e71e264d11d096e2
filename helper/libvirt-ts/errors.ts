/** The errors that callers meet; each can be told apart with instanceof. */
import { ErrorCode, ErrorDomain } from './error-codes.ts';
import { nameOf } from './enums.ts';
import type { ErrorStructure } from './types.ts';

/** The daemon answered a call with an error; all fields of libvirt's error structure are kept. */
export class LibvirtError extends Error {
  override readonly name = 'LibvirtError';
  /** virErrorNumber, see ErrorCode. */
  readonly code: number;
  /** The code's name without prefix, such as 'NO_DOMAIN'. */
  readonly codeName: string;
  /** virErrorDomain, see ErrorDomain. */
  readonly domain: number;
  /** The part of libvirt that reports, such as 'QEMU'. */
  readonly domainName: string;
  /** 1 warning, 2 error. */
  readonly level: number;
  readonly str1: string | null;
  readonly str2: string | null;
  readonly str3: string | null;
  readonly int1: number;
  readonly int2: number;
  /** The method that was called, such as 'domainLookupByName'. */
  readonly procedure: string;

  constructor(procedure: string, error: ErrorStructure) {
    const codeName = nameOf(ErrorCode, error.code);
    super(error.message ?? `${procedure} failed: ${codeName}`);
    this.procedure = procedure;
    this.code = error.code;
    this.codeName = codeName;
    this.domain = error.domain;
    this.domainName = nameOf(ErrorDomain, error.domain);
    this.level = error.level;
    this.str1 = error.str1;
    this.str2 = error.str2;
    this.str3 = error.str3;
    this.int1 = error.int1;
    this.int2 = error.int2;
  }
}

/** No connection can be made: the daemon is not there, or it does not let us in. The message names the remedy. */
export class LibvirtConnectError extends Error {
  override readonly name = 'LibvirtConnectError';
}

/**
 * The connection is gone. `outcome` says what a caller may conclude: 'unknown' means the call was sent and no answer
 * came, so it may have happened; 'not-sent' means the daemon never saw it.
 */
export class LibvirtDisconnectedError extends Error {
  override readonly name = 'LibvirtDisconnectedError';
  readonly procedure: string;
  readonly outcome: 'unknown' | 'not-sent';

  constructor(procedure: string, outcome: 'unknown' | 'not-sent', cause?: unknown) {
    super(
      outcome === 'unknown'
        ? `${procedure}: interrupted, outcome unknown: the connection to libvirt ended before an answer came`
        : `${procedure}: not sent: there is no connection to libvirt`,
      { cause },
    );
    this.procedure = procedure;
    this.outcome = outcome;
  }
}

/** No answer within the time limit. The call was sent, so its outcome is unknown. */
export class LibvirtTimeoutError extends Error {
  override readonly name = 'LibvirtTimeoutError';
  readonly procedure: string;
  readonly timeoutMs: number;

  constructor(procedure: string, timeoutMs: number) {
    super(`${procedure}: no answer from libvirt within ${timeoutMs} ms, outcome unknown`);
    this.procedure = procedure;
    this.timeoutMs = timeoutMs;
  }
}

/** The daemon's answer does not have the form that the protocol demands. The call itself was carried out. */
export class LibvirtProtocolError extends Error {
  override readonly name = 'LibvirtProtocolError';
}

/** A failed connect() of the socket, turned into what a person can do about it. */
export function connectError(socketPath: string, cause: unknown): LibvirtConnectError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new LibvirtConnectError(
      `libvirtd is not running (${socketPath}: ${code}): start it with "systemctl start libvirtd" ` +
        '(or "virtlogd -d; libvirtd -d" where there is no systemd)',
      { cause },
    );
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new LibvirtConnectError(
      `no permission to open ${socketPath}: run as root or join the libvirt group ("usermod -aG libvirt USER")`,
      { cause },
    );
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LibvirtConnectError(`no connection to libvirt at ${socketPath}: ${reason}`, { cause });
}
