/** `npm start`: opens Deskcloud's window. Also run by `deskcloud start`, where it is installed. */
import { openDeskcloud } from './open.ts';
import { parseShellArguments } from './shell-arguments.ts';

await openDeskcloud(parseShellArguments(process.argv.slice(2)));
