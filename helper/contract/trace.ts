/**
 * One thing that was really done while a step of an operation ran. Shown by the flight recorder and by
 * `deskcloud trace`. Secrets are already masked when an entry is made.
 */
export type TraceEntry =
  | {
      readonly kind: 'command';
      readonly argv: readonly string[];
      /** What was written to the command's standard input, cut to 16 KiB. */
      readonly stdin?: string;
      /** Exit status; null when a signal or a time limit ended it. */
      readonly exitCode: number | null;
      readonly durationMs: number;
      /** Standard error (or output, when the error is empty), cut to 4 KiB; absent when there was none. */
      readonly output?: string;
    }
  | {
      readonly kind: 'rpc';
      /** Protocol and procedure, as 'libvirt domainDefineXML'. */
      readonly procedure: string;
      /** The arguments in short readable text. */
      readonly detail: string;
      readonly durationMs: number;
      readonly error?: string;
    }
  | { readonly kind: 'xml'; readonly name: string; readonly text: string }
  | {
      readonly kind: 'file';
      readonly action: 'write' | 'remove';
      readonly path: string;
      readonly text?: string;
    }
  | { readonly kind: 'sql'; readonly statement: string; readonly parameters?: string; readonly rows?: number }
  | { readonly kind: 'note'; readonly text: string; readonly data?: unknown };
