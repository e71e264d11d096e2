import { conflict } from '../../errors/error.ts';
import { defineSaga, none, step, type StepContext } from '../../saga/index.ts';
import { report, type MessageAction } from '../app/report.ts';
import { deleteGroup, updateGroup, volumesOfGroups } from '../store/group.ts';
import { choosePool, readBackends } from './choose.ts';
import type { VolumeServices } from './services.ts';

export interface GroupCreateInput {
  readonly groupId: string;
  readonly projectId: string;
  readonly zone: string | null;
  /** What the back end has to be able to, by the group's type and by each of its volumes' types. */
  readonly specs: readonly { readonly [key: string]: string }[];
}

/** What went wrong with a group, for its owner. */
export function reportGroup(
  ctx: StepContext<VolumeServices>,
  group: { readonly groupId: string; readonly projectId: string },
  action: MessageAction,
  detail: string,
): void {
  report(ctx.db, {
    projectId: group.projectId,
    requestId: ctx.requestId,
    resource: 'VOLUME_GROUP',
    resourceId: group.groupId,
    action,
    detail,
    now: ctx.now(),
  });
}

/** Gives a group the back end on which all of its volumes will be. */
export const volumeGroupCreate = defineSaga<GroupCreateInput, VolumeServices>({
  name: 'volume-group-create',
  title: 'Create volume group',
  service: 'volume',
  resource: ({ groupId }) => ({ type: 'volume-group', id: groupId }),
  locks: ({ groupId }) => [`volume-group:${groupId}`],
  steps: [
    readBackends<GroupCreateInput>(),
    step({
      name: 'choose back end',
      number: 45,
      kind: 'sql',
      action: (ctx, { groupId, zone, specs: [extraSpecs = {}, ...moreSpecs] }) => {
        const { backend } = choosePool(ctx, { sizeGib: 0, zone, extraSpecs, moreSpecs });
        updateGroup(ctx.db, groupId, { backend, updated_at: ctx.now() });
      },
      undo: (ctx, { groupId }) => {
        updateGroup(ctx.db, groupId, { backend: null, updated_at: ctx.now() });
      },
    }),
  ],
  onFinished: (ctx, { groupId }) => {
    updateGroup(ctx.db, groupId, { status: 'available', updated_at: ctx.now() });
  },
  onFailed: (ctx, input, error) => {
    updateGroup(ctx.db, input.groupId, { status: 'error', updated_at: ctx.now() });
    reportGroup(ctx, input, 'create group', error.message);
  },
  onCancelled: (ctx, { groupId }) => {
    updateGroup(ctx.db, groupId, { status: 'error', updated_at: ctx.now() });
  },
});

export interface GroupDeleteInput {
  readonly groupId: string;
  readonly projectId: string;
  /** Their own deletions are queued before this one, which waits for them. */
  readonly volumes: readonly string[];
}

/** Forgets a group once its volumes are gone. */
export const volumeGroupDelete = defineSaga<GroupDeleteInput, VolumeServices>({
  name: 'volume-group-delete',
  title: 'Delete volume group',
  service: 'volume',
  cancellable: false,
  resource: ({ groupId }) => ({ type: 'volume-group', id: groupId }),
  locks: ({ groupId, volumes }) => [`volume-group:${groupId}`, ...volumes.map((id) => `volume:${id}`)],
  steps: [
    step({
      name: 'forget group',
      kind: 'sql',
      action: ({ db }, { groupId }) => {
        const left = volumesOfGroups(db, [groupId]).get(groupId) ?? [];
        if (left.length > 0)
          throw conflict(
            `Volumes of the group could not be deleted: ${left.join(', ')}. Their own messages say why; delete the group again afterwards.`,
          );
        deleteGroup(db, groupId);
      },
      undo: none('deleting only goes forward'),
    }),
  ],
  onFailed: (ctx, input, error) => {
    updateGroup(ctx.db, input.groupId, { status: 'error_deleting', updated_at: ctx.now() });
    reportGroup(ctx, input, 'delete group', error.message);
  },
});
