import type { SetupProgress, SetupReport } from '../helper/contract/setup.ts';
import { helperProgram, instanceArguments, privileged, runForLines, type Instance } from './launch.ts';

/** What this machine has and lacks; the helper need not run for it. */
export async function readSetup(instance: Instance): Promise<SetupReport> {
  let text = '';
  await runForLines(helperProgram('setup', instanceArguments(instance)), (line) => {
    text += line;
  });
  return JSON.parse(text) as SetupReport;
}

/** Installs and starts what is missing, with root's rights. @throws {Error} with the program's own words. */
export async function fixSetup(
  instance: Instance,
  onProgress: (progress: SetupProgress) => void,
): Promise<void> {
  const argv = await privileged(instance, helperProgram('setup', ['--fix', ...instanceArguments(instance)]));
  await runForLines(argv, (line) => onProgress(JSON.parse(line) as SetupProgress));
}
