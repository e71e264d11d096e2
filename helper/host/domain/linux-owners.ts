import { domainRef, MetadataType, type Libvirt } from '../../libvirt-ts/index.ts';
import { isLibvirtError } from './linux-errors.ts';
import { METADATA_URI } from './xml.ts';

/** Owner tags of domains by UUID, read once; null where there is none. */
export class DomainOwners {
  readonly #known = new Map<string, string | null>();

  /** The owner tag in a domain's metadata: null where there is none, undefined where there is no such domain. */
  async of(libvirt: Libvirt, uuid: string): Promise<string | null | undefined> {
    const known = this.#known.get(uuid);
    if (known !== undefined) return known;
    try {
      const dom = domainRef(uuid);
      const text = await libvirt.domainGetMetadata({ dom, type: MetadataType.ELEMENT, uri: METADATA_URI });
      const owner = /<(?:\w+:)?owner>([^<]*)</.exec(text)?.[1] ?? null;
      this.#known.set(uuid, owner);
      return owner;
    } catch (error) {
      if (isLibvirtError(error, 'NO_DOMAIN')) return undefined;
      if (!isLibvirtError(error, 'NO_DOMAIN_METADATA')) throw error;
      this.#known.set(uuid, null);
      return null;
    }
  }

  /** Of a domain that was just defined with this tag. */
  set(uuid: string, owner: string): void {
    this.#known.set(uuid, owner);
  }

  forget(uuid: string): void {
    this.#known.delete(uuid);
  }

  forgetAll(): void {
    this.#known.clear();
  }
}
