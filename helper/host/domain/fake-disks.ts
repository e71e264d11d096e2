import { FakeDiskHost } from '../disk/fake.ts';
import { keysOf, keysOfCopy } from './fake-secrets.ts';
import type { FakeDomainHostOptions } from './fake-options.ts';
import { DomainHostError, fileOf, type DomainDisk, type DomainHost, type DomainSpec } from './interface.ts';

/** The disks of simulated guests: files that are really copied and grown, and specs that say which ones. */
export class FakeDomainDisks {
  readonly #options: Pick<FakeDomainHostOptions, 'secrets' | 'unitOf'>;
  readonly #files = new FakeDiskHost();
  /** Paths of complete copies, by domain and target. */
  readonly #mirrors = new Map<string, string>();

  constructor(options: Pick<FakeDomainHostOptions, 'secrets' | 'unitOf'>) {
    this.#options = options;
  }

  /** @throws {DomainHostError} as libvirt, for a disk whose key it has not. */
  requireKeys(disks: readonly DomainDisk[]): void {
    for (const { encryption } of disks)
      if (encryption !== undefined) keysOf(this.#options.secrets, encryption.secretId);
  }

  /** The spec with one disk more; as it was when it has one at that place. */
  attached(spec: DomainSpec, disk: DomainDisk): DomainSpec {
    if (spec.disks.some(({ target }) => target === disk.target)) return spec;
    this.requireKeys([disk]);
    return { ...spec, disks: [...spec.disks, disk] };
  }

  detached(spec: DomainSpec, { target }: DomainDisk): DomainSpec {
    return { ...spec, disks: spec.disks.filter((one) => one.target !== target) };
  }

  async copy(
    { uuid, disks, hardware }: DomainSpec,
    target: string,
    destination: string,
    { encryption, quiesce, ...options }: NonNullable<Parameters<DomainHost['copyDisk']>[3]> = {},
  ): Promise<void> {
    if (quiesce === 'required' && hardware.guestAgent !== true)
      throw new DomainHostError(
        'failed',
        `The guest ${uuid} could not be quiesced, which its image demands (os_require_quiesce): it has no agent.`,
      );
    const disk = diskAt({ uuid, disks }, target);
    await this.#files.convert({
      source: this.#fileOf(disk),
      sourceFormat: disk.format,
      destination,
      destinationFormat: 'qcow2',
      followBackingChain: true,
      ...(encryption === undefined ? {} : keysOf(this.#options.secrets, encryption.secretId)),
      ...options,
    });
  }

  /** Copies what a guest has at the disk's place into this disk, once; `turned` exchanges them. */
  async mirror(spec: DomainSpec, disk: DomainDisk): Promise<void> {
    const current = diskAt(spec, disk.target);
    if (this.#fileOf(current) === this.#fileOf(disk)) return;
    await this.#files.convert({
      source: this.#fileOf(current),
      sourceFormat: current.format,
      destination: this.#fileOf(disk),
      destinationFormat: disk.format,
      ...keysOfCopy(this.#options.secrets, current, disk),
    });
    this.#mirrors.set(`${spec.uuid} ${disk.target}`, this.#fileOf(disk));
  }

  /** The spec with this disk in its place. @throws {DomainHostError} unless its copy is complete. */
  turned(spec: DomainSpec, disk: DomainDisk): DomainSpec {
    const key = `${spec.uuid} ${disk.target}`;
    const own = spec.disks.some(
      (one) => one.target === disk.target && this.#fileOf(one) === this.#fileOf(disk),
    );
    if (!own && this.#mirrors.get(key) !== this.#fileOf(disk))
      throw new DomainHostError(
        'failed',
        `The disk ${disk.target} of domain ${spec.uuid} cannot be exchanged: its copy is not complete.`,
      );
    this.#mirrors.delete(key);
    const disks = spec.disks.map((one) => (one.target === disk.target ? { ...one, ...disk } : one));
    return { ...spec, disks };
  }

  async grow(spec: DomainSpec, target: string, sizeBytes: number): Promise<void> {
    const disk = diskAt(spec, target);
    await this.#files.resize({
      path: this.#fileOf(disk),
      ...keysOfCopy(this.#options.secrets, {}, disk),
      format: disk.format,
      sizeBytes,
    });
  }

  readonly #fileOf = (disk: DomainDisk): string => fileOf(disk, this.#options.unitOf);
}

function diskAt({ uuid, disks }: Pick<DomainSpec, 'uuid' | 'disks'>, target: string): DomainDisk {
  const disk = disks.find((one) => one.target === target);
  if (disk === undefined) throw new DomainHostError('failed', `Domain ${uuid} has no disk ${target}.`);
  return disk;
}
