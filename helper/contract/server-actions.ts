/**
 * Which action is legal in which state of a server: the one table that the compute API checks and the window's
 * buttons read. States are nova's (nova/compute/vm_states.py, task_states.py), and so is what they allow
 * (the state checks of nova/compute/api.py).
 */

export type VmState =
  | 'building'
  | 'active'
  | 'paused'
  | 'suspended'
  | 'stopped'
  | 'rescued'
  | 'resized'
  | 'error'
  | 'shelved'
  | 'shelved_offloaded'
  | 'soft-delete'
  | 'deleted';

/** What is being done to a server at the moment; null when nothing is. */
export type TaskState =
  | 'scheduling'
  | 'networking'
  | 'block_device_mapping'
  | 'spawning'
  | 'deleting'
  | 'powering-off'
  | 'powering-on'
  | 'rebooting'
  | 'rebooting_hard'
  | 'pausing'
  | 'unpausing'
  | 'suspending'
  | 'resuming'
  | 'rebuilding'
  | 'resize_prep'
  | 'resize_migrating'
  | 'resize_finish'
  | 'resize_reverting'
  | 'image_snapshot_pending'
  | 'image_uploading'
  | 'image_backup'
  | 'rescuing'
  | 'unrescuing'
  | 'shelving'
  | 'shelving_image_uploading'
  | 'shelving_offloading'
  | 'unshelving'
  | 'updating_password';

/** Names as nova has them in its messages; the UI's buttons use the same. */
export type ServerAction =
  | 'start'
  | 'stop'
  | 'reboot soft'
  | 'reboot hard'
  | 'pause'
  | 'unpause'
  | 'suspend'
  | 'resume'
  | 'rebuild'
  | 'resize'
  | 'confirmResize'
  | 'revertResize'
  | 'createImage'
  | 'createBackup'
  | 'rescue'
  | 'unrescue'
  | 'shelve'
  | 'shelveOffload'
  | 'unshelve'
  | 'changePassword'
  | 'trigger_crash_dump'
  | 'attach_interface'
  | 'detach_interface'
  | 'attach_volume'
  | 'detach_volume'
  | 'swap_volume'
  | 'migrate'
  | 'os-migrateLive'
  | 'evacuate'
  | 'forceDelete'
  | 'restore'
  | 'get_diagnostics'
  | 'delete'
  | 'update'
  | 'update metadata'
  | 'update tags'
  | 'lock'
  | 'unlock'
  | 'reset_state'
  | 'injectNetworkInfo'
  | 'get_console_output'
  | 'get_vnc_console'
  | 'get_serial_console';

/** What the table looks at. */
export interface ServerCondition {
  readonly vmState: VmState;
  readonly taskState: TaskState | null;
  readonly locked: boolean;
  /** The guest has run at least once. */
  readonly launched: boolean;
}

export interface ActionRule {
  /** Legal in these states; 'any' in all. */
  readonly vmStates: readonly VmState[] | 'any';
  /** Legal while this is going on; by default only when nothing is. 'any': always. */
  readonly taskStates?: readonly (TaskState | null)[] | 'any';
  /** The guest must have run once. */
  readonly launched?: boolean;
  /** A lock on the server forbids it (to all but who may override). */
  readonly lockable: boolean;
}

