/** A value that a setting may have. */
export type SettingValue = string | number | boolean | null | readonly (string | number)[];

/** One setting of the helper. */
export interface Setting {
  /** As in the file, with dots: 'listener.port'. */
  readonly name: string;
  /** What it is from the next start on; null: nothing is set, and there is no default. */
  readonly value: SettingValue;
  /** What the helper works with now. */
  readonly running: SettingValue;
  readonly standard: SettingValue;
  /** 'now': a change holds at once. 'restart': from the next start on. 'fixed': not to be changed here. */
  readonly effect: 'now' | 'restart' | 'fixed';
  /** Where the value comes from; what the command line says cannot be changed in the file. */
  readonly source: 'default' | 'file' | 'command line';
}

/** GET /deskcloud/v1/settings, only over the desktop's own socket. */
export interface SettingsReport {
  /** The file that changes are written to. */
  readonly path: string;
  readonly settings: readonly Setting[];
}
