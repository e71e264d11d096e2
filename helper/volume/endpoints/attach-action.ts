import { randomUUID } from 'node:crypto';
import type { TSchema } from 'typebox';
import { transaction } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import { endpoint, type Endpoint } from '../../http/index.ts';
import type { Attachments } from '../app/attachment.ts';
import type { VolumeContext } from '../app/context.ts';
import type { Volumes } from '../app/volume.ts';
import {
  Attach,
  BeginDetaching,
  Detach,
  ForceDetach,
  Reserve,
  RollDetaching,
  Unreserve,
} from '../schemas/attachment.ts';
import { updateVolume, type Volume } from '../store/volume.ts';

/** What an action's body may say; its schema has said what it must. */
interface Body {
  readonly instance_uuid?: string | null;
  readonly host_name?: string | null;
  readonly mountpoint?: string;
  readonly mode?: 'rw' | 'ro';
  readonly attachment_id?: string | null;
}

/** What compute services said before there were attachments; for clients that use volumes on hosts of their own. */
export function attachActionEndpoints(
  { db, now }: Pick<VolumeContext, 'db' | 'now'>,
  volumes: Volumes,
  attachments: Attachments,
): readonly Endpoint[] {
  const action = (
    name: string,
    policy: string,
    body: TSchema,
    work: (volume: Volume, body: Body | null, auth: Parameters<Volumes['get']>[0]) => void,
  ): Endpoint =>
    endpoint({
      id: `volumes:${name}`,
      method: 'POST',
      path: '/volumes/{volume_id}/action',
      action: name,
      policy: `volume_extension:${policy}`,
      body,
      response: 'none',
      ok: 202,
      target: ({ auth, params }) => volumes.get(auth, params.volume_id),
      handler: (context) =>
        transaction(db, () => {
          const volume = volumes.get(context.auth, context.params.volume_id);
          work(volume, (context.body as Record<string, Body | null>)[name] ?? null, context.auth);
        }),
    });
  const move = (volume: Volume, from: string, to: string, words?: string): void => {
    if (volume.status === from) {
      updateVolume(db, volume.id, { status: to, updated_at: now() });
      return;
    }
    if (words !== undefined) throw badRequest(`Invalid volume: ${words}`);
  };
  const detach = (volume: Volume, body: Body | null): void => {
    const asked = body?.attachment_id ?? undefined;
    const found = volume.attachments.filter((one) => asked === undefined || one.id === asked);
    if (found.length > 1)
      throw badRequest(
        'Invalid volume: Detach volume failed: More than one attachment, but no attachment_id provided.',
      );
    const [only] = found;
    if (only === undefined) {
      if (asked !== undefined)
        throw badRequest(`Error detaching volume - VolumeAttachmentNotFound: ${asked}`);
      move(volume, 'detaching', 'available');
      return;
    }
    attachments.refuseServers(only);
    attachments.release(only.id);
  };
  return [
    action('os-attach', 'volume_actions:attach', Attach, (volume, body, auth) => {
      if (volume.readonly === 1 && body?.mode !== 'ro')
        throw badRequest(`Invalid attaching mode '${body?.mode ?? 'rw'}' for volume ${volume.id}.`);
      // What was reserved is for who attaches now.
      move(volume, 'attaching', 'available');
      const id = randomUUID();
      attachments.reserve(auth, {
        id,
        volumeId: volume.id,
        serverId: body?.instance_uuid ?? null,
        ...(body?.mode === undefined ? {} : { mode: body.mode }),
      });
      attachments.connect(id, { host: body?.host_name ?? null, mountpoint: body?.mountpoint ?? null });
      attachments.complete(id);
    }),
    action('os-detach', 'volume_actions:detach', Detach, detach),
    action('os-force_detach', 'volume_admin_actions:force_detach', ForceDetach, detach),
    action('os-reserve', 'volume_actions:reserve', Reserve, (volume) =>
      move(
        volume,
        'available',
        'attaching',
        `Volume status must be available to reserve, but the status is ${volume.status}.`,
      ),
    ),
    action('os-unreserve', 'volume_actions:unreserve', Unreserve, (volume) => {
      if (volume.attachments.length === 0) move(volume, 'attaching', 'available');
    }),
    action('os-begin_detaching', 'volume_actions:begin_detaching', BeginDetaching, (volume) => {
      for (const one of volume.attachments) attachments.refuseServers(one);
      move(
        volume,
        'in-use',
        'detaching',
        "Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach.",
      );
    }),
    action('os-roll_detaching', 'volume_actions:roll_detaching', RollDetaching, (volume) => {
      for (const one of volume.attachments) attachments.refuseServers(one);
      move(volume, 'detaching', 'in-use');
    }),
  ];
}
