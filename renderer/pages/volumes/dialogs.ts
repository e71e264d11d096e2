/** What is asked of a person before a volume is told to do it; each in VolumeDialogs.svelte. */
export const DIALOGS = [
  'extend',
  'snapshot',
  'upload',
  'retype',
  'transfer',
  'edit',
  'reimage',
  'resetState',
] as const;

export type VolumeDialog = (typeof DIALOGS)[number];
