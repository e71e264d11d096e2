/**
 * What becomes of a request, by who makes it: a member of another project, a reader of the things' project, a member of
 * it. A number is the status of the refusal; 'ok' a success; 'free' is not tried, for it would change or remove what
 * others still look at. Everyone without a token is 401, but for 'open'.
 */
export const CLASSES = {
  /** Needs no token. */
  open: { stranger: 'free', reader: 'free', member: 'free' },
  /** What upstream has taken out of its API. */
  gone: { stranger: 410, reader: 410, member: 410 },
  /** Whoever has a token; lists show what is the caller's. */
  anyone: { stranger: 'ok', reader: 'ok', member: 'ok' },
  /** To read what strangers may not know of. */
  reader: { stranger: 404, reader: 'ok', member: 'ok' },
  /** To read what the path names by a project, which is no secret. */
  readerNamed: { stranger: 403, reader: 'ok', member: 'ok' },
  /** Of the project that the path names; making it when it is first read. */
  named: { stranger: 403, reader: 'free', member: 'free' },
  /** To make something in the caller's own project. */
  memberHere: { stranger: 'free', reader: 403, member: 'free' },
  /** To change what strangers may not know of. */
  member: { stranger: 404, reader: 403, member: 'free' },
  memberNamed: { stranger: 403, reader: 403, member: 'free' },
  /** The member's own, whatever its role. */
  owner: { stranger: 404, reader: 404, member: 'free' },
  /** An administrator's own, of which others may not know. */
  hidden: { stranger: 404, reader: 404, member: 404 },
  /** For administrators, of a thing that strangers may not know of. */
  adminOfSeen: { stranger: 404, reader: 403, member: 403 },
  admin: { stranger: 403, reader: 403, member: 403 },
} as const;

export type Class = keyof typeof CLASSES;

/** Ids of operations by class. */
export type Expectations = Readonly<Partial<Record<Class, readonly string[]>>>;

export const words = (text: string): readonly string[] => text.trim().split(/\s+/);