export const SERVER_ACTIONS: Readonly<Record<ServerAction, ActionRule>> = {
  start: { vmStates: ['stopped'], launched: true, lockable: true },
  stop: { vmStates: ['active', 'error'], launched: true, lockable: true },
  'reboot soft': { vmStates: ['active'], launched: true, lockable: true },
  'reboot hard': {
    vmStates: ['active', 'stopped', 'paused', 'suspended', 'error'],
    taskStates: [null, 'rebooting', 'rebooting_hard', 'resuming', 'unpausing', 'pausing', 'suspending'],
    launched: true,
    lockable: true,
  },
  pause: { vmStates: ['active'], launched: true, lockable: true },
  unpause: { vmStates: ['paused'], launched: true, lockable: true },
  suspend: { vmStates: ['active'], launched: true, lockable: true },
  resume: { vmStates: ['suspended'], launched: true, lockable: true },
  rebuild: { vmStates: ['active', 'stopped', 'error'], lockable: true },
  resize: { vmStates: ['active', 'stopped'], launched: true, lockable: true },
  confirmResize: { vmStates: ['resized'], launched: true, lockable: true },
  revertResize: { vmStates: ['resized'], launched: true, lockable: true },
  createImage: { vmStates: ['active', 'stopped', 'paused', 'suspended'], launched: true, lockable: false },
  createBackup: { vmStates: ['active', 'stopped', 'paused', 'suspended'], launched: true, lockable: false },
  rescue: { vmStates: ['active', 'stopped', 'error'], launched: true, lockable: true },
  unrescue: { vmStates: ['rescued'], launched: true, lockable: true },
  shelve: { vmStates: ['active', 'stopped', 'paused', 'suspended'], launched: true, lockable: true },
  shelveOffload: { vmStates: ['shelved'], launched: true, lockable: true },
  unshelve: { vmStates: ['shelved', 'shelved_offloaded'], launched: true, lockable: true },
  changePassword: { vmStates: ['active'], launched: true, lockable: false },
  trigger_crash_dump: {
    vmStates: ['active', 'paused', 'rescued', 'resized', 'error'],
    launched: true,
    lockable: true,
  },
  attach_interface: { vmStates: ['active', 'paused', 'stopped'], launched: true, lockable: true },
  detach_interface: { vmStates: ['active', 'paused', 'stopped'], launched: true, lockable: true },
  attach_volume: {
    vmStates: ['active', 'paused', 'stopped', 'resized', 'shelved', 'shelved_offloaded'],
    launched: true,
    lockable: true,
  },
  detach_volume: {
    vmStates: ['active', 'paused', 'stopped', 'resized', 'shelved', 'shelved_offloaded'],
    launched: true,
    lockable: true,
  },
  swap_volume: { vmStates: ['active', 'paused', 'resized'], launched: true, lockable: true },
  migrate: { vmStates: ['active', 'stopped'], launched: true, lockable: true },
  'os-migrateLive': { vmStates: ['active', 'paused'], launched: true, lockable: true },
  evacuate: { vmStates: ['active', 'stopped', 'error'], launched: true, lockable: true },
  forceDelete: { vmStates: 'any', taskStates: 'any', lockable: true },
  // Deleted is deleted here: nothing is kept to be restored (upstream's reclaim_instance_interval of 0).
  restore: { vmStates: ['soft-delete'], launched: true, lockable: true },
  get_diagnostics: { vmStates: ['active'], taskStates: 'any', launched: true, lockable: false },
  delete: { vmStates: 'any', taskStates: 'any', lockable: true },
  update: { vmStates: 'any', taskStates: 'any', lockable: false },
  'update metadata': {
    vmStates: ['active', 'paused', 'suspended', 'stopped'],
    taskStates: 'any',
    launched: true,
    lockable: true,
  },
  'update tags': {
    vmStates: ['active', 'paused', 'suspended', 'stopped'],
    taskStates: 'any',
    lockable: false,
  },
  lock: { vmStates: 'any', taskStates: 'any', lockable: false },
  unlock: { vmStates: 'any', taskStates: 'any', lockable: false },
  reset_state: { vmStates: 'any', taskStates: 'any', lockable: true },
  injectNetworkInfo: { vmStates: 'any', taskStates: 'any', lockable: true },
  get_console_output: { vmStates: 'any', taskStates: 'any', lockable: false },
  get_vnc_console: { vmStates: ['active', 'paused', 'rescued'], taskStates: 'any', lockable: false },
  get_serial_console: { vmStates: ['active', 'paused', 'rescued'], taskStates: 'any', lockable: false },
};

