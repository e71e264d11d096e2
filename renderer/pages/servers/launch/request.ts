/** What a person chose on the launch page, and the request that it makes of compute. */
import { devicesOf, type BlockDevice, type BootValues, type DiskChoice } from './boot.ts';

export interface NicChoice {
  readonly kind: 'network' | 'port';
  /** Of the network, or of the port. */
  readonly id: string;
  /** '' where the network chooses one. */
  readonly fixedIp: string;
}

export interface LaunchValues {
  name: string;
  count: number;
  imageId: string;
  boot: BootValues;
  /** More volumes, in the order of the guest's disks. */
  disks: readonly DiskChoice[];
  flavorId: string;
  /** In the order of the guest's cards. */
  nics: readonly NicChoice[];
  /** By name. */
  securityGroups: readonly string[];
  keyName: string;
  userData: string;
  description: string;
  /** Lines of 'key=value'. */
  metadata: string;
  /** Between commas. */
  tags: string;
  zone: string;
  /** Within the zone; '' where the scheduler chooses. */
  host: string;
  groupId: string;
  differentHost: readonly string[];
  sameHost: readonly string[];
  configDrive: boolean;
  adminPass: string;
}

/** The body of POST /servers, as far as this page fills it. */
export interface LaunchRequest {
  readonly server: {
    readonly name: string;
    /** Absent where it starts from a volume. */
    readonly imageRef?: string;
    readonly block_device_mapping_v2?: readonly BlockDevice[];
    readonly flavorRef: string;
    readonly networks: 'none' | readonly LaunchNetwork[];
    readonly security_groups?: readonly { readonly name: string }[];
    readonly key_name?: string;
    /** base64 */
    readonly user_data?: string;
    readonly description?: string;
    readonly metadata?: Readonly<Record<string, string>>;
    readonly tags?: readonly string[];
    readonly availability_zone?: string;
    readonly config_drive?: true;
    readonly adminPass?: string;
    readonly min_count?: number;
    readonly max_count?: number;
  };
  readonly 'os:scheduler_hints'?: {
    readonly group?: string;
    readonly different_host?: readonly string[];
    readonly same_host?: readonly string[];
  };
}

export type LaunchNetwork = { readonly port: string } | { readonly uuid: string; readonly fixed_ip?: string };

/** The pairs of lines of 'key=value'; undefined where a line is none. */
export function pairsOf(text: string): Readonly<Record<string, string>> | undefined {
  const pairs: Record<string, string> = {};
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const at = line.indexOf('=');
    const key = line.slice(0, at).trim();
    if (at < 1 || !/^[a-zA-Z0-9-_:. ]{1,255}$/.test(key)) return undefined;
    pairs[key] = line.slice(at + 1).trim();
  }
  return pairs;
}

export const tagsOf = (text: string): readonly string[] => [
  ...new Set(
    text
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== ''),
  ),
];

/** base64 of a text's UTF-8. */
export function base64Of(text: string): string {
  let bytes = '';
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}

export function requestOf(values: LaunchValues): LaunchRequest {
  const { groupId, differentHost, sameHost } = values;
  const metadata = pairsOf(values.metadata) ?? {};
  const tags = tagsOf(values.tags);
  const zone = values.host === '' ? values.zone : `${values.zone}:${values.host}`;
  const devices = devicesOf(values.imageId, values.boot, values.disks);
  const hints = {
    ...(groupId === '' ? {} : { group: groupId }),
    ...(differentHost.length === 0 ? {} : { different_host: differentHost }),
    ...(sameHost.length === 0 ? {} : { same_host: sameHost }),
  };
  return {
    server: {
      name: values.name,
      ...(values.boot.from === 'image' ? { imageRef: values.imageId } : {}),
      flavorRef: values.flavorId,
      networks:
        values.nics.length === 0
          ? 'none'
          : values.nics.map(({ kind, id, fixedIp }) =>
              kind === 'port' ? { port: id } : { uuid: id, ...(fixedIp === '' ? {} : { fixed_ip: fixedIp }) },
            ),
      ...(values.securityGroups.length === 0 || values.nics.every(({ kind }) => kind === 'port')
        ? {}
        : { security_groups: values.securityGroups.map((name) => ({ name })) }),
      ...(values.keyName === '' ? {} : { key_name: values.keyName }),
      ...(values.userData === '' ? {} : { user_data: base64Of(values.userData) }),
      ...(values.description === '' ? {} : { description: values.description }),
      ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
      ...(tags.length === 0 ? {} : { tags }),
      ...(zone === '' ? {} : { availability_zone: zone }),
      ...(values.configDrive ? { config_drive: true as const } : {}),
      ...(values.adminPass === '' ? {} : { adminPass: values.adminPass }),
      ...(devices.length === 0 ? {} : { block_device_mapping_v2: devices }),
      ...(values.count === 1 ? {} : { min_count: values.count, max_count: values.count }),
    },
    ...(Object.keys(hints).length === 0 ? {} : { 'os:scheduler_hints': hints }),
  };
}

/** The first of 'server-1', 'server-2' ... that is not taken. */
export function freeName(base: string, taken: ReadonlySet<string>): string {
  for (let at = 1; ; at += 1) {
    const name = `${base}-${at}`;
    if (!taken.has(name)) return name;
  }
}
