/** What a downloaded file must hash to. */
export interface Checksum {
  readonly algorithm: 'md5' | 'sha256' | 'sha512';
  /** Hexadecimal, in either case. */
  readonly value: string;
}

export interface DownloadProgress {
  /** Bytes that are there, those of earlier attempts included. */
  readonly received: number;
  /** Bytes of the whole file, where the server says so. */
  readonly total: number | undefined;
  /** Over about the last ten seconds. */
  readonly bytesPerSecond: number;
}

export interface DownloadOptions {
  /** http or https. */
  readonly url: string;
  /**
   * Absolute path; its directory must be there. The file appears under this name only when complete and verified.
   * Until then `<destination>.part` and `<destination>.part.json` hold what has come, for the next attempt.
   */
  readonly destination: string;
  readonly checksum: Checksum;
  /** Stops the download; what has come is kept. */
  readonly signal?: AbortSignal;
  /** Called about five times a second, and at the end. */
  readonly onProgress?: (progress: DownloadProgress) => void;
}

export interface DownloadedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** Fetches files from the internet. */
export interface Downloader {
  /**
   * Downloads a file, going on where an earlier attempt stopped if the server still has the same file. A destination
   * that is there and has the checksum is taken as it is.
   *
   * @throws {DownloadError}
   */
  download(options: DownloadOptions): Promise<DownloadedFile>;

  /**
   * Fetches a short text, a vendor's checksum file. Redirects from https to http are refused, since nothing else
   * vouches for it.
   *
   * @throws {DownloadError} also when the text is longer than 1 MiB.
   */
  fetchText(url: string, signal?: AbortSignal): Promise<string>;
}

/** Why a download failed. */
export type DownloadFailure =
  /** No http or https URL, or a redirect to what is none. */
  | 'badUrl'
  /** The server cannot be reached: no internet, no such name, refused, no answer. */
  | 'unreachable'
  /** The server has no such file (404 or 410). */
  | 'notFound'
  /** Any other answer that is no success. */
  | 'refused'
  | 'tooManyRedirects'
  /** The connection broke again and again. */
  | 'interrupted'
  /** The content is not what was promised; it was removed. */
  | 'checksum'
  /** The file system of the destination is full. */
  | 'noSpace'
  | 'aborted';

/** A download that failed. The message names the cause and the remedy. */
export class DownloadError extends Error {
  override readonly name = 'DownloadError';
  readonly reason: DownloadFailure;

  constructor(reason: DownloadFailure, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}
