import { badRequest } from '../../errors/error.ts';
import { type Caller, mv } from '../../http/index.ts';
import { Secret } from '../../secret.ts';
import type { ComputeDeps } from '../deps.ts';
import { isStable, unsupportedRescue } from '../sagas/domain-disks.ts';
import { serverRescue, serverUnrescue } from '../sagas/server-rescue.ts';
import { setAdminPassword } from '../store/server-change.ts';
import { POWER } from '../store/server-row.ts';
import { beginAction, freshServer } from './begin-action.ts';
import { checkImage } from './image-check.ts';
import { asBadRequest, generatePassword } from './server-create.ts';
import { requireLegal } from './server-state.ts';
import type { ServerTarget } from './server.ts';

export interface RescueRequest {
  readonly adminPass?: string;
  readonly rescue_image_ref?: string;
}

/** rescue and unrescue. */
export class ServerRescues {
  readonly #deps: ComputeDeps;

  constructor(deps: ComputeDeps) {
    this.#deps = deps;
  }

  /**
   * Boots the server from another image, or its own where none is named.
   * @returns the administrator's password for the rescue.
   * @throws {CloudError} conflict; badRequest for an image that cannot be had or used.
   */
  rescue(caller: Caller, target: ServerTarget, request: RescueRequest): string {
    const { db, image: images } = this.#deps;
    requireLegal('rescue', freshServer(this.#deps, target.row.id), caller.auth);
    const { id, volume_backed: onVolume } = target.row;
    const notRescuable = (why: string) => badRequest(`Instance ${id} cannot be rescued: ${why}`);
    if (onVolume === 1 && caller.version < mv('2.87'))
      throw notRescuable('Cannot rescue a volume-backed instance');
    const imageId = request.rescue_image_ref ?? target.row.image_id;
    if (imageId === null) throw notRescuable('it has no image; name one.');
    const image = asBadRequest(
      () => images.get(db, caller.auth, imageId),
      `Requested rescue image '${imageId}' is not supported`,
    );
    checkImage(image);
    if (image.properties['block_device_mapping'] !== undefined)
      throw badRequest(`Requested rescue image '${imageId}' is not supported`);
    const problem = unsupportedRescue(image.properties);
    if (problem !== undefined) throw badRequest(problem);
    if (onVolume === 1 && !isStable(image.properties))
      throw notRescuable(
        'Cannot rescue a volume-backed instance with an image that has no hw_rescue_device or hw_rescue_bus property',
      );
    const password = request.adminPass ?? generatePassword();
    beginAction(this.#deps, caller, target.row.id, {
      action: 'rescue',
      task: 'rescuing',
      saga: serverRescue,
      input: (row) => {
        setAdminPassword(db, row.id, new Secret(password));
        return {
          serverId: row.id,
          imageId: image.id,
          properties: JSON.stringify(image.properties),
          ran: row.power_state === POWER.running,
        };
      },
    });
    return password;
  }

  unrescue(caller: Caller, target: ServerTarget): void {
    beginAction(this.#deps, caller, target.row.id, {
      action: 'unrescue',
      task: 'unrescuing',
      saga: serverUnrescue,
      input: (row) => ({ serverId: row.id }),
    });
  }
}
