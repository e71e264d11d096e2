import { describe, expect, test } from 'vitest';
import {
  SERVER_ACTIONS,
  illegal,
  statesOf,
  statusOf,
  type ServerAction,
  type TaskState,
  type VmState,
} from './server-actions.ts';

const STATES: readonly VmState[] = [
  'building',
  'active',
  'paused',
  'suspended',
  'stopped',
  'rescued',
  'resized',
  'error',
  'shelved_offloaded',
];

describe('the table of legal actions', () => {
  test('as nova has it, for an unlocked server with nothing going on', () => {
    const actions = Object.keys(SERVER_ACTIONS) as ServerAction[];
    const lines = actions.map((action) => {
      const legal = STATES.filter(
        (vmState) =>
          illegal(action, { vmState, taskState: null, locked: false, launched: vmState !== 'building' }) ===
          undefined,
      );
      return `${action}: ${legal.join(' ')}`;
    });
    expect(lines).toMatchInlineSnapshot(`
      [
        "start: stopped",
        "stop: active error",
        "reboot soft: active",
        "reboot hard: active paused suspended stopped error",
        "pause: active",
        "unpause: paused",
        "suspend: active",
        "resume: suspended",
        "rebuild: active stopped error",
        "resize: active stopped",
        "confirmResize: resized",
        "revertResize: resized",
        "createImage: active paused suspended stopped",
        "createBackup: active paused suspended stopped",
        "rescue: active stopped error",
        "unrescue: rescued",
        "shelve: active paused suspended stopped",
        "shelveOffload: ",
        "unshelve: shelved_offloaded",
        "changePassword: active",
        "trigger_crash_dump: active paused rescued resized error",
        "attach_interface: active paused stopped",
        "detach_interface: active paused stopped",
        "attach_volume: active paused stopped resized shelved_offloaded",
        "detach_volume: active paused stopped resized shelved_offloaded",
        "swap_volume: active paused resized",
        "migrate: active stopped",
        "os-migrateLive: active paused",
        "evacuate: active stopped error",
        "forceDelete: building active paused suspended stopped rescued resized error shelved_offloaded",
        "restore: ",
        "get_diagnostics: active",
        "delete: building active paused suspended stopped rescued resized error shelved_offloaded",
        "update: building active paused suspended stopped rescued resized error shelved_offloaded",
        "update metadata: active paused suspended stopped",
        "update tags: active paused suspended stopped",
        "lock: building active paused suspended stopped rescued resized error shelved_offloaded",
        "unlock: building active paused suspended stopped rescued resized error shelved_offloaded",
        "reset_state: building active paused suspended stopped rescued resized error shelved_offloaded",
        "injectNetworkInfo: building active paused suspended stopped rescued resized error shelved_offloaded",
        "get_console_output: building active paused suspended stopped rescued resized error shelved_offloaded",
        "get_vnc_console: active paused rescued",
        "get_serial_console: active paused rescued",
      ]
    `);
  });

  test('a lock forbids what changes the guest', () => {
    const condition = { vmState: 'active', taskState: null, locked: true, launched: true } as const;
    const allowed = (Object.keys(SERVER_ACTIONS) as ServerAction[]).filter(
      (action) => illegal(action, condition)?.reason !== 'locked',
    );
    expect(allowed).toEqual([
      'createImage',
      'createBackup',
      'changePassword',
      'get_diagnostics',
      'update',
      'update tags',
      'lock',
      'unlock',
      'get_console_output',
      'get_vnc_console',
      'get_serial_console',
    ]);
  });

  test('while something goes on only what can bear it', () => {
    const during = (taskState: TaskState): ServerAction[] =>
      (Object.keys(SERVER_ACTIONS) as ServerAction[]).filter(
        (action) =>
          illegal(action, { vmState: 'active', taskState, locked: false, launched: true }) === undefined &&
          SERVER_ACTIONS[action].taskStates !== 'any',
      );
    expect(during('powering-off')).toEqual([]);
    expect(during('rebooting')).toEqual(['reboot hard']);
  });

  test('says why not', () => {
    const building = { vmState: 'building', taskState: 'spawning', locked: false, launched: false } as const;
    expect(illegal('stop', building)).toEqual({ reason: 'vm_state', state: 'building' });
    expect(illegal('stop', { ...building, vmState: 'active' })).toEqual({
      reason: 'task_state',
      state: 'spawning',
    });
    expect(illegal('stop', { ...building, vmState: 'error', taskState: null })).toEqual({
      reason: 'launched_at',
    });
  });
});

describe('status', () => {
  test('follows from the states, and back', () => {
    expect(statusOf('active', null)).toBe('ACTIVE');
    expect(statusOf('active', 'rebooting_hard')).toBe('HARD_REBOOT');
    expect(statusOf('building', 'spawning')).toBe('BUILD');
    expect(statesOf('shutoff')).toEqual([{ vmState: 'stopped' }]);
    expect(statesOf('REBOOT')).toEqual([{ vmState: 'active', taskStates: ['rebooting'] }]);
    expect(statesOf('NONSENSE')).toEqual([]);
  });
});
