import { session } from '../../cloud/session.svelte.ts';
import type { Port } from '../../cloud/types.ts';
import { NEW } from './trunk.ts';

/** The id of the chosen port, which is made first where it has to be. @throws {ApiError} */
export async function portOf(choice: string, name: string): Promise<string> {
  if (!choice.startsWith(NEW)) return choice;
  const { port } = await session.api.post<{ port: Port }>('network', '/ports', {
    port: { network_id: choice.slice(NEW.length), name },
  });
  return port.id;
}
