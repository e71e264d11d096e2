import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { record } from '../record.ts';

/** A file that a daemon of ours reads, which never sees half of one. @returns whether it is another than before. */
export function replaceFile(path: string, text: string): boolean {
  let before: string | undefined;
  try {
    before = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  if (before === text) return false;
  writeFileSync(`${path}.new`, text, { mode: 0o644 });
  renameSync(`${path}.new`, path);
  record({ kind: 'file', action: 'write', path, text: text.slice(0, 16384) });
  return true;
}

/** @param whose in the record: 'dnsmasq of network ...'. A process that has ended meanwhile is fine. */
export function signalDaemon(pid: number, name: 'SIGHUP' | 'SIGTERM' | 'SIGKILL', whose: string): void {
  try {
    process.kill(pid, name);
    record({ kind: 'note', text: `${name} to ${whose} (pid ${pid})` });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
