import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { HelperError } from '../helper-client.ts';
import { isKnownAsSimulated, typed, type Instance } from '../launch.ts';
import { check } from './commands/check.ts';
import { demo } from './commands/demo.ts';
import { env } from './commands/env.ts';
import { helper } from './commands/helper.ts';
import { getImage, listImages } from './commands/image.ts';
import { reset, uninstall } from './commands/remove.ts';
import { down, status, up } from './commands/run.ts';
import { trace } from './commands/trace.ts';
import { start } from './commands/window.ts';
import { version } from '../version.ts';

/** @throws {InvalidArgumentError} for what is no TCP port; 0 takes a free one. */
function port(text: string): number {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (number <= 65_535) return number;
  throw new InvalidArgumentError('A port is a number from 1 to 65535, or 0 for a free one.');
}

// Who reads only the beginning ('| head', 'q' in a pager) has seen enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const program = new Command('deskcloud')
  .description('An OpenStack cloud on this machine.')
  .version(version())
  .option('--directory <path>', 'an instance of its own, with everything below this directory')
  .option('--config <file>', "the helper's settings (default /etc/deskcloud/deskcloud.yaml)")
  .option('--port <number>', 'port of the OpenStack APIs on 127.0.0.1', port)
  .addOption(
    new Option('--host <kind>', "'simulated' makes no guest and no device").choices(['linux', 'simulated']),
  )
  .showHelpAfterError(`${typed(undefined, '--help')} shows what there is.`)
  .configureHelp({ showGlobalOptions: true })
  .enablePositionalOptions(false);

/** The instance that the command line names. */
function instance(): Instance {
  const options = program.opts<{ directory?: string; config?: string; port?: number; host?: string }>();
  const directory = options.directory === undefined ? undefined : resolve(options.directory);
  return {
    directory,
    config: options.config === undefined ? undefined : resolve(options.config),
    port: options.port,
    simulated: options.host === undefined ? isKnownAsSimulated(directory) : options.host === 'simulated',
  };
}

program
  .command('start [link]')
  .description('open the window, or bring it forward, at a link when one is given')
  .option('--browser', 'print an address for any browser instead')
  .option('--window-port <number>', 'port of the window itself in a browser', port)
  .action((link: string | undefined, o: { browser?: boolean; windowPort?: number }) =>
    start(instance(), link, o),
  );
program
  .command('open <link>')
  .description('show the page of a link: deskcloud://server/<id>')
  .action((link: string) => start(instance(), link, {}));
program
  .command('up')
  .description('start the cloud as it was')
  .option('-y, --yes', 'do not ask before installing')
  .action((o: { yes?: boolean }) => up(instance(), o.yes === true));
program
  .command('down')
  .description('stop the cloud: guests are shut down, its state stays')
  .option('--keep-guests', 'end only the helper; guests and their network go on')
  .action((o: { keepGuests?: boolean }) => down(instance(), o.keepGuests === true));
program
  .command('status')
  .description('what is running')
  .option('--json', 'for programs')
  .action((o: { json?: boolean }) => status(instance(), o.json === true));
program
  .command('demo')
  .description('make the demo cloud, with a guest that answers SSH')
  .option('-y, --yes', 'do not ask before installing')
  .option('--down', 'take the cloud away')
  .action((o: { yes?: boolean; down?: boolean }) =>
    demo(instance(), { yes: o.yes === true, down: o.down === true }),
  );
program
  .command('check')
  .description('find what this machine lacks')
  .option('--fix', 'install and start what is missing')
  .option('-y, --yes', 'do not ask before installing')
  .action((o: { fix?: boolean; yes?: boolean }) =>
    check(instance(), { fix: o.fix === true, yes: o.yes === true }),
  );
program
  .command('trace <server-or-operation>')
  .description('the recorded steps of an operation, or of all operations of a server (id or name)')
  .option('--json', 'for programs')
  .option('--full', 'whole texts instead of their first lines')
  .action((id: string, o: { json?: boolean; full?: boolean }) =>
    trace(instance(), id, { json: o.json === true, full: o.full === true }),
  );
program
  .command('env')
  .description("print OS_* exports for the desktop user's administrator")
  .action(() => env(instance()));
program
  .command('helper')
  .description('run the helper in the foreground')
  .action(() => helper(instance()));
const image = program.command('image').description("vendors' cloud images for download");
image.command('list').description('what there is').action(listImages);
image
  .command('get <id>')
  .description('download one, verify it and put it into the cloud')
  .action((id: string) => getImage(instance(), id));
program
  .command('reset')
  .description('delete everything in the cloud and start anew')
  .option('-y, --yes', 'do not ask')
  .action((o: { yes?: boolean }) => reset(instance(), o.yes === true));
program
  .command('uninstall')
  .description('take away the cloud and everything of it on this machine')
  .option('-y, --yes', 'do not ask')
  .action((o: { yes?: boolean }) => uninstall(instance(), o.yes === true));

try {
  await program.parseAsync();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const remedy =
    error instanceof HelperError && error.status === 0 ? ` Start it with: ${typed(instance(), 'up')}` : '';
  process.stderr.write(`deskcloud: ${message}${remedy}\n`);
  process.exitCode = 1;
}