/** Why an action is not legal. */
export type Illegal =
  | { readonly reason: 'locked' }
  | { readonly reason: 'vm_state'; readonly state: VmState }
  | { readonly reason: 'task_state'; readonly state: TaskState | null }
  | { readonly reason: 'launched_at' };

/** Undefined when the action is legal. */
export function illegal(action: ServerAction, server: ServerCondition): Illegal | undefined {
  const rule = SERVER_ACTIONS[action];
  if (rule.lockable && server.locked) return { reason: 'locked' };
  if (rule.vmStates !== 'any' && !rule.vmStates.includes(server.vmState))
    return { reason: 'vm_state', state: server.vmState };
  const tasks = rule.taskStates ?? [null];
  if (tasks !== 'any' && !tasks.includes(server.taskState))
    return { reason: 'task_state', state: server.taskState };
  if (rule.launched === true && !server.launched) return { reason: 'launched_at' };
  return undefined;
}

export type ServerStatus =
  | 'ACTIVE'
  | 'BUILD'
  | 'DELETED'
  | 'ERROR'
  | 'HARD_REBOOT'
  | 'PASSWORD'
  | 'PAUSED'
  | 'REBOOT'
  | 'REBUILD'
  | 'RESCUE'
  | 'RESIZE'
  | 'REVERT_RESIZE'
  | 'SHELVED'
  | 'SHELVED_OFFLOADED'
  | 'SHUTOFF'
  | 'SOFT_DELETED'
  | 'SUSPENDED'
  | 'VERIFY_RESIZE';

const STATUS: Readonly<Record<VmState, ServerStatus>> = {
  building: 'BUILD',
  active: 'ACTIVE',
  paused: 'PAUSED',
  suspended: 'SUSPENDED',
  stopped: 'SHUTOFF',
  rescued: 'RESCUE',
  resized: 'VERIFY_RESIZE',
  error: 'ERROR',
  shelved: 'SHELVED',
  shelved_offloaded: 'SHELVED_OFFLOADED',
  'soft-delete': 'SOFT_DELETED',
  deleted: 'DELETED',
};

/** Where a server's task shows in its status. */
const TASK_STATUS: Partial<Record<VmState, Partial<Record<TaskState, ServerStatus>>>> = (() => {
  const resize = { resize_prep: 'RESIZE', resize_migrating: 'RESIZE', resize_finish: 'RESIZE' } as const;
  const rebuild = { rebuilding: 'REBUILD' } as const;
  return {
    active: {
      rebooting: 'REBOOT',
      rebooting_hard: 'HARD_REBOOT',
      updating_password: 'PASSWORD',
      ...rebuild,
      ...resize,
    },
    stopped: { ...rebuild, ...resize },
    error: rebuild,
    resized: { resize_reverting: 'REVERT_RESIZE' },
  };
})();

/** `status` of a server as the API shows it. */
export function statusOf(vmState: VmState, taskState: TaskState | null): ServerStatus {
  const special = taskState === null ? undefined : TASK_STATUS[vmState]?.[taskState];
  return special ?? STATUS[vmState];
}

/**
 * The states behind a status, for filters: none for a status that there is not. `taskStates` is undefined where any
 * task will do (as upstream: ACTIVE also finds servers that are being rebooted).
 */
export function statesOf(
  status: string,
): readonly { readonly vmState: VmState; readonly taskStates?: readonly TaskState[] }[] {
  const wanted = status.toUpperCase();
  const plain = (Object.keys(STATUS) as VmState[]).find((state) => STATUS[state] === wanted);
  if (plain !== undefined) return [{ vmState: plain }];
  return (Object.keys(TASK_STATUS) as VmState[]).flatMap((vmState) => {
    const tasks = TASK_STATUS[vmState] ?? {};
    const taskStates = (Object.keys(tasks) as TaskState[]).filter((task) => tasks[task] === wanted);
    return taskStates.length === 0 ? [] : [{ vmState, taskStates }];
  });
}
