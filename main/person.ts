/**
 * Whose desktop it is. With sudo or pkexec this process is root's, and the person is who asked for that: files, windows
 * and terminals are theirs, never root's.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';

export interface Person {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
  readonly home: string;
  readonly shell: string;
  /** This process has root's rights only on loan from the person. */
  readonly borrowed: boolean;
}

let found: Person | undefined;

/** @throws {Error} when sudo or pkexec names a user that there is not. */
export function person(): Person {
  found ??= findPerson(process.getuid?.() ?? 0, process.env, passwdLine);
  return found;
}

/** @param look the line of passwd(5) for a user's number. */
export function findPerson(
  uid: number,
  environment: NodeJS.ProcessEnv,
  look: (uid: number) => string,
): Person {
  const lender = uid === 0 ? Number(environment['SUDO_UID'] ?? environment['PKEXEC_UID'] ?? '0') : 0;
  if (!Number.isInteger(lender) || lender <= 0) {
    const { username, gid, shell } = userInfo();
    const chosen = environment['SHELL'] ?? shell ?? '';
    return { uid, gid, name: username, home: homedir(), shell: chosen || '/bin/sh', borrowed: false };
  }
  const [name = '', , , gid = '', , home = '', shell = ''] = look(lender).trim().split(':');
  if (name === '' || home === '') throw new Error(`There is no user with the number ${lender}.`);
  return { uid: lender, gid: Number(gid), name, home, shell: shell || '/bin/sh', borrowed: true };
}

const passwdLine = (uid: number): string =>
  execFileSync('getent', ['passwd', String(uid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

/** A command as the person runs it, with all their groups and none of root's. */
export function asPerson(
  argv: readonly [string, ...string[]],
  who: Person = person(),
): [string, ...string[]] {
  if (!who.borrowed) return [...argv];
  return ['setpriv', `--reuid=${who.uid}`, `--regid=${who.gid}`, '--init-groups', '--', ...argv];
}

/** This process's environment as the person's programs see it. */
export function personEnvironment(
  who: Person = person(),
  environment: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const own = Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined || (who.borrowed && /^(SUDO_|PKEXEC_|XDG_)/.test(name)) ? [] : [[name, value]],
    ),
  );
  if (!who.borrowed) return own;
  const runtime = `/run/user/${who.uid}`;
  return {
    ...own,
    HOME: who.home,
    USER: who.name,
    LOGNAME: who.name,
    SHELL: who.shell,
    ...(existsSync(runtime) ? { XDG_RUNTIME_DIR: runtime } : {}),
  };
}
