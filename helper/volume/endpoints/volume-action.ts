import type { TSchema } from 'typebox';
import { type Caller, callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import type { ResetRequest, VolumeActions } from '../app/volume-action.ts';
import type { UploadRequest } from '../app/volume-upload.ts';
import type { Migrations } from '../app/migration.ts';
import type { Overwrites } from '../app/volume-overwrite.ts';
import type { Volumes } from '../app/volume.ts';
import { isTrue } from '../schemas/common.ts';
import {
  Bootable,
  Extend,
  ForceDelete,
  MetadataShown,
  Migrate,
  MigrationCompleted,
  Readonly,
  Reimage,
  ResetStatus,
  Retype,
  Revert,
  SavedVolume,
  SetImageMetadata,
  ShowImageMetadata,
  UnsetImageMetadata,
  Upload,
  Uploaded,
} from '../schemas/volume.ts';

interface Action<Body> {
  readonly name: string;
  readonly policy: string;
  readonly body: TSchema;
  readonly response?: TSchema;
  readonly ok?: number;
  readonly min?: number;
  readonly handler: (caller: Caller, id: string, body: Body) => unknown;
}

/** POST /volumes/{volume_id}/action (api-ref: "Volume actions"). */
export function volumeActionEndpoints({
  volumes,
  actions,
  overwrites,
  migrations,
}: {
  readonly volumes: Volumes;
  readonly actions: VolumeActions;
  readonly overwrites: Overwrites;
  readonly migrations: Migrations;
}): readonly Endpoint[] {
  const action = <Body>({ name, policy, body, response, ok, min, handler }: Action<Body>): Endpoint =>
    endpoint({
      id: `volumes:${name}`,
      method: 'POST',
      path: '/volumes/{volume_id}/action',
      action: name,
      policy,
      body,
      response: response ?? 'none',
      ...(min === undefined ? {} : { min }),
      ok: ok ?? 202,
      target: ({ auth, params }) => volumes.get(auth, params.volume_id),
      handler: (context) => {
        const sent = (context.body as Record<string, Body>)[name] as Body;
        return handler(callerOf(context), context.params.volume_id, sent);
      },
    });
  return [
    action<{ new_size: string | number }>({
      name: 'os-extend',
      policy: 'volume:extend',
      body: Extend,
      handler: (caller, id, { new_size }) => actions.extend(caller, id, Number(new_size)),
    }),
    action<ResetRequest>({
      name: 'os-reset_status',
      policy: 'volume_extension:volume_admin_actions:reset_status',
      body: ResetStatus,
      handler: (caller, id, body) => actions.resetStatus(caller, id, body),
    }),
    action<{ readonly: string | boolean }>({
      name: 'os-update_readonly_flag',
      policy: 'volume:update_readonly_flag',
      body: Readonly,
      handler: (caller, id, body) => actions.setReadonly(caller, id, isTrue(body.readonly)),
    }),
    action<{ bootable: string | boolean }>({
      name: 'os-set_bootable',
      policy: 'volume:update',
      body: Bootable,
      ok: 200,
      handler: (caller, id, { bootable }) => actions.setBootable(caller, id, isTrue(bootable)),
    }),
    action<{ new_type: string; migration_policy?: string | null }>({
      name: 'os-retype',
      policy: 'volume:retype',
      body: Retype,
      handler: (caller, id, body) => actions.retype(caller, id, body.new_type, body.migration_policy),
    }),
    action<{ host?: string | null }>({
      name: 'os-migrate_volume',
      policy: 'volume_extension:volume_admin_actions:migrate_volume',
      body: Migrate,
      handler: (caller, id, { host }) => migrations.migrate(caller, id, host),
    }),
    action<{ new_volume: string; error?: string | boolean }>({
      name: 'os-migrate_volume_completion',
      policy: 'volume_extension:volume_admin_actions:migrate_volume_completion',
      body: MigrationCompleted,
      response: SavedVolume,
      handler: (caller, id, { new_volume }) => ({
        save_volume_id: migrations.complete(caller, id, new_volume),
      }),
    }),
    action<unknown>({
      name: 'os-force_delete',
      policy: 'volume_extension:volume_admin_actions:force_delete',
      body: ForceDelete,
      handler: (caller, id) => volumes.delete(caller, id, { cascade: false, force: true }),
    }),
    action<{ snapshot_id?: string | null }>({
      name: 'revert',
      policy: 'volume:revert_to_snapshot',
      min: mv('3.40'),
      body: Revert,
      handler: (caller, id, { snapshot_id }) => overwrites.revert(caller, id, snapshot_id),
    }),
    action<{ image_id: string; reimage_reserved?: string | boolean }>({
      name: 'os-reimage',
      policy: 'volume:reimage',
      min: mv('3.68'),
      body: Reimage,
      handler: (caller, id, body) =>
        overwrites.reimage(caller, id, body.image_id, isTrue(body.reimage_reserved)),
    }),
    action<UploadRequest>({
      name: 'os-volume_upload_image',
      policy: 'volume_extension:volume_actions:upload_image',
      body: Upload,
      response: Uploaded,
      handler: (caller, id, body) => ({ 'os-volume_upload_image': actions.upload(caller, id, body) }),
    }),
    action<{ metadata: Record<string, string> }>({
      name: 'os-set_image_metadata',
      policy: 'volume_extension:volume_image_metadata:set',
      body: SetImageMetadata,
      response: MetadataShown,
      ok: 200,
      handler: (caller, id, { metadata }) => actions.setImageMetadata(caller, id, metadata),
    }),
    action<{ key: string }>({
      name: 'os-unset_image_metadata',
      policy: 'volume_extension:volume_image_metadata:remove',
      body: UnsetImageMetadata,
      ok: 200,
      handler: (caller, id, { key }) => actions.unsetImageMetadata(caller, id, key),
    }),
    action<unknown>({
      name: 'os-show_image_metadata',
      policy: 'volume_extension:volume_image_metadata:show',
      body: ShowImageMetadata,
      response: MetadataShown,
      ok: 200,
      handler: (caller, id) => ({ metadata: volumes.get(caller.auth, id).image_metadata }),
    }),
  ];
}
