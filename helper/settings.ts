import { readFileSync, renameSync, statSync, writeFileSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import ipaddr from 'ipaddr.js';
import { parseDocument } from 'yaml';
import { DEFAULTS, DEFAULT_CONFIG_PATH, configOf, type Config, type ConfigOverrides } from './config.ts';
import type { Setting, SettingValue, SettingsReport } from './contract/settings.ts';
import { badRequest, conflict } from './errors/error.ts';

/** Every setting that a person may look at, and what a change of it does. */
const EFFECTS: Readonly<Record<string, Setting['effect']>> = {
  'listener.address': 'restart',
  'listener.port': 'restart',
  'listener.hostNames': 'restart',
  'listener.origins': 'restart',
  'external.bridge': 'restart',
  'external.cidr': 'restart',
  'external.hostAddress': 'restart',
  'external.masquerade': 'restart',
  'network.vniRange': 'restart',
  'identity.tokenLifetimeSeconds': 'now',
  'compute.shelvedOffloadSeconds': 'now',
  maxImageGib: 'now',
  'image.limits.image_size_total': 'now',
  'image.limits.image_count_total': 'now',
  'image.limits.image_count_uploading': 'now',
  'image.limits.image_stage_total': 'now',
  'image.importConversion': 'restart',
  'image.importOrigins': 'restart',
  'rateLimits.project.perSecond': 'restart',
  'rateLimits.project.burst': 'restart',
  'rateLimits.login.perSecond': 'restart',
  'rateLimits.login.burst': 'restart',
  'volume.backup.store': 'restart',
  'volume.backup.directory': 'restart',
  'volume.backup.compression': 'restart',
  'volume.backup.container': 'restart',
  'volume.backup.s3.endpoint': 'restart',
  'volume.backup.s3.bucket': 'restart',
  'volume.backup.s3.region': 'restart',
  'volume.backup.s3.pathStyle': 'restart',
  'volume.backup.s3.accessKeyId': 'restart',
  'volume.backup.s3.secretAccessKeyFile': 'restart',
  'volume.backup.s3.caFile': 'restart',
  'volume.backup.s3.plainHttp': 'restart',
  region: 'fixed',
  owner: 'fixed',
  host: 'fixed',
  stateDirectory: 'fixed',
  runDirectory: 'fixed',
  logDirectory: 'fixed',
  libvirtUri: 'fixed',
};

/** By the names of {@link EFFECTS}; null takes a setting back to its default. */
export type SettingChanges = Readonly<Record<string, SettingValue>>;

export interface SettingsOptions {
  /** Undefined: the default place. */
  readonly path: string | undefined;
  readonly overrides: ConfigOverrides;
  /** What the helper was started with. */
  readonly config: Config;
  /** Makes those that hold at once hold. */
  readonly apply: (config: Config) => void;
}

/** The helper's settings as they are now and in their file, and the way to change them. */
export class Settings {
  readonly #options: SettingsOptions;
  readonly #path: string;
  #running: Config;

  constructor(options: SettingsOptions) {
    this.#options = options;
    this.#path = options.path ?? DEFAULT_CONFIG_PATH;
    this.#running = options.config;
  }

  /** @throws {CloudError} badRequest when the file was made unreadable meanwhile. */
  report(): SettingsReport {
    const document = this.#document();
    const next = this.#next(document.toJS());
    return {
      path: this.#path,
      settings: Object.entries(EFFECTS).map(([name, effect]) => {
        const path = name.split('.');
        const value = valueAt(next, path);
        const inFile = document.hasIn(path);
        const given = !inFile && !same(value, valueAt(DEFAULTS, path));
        return {
          name,
          value,
          running: valueAt(this.#running, path),
          standard: valueAt(DEFAULTS, path),
          effect,
          source: this.#isOverridden(name) || given ? 'command line' : inFile ? 'file' : 'default',
        };
      }),
    };
  }

  /**
   * Writes changes into the file, with its comments left as they are, and makes those hold that can at once.
   * @throws {CloudError} badRequest that names the setting and what is wrong with it; nothing is written then.
   */
  async change(changes: SettingChanges): Promise<SettingsReport> {
    const document = this.#document();
    for (const [name, value] of Object.entries(changes)) {
      const effect = EFFECTS[name];
      if (effect === undefined) throw badRequest(`There is no setting '${name.slice(0, 80)}'.`);
      if (effect === 'fixed') throw badRequest(`${name} cannot be changed while the cloud runs.`);
      if (this.#isOverridden(name))
        throw badRequest(`${name} is given on the helper's command line, which goes before the file.`);
      const path = name.split('.');
      if (value === null) document.deleteIn(path);
      else document.setIn(path, value);
    }
    dropEmpty(document, ['image', 'limits']);
    dropEmpty(document, ['volume', 'backup', 's3']);
    dropEmpty(document, ['volume', 'backup']);
    for (const key of [
      'listener',
      'external',
      'network',
      'identity',
      'compute',
      'volume',
      'image',
      'rateLimits',
    ])
      dropEmpty(document, [key]);
    const next = this.#next(document.toJS());
    check(next);
    const { address, port } = next.listener;
    if (port !== 0 && (address !== this.#running.listener.address || port !== this.#running.listener.port))
      await expectFree(address, port);
    this.#write(document.toString());
    this.#running = Object.entries(EFFECTS).reduce(
      (config, [name, effect]) =>
        effect === 'now' ? withValue(config, name.split('.'), valueAt(next, name.split('.'))) : config,
      this.#running,
    );
    this.#options.apply(this.#running);
    return this.report();
  }

  #document() {
    let text = '';
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const document = parseDocument(text);
    if (document.errors.length > 0)
      throw badRequest(`${this.#path} is no YAML: ${document.errors[0]?.message ?? ''}. Mend it by hand.`);
    return document;
  }

  #next(file: unknown): Config {
    try {
      return configOf(file ?? {}, this.#path, this.#options.overrides);
    } catch (error) {
      throw badRequest((error as Error).message);
    }
  }

  #isOverridden(name: string): boolean {
    const { port, host, owner, directory } = this.#options.overrides;
    return (
      (name === 'listener.port' && port !== undefined) ||
      (name === 'host' && host !== undefined) ||
      (name === 'owner' && owner !== undefined) ||
      (name.endsWith('Directory') && directory !== undefined)
    );
  }

  /** All or nothing: a file that was cut short would keep the cloud from starting. */
  #write(text: string): void {
    const mode = statSync(this.#path, { throwIfNoEntry: false })?.mode ?? 0o644;
    try {
      mkdirSync(dirname(this.#path), { recursive: true });
      writeFileSync(`${this.#path}.new`, text === '{}\n' ? '' : text, { mode: mode & 0o777 });
      renameSync(`${this.#path}.new`, this.#path);
    } catch (error) {
      throw conflict(`${this.#path} cannot be written: ${(error as Error).message}`);
    }
  }
}

type Document = ReturnType<typeof parseDocument>;

/** Takes a map without entries out, so that taking a setting back leaves nothing. */
function dropEmpty(document: Document, path: readonly string[]): void {
  const node = document.getIn(path) as { readonly items?: readonly unknown[] } | undefined;
  if (node?.items?.length === 0) document.deleteIn(path);
}

function valueAt(config: object, path: readonly string[]): SettingValue {
  let value: unknown = config;
  for (const key of path)
    value = (value as Record<string, unknown> | null | undefined | false)?.[key as never];
  return (value ?? null) as SettingValue;
}

function withValue(config: Config, [key = '', ...rest]: readonly string[], value: SettingValue): Config {
  const before = (config as unknown as Record<string, object | undefined>)[key];
  const after = rest.length === 0 ? value : withValue((before ?? {}) as Config, rest, value);
  const copy: Record<string, unknown> = { ...config, [key]: after };
  if (after === null) delete copy[key];
  return copy as unknown as Config;
}

const same = (a: SettingValue, b: SettingValue): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What a schema cannot say. @throws {CloudError} badRequest */
function check({ external, network }: Config): void {
  const [address, bits] = ipaddr.parseCIDR(external.cidr);
  const host = ipaddr.parse(external.hostAddress);
  if (address.kind() !== 'ipv4')
    throw badRequest('external.cidr must be IPv4; routers translate to IPv4 addresses.');
  if (bits > 29) throw badRequest('external.cidr is too small: it needs room for routers and floating IPs.');
  if (!host.match([address, bits] as never))
    throw badRequest(
      `external.hostAddress ${external.hostAddress} is not in external.cidr ${external.cidr}.`,
    );
  if (network.vniRange[0] > network.vniRange[1]) throw badRequest('network.vniRange ends before it begins.');
}

/** @throws {CloudError} conflict when the cloud could not listen there after its next start. */
function expectFree(address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', ({ code }: NodeJS.ErrnoException) => {
      reject(
        conflict(
          code === 'EADDRINUSE'
            ? `Port ${port} on ${address} is taken by another program; choose another one.`
            : `The cloud could not listen on ${address}, port ${port} (${code ?? 'unknown'}).`,
        ),
      );
    });
    probe.listen(port, address, () => probe.close(() => resolve()));
  });
}
