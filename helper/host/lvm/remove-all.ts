import { LvmError, type LvmHost } from './interface.ts';

/**
 * Removes all volumes of this instance from volume groups; pools stay, since others may use them.
 * @returns what could not be removed, with cause and remedy.
 */
export async function removeAllVolumes(host: LvmHost, groups: Iterable<string>): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const group of new Set(groups))
    try {
      for (const { name } of (await host.look(group)).volumes) await host.remove(group, name);
    } catch (error) {
      if (!(error instanceof LvmError)) throw error;
      problems.push(`the volume group ${group}: ${error.message}`);
    }
  return problems;
}
