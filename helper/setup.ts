/**
 * `node helper/setup.ts`: prints what this machine lacks as one JSON document.
 * `node helper/setup.ts --fix`: mends it (as root), printing a line of JSON for each step of progress.
 */
import { parseArguments } from './arguments.ts';
import { loadConfig } from './config.ts';
import { LinuxCommandRunner } from './host/command/linux.ts';
import { FakeSetupHost } from './host/setup/fake.ts';
import { LinuxSetupHost } from './host/setup/linux.ts';

const options = parseArguments(process.argv.slice(2));
try {
  const config = loadConfig(options.config, options.overrides);
  const setup =
    config.host === 'simulated'
      ? new FakeSetupHost()
      : new LinuxSetupHost({
          commands: new LinuxCommandRunner(),
          stateDirectory: config.stateDirectory,
          backends: config.volume.backends ?? [],
        });
  const report = await setup.check();
  if (options.fix)
    await setup.fix(report, (progress) => process.stdout.write(`${JSON.stringify(progress)}\n`));
  else process.stdout.write(`${JSON.stringify(report)}\n`);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
