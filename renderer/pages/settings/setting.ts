import type { Setting, SettingValue } from '../../../helper/contract/settings.ts';

/** How a setting is shown and typed. */
export type Control = 'text' | 'number' | 'switch' | 'lines' | 'range' | 'conversion';

const CONTROLS: Readonly<Record<string, Control>> = {
  'listener.hostNames': 'lines',
  'listener.origins': 'lines',
  'image.importOrigins': 'lines',
  'network.vniRange': 'range',
  'external.masquerade': 'switch',
  'image.importConversion': 'conversion',
  'listener.address': 'text',
  'external.bridge': 'text',
  'external.cidr': 'text',
  'external.hostAddress': 'text',
  'volume.backup.store': 'text',
  'volume.backup.directory': 'text',
  'volume.backup.compression': 'text',
  'volume.backup.container': 'text',
  'volume.backup.s3.endpoint': 'text',
  'volume.backup.s3.bucket': 'text',
  'volume.backup.s3.region': 'text',
  'volume.backup.s3.pathStyle': 'switch',
  'volume.backup.s3.accessKeyId': 'text',
  'volume.backup.s3.secretAccessKeyFile': 'text',
  'volume.backup.s3.caFile': 'text',
  'volume.backup.s3.plainHttp': 'switch',
};

export const controlOf = (setting: Setting): Control =>
  CONTROLS[setting.name] ?? (setting.effect === 'fixed' ? 'text' : 'number');

/** Which settings stand together, in their order. */
export const GROUPS = {
  listener: ['listener.'],
  external: ['external.'],
  network: ['network.'],
  image: ['maxImageGib', 'image.'],
  backup: ['volume.backup.'],
  limits: ['identity.', 'compute.'],
  rate: ['rateLimits.'],
  fixed: ['region', 'owner', 'host', 'stateDirectory', 'runDirectory', 'logDirectory', 'libvirtUri'],
} as const;
export type Group = keyof typeof GROUPS;

export const inGroup = (group: Group, name: string): boolean =>
  GROUPS[group].some((one) => (one.endsWith('.') ? name.startsWith(one) : name === one));

/** A value as a person types it. */
export function textOf(value: SettingValue, control: Control): string {
  if (value === null) return '';
  if (control === 'range' && Array.isArray(value)) return value.join('-');
  if (Array.isArray(value)) return value.join('\n');
  return String(value);
}

/** What was typed as a value; undefined for what is none. Nothing at all takes the setting back to its default. */
export function valueOf(text: string, control: Control): SettingValue | undefined {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  switch (control) {
    case 'number':
      return Number.isFinite(Number(trimmed)) ? Number(trimmed) : undefined;
    case 'switch':
      return trimmed === 'true';
    case 'lines':
      return trimmed
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '');
    case 'range': {
      const found = /^(\d+)\s*[-–]\s*(\d+)$/.exec(trimmed);
      return found === null ? undefined : [Number(found[1]), Number(found[2])];
    }
    case 'text':
    case 'conversion':
      return trimmed;
  }
}

export const sameValue = (a: SettingValue, b: SettingValue): boolean =>
  JSON.stringify(a) === JSON.stringify(b);
