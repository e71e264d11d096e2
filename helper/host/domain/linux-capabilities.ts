import { open, readFile } from 'node:fs/promises';
import { XMLParser } from 'fast-xml-parser';
import { chooseAccelerator, type Accelerator } from './accelerator.ts';

/** What libvirt says of the host. */
export interface Capabilities {
  readonly arch: string;
  readonly cpuModel: string;
  readonly offersKvm: boolean;
}

interface CapabilitiesXml {
  readonly capabilities?: {
    readonly host?: { readonly cpu?: { readonly arch?: string; readonly model?: string } };
    readonly guest?: readonly {
      readonly arch?: { readonly name?: string; readonly domain?: readonly { readonly type?: string }[] };
    }[];
  };
}

/** From virConnectGetCapabilities' XML. */
export function readCapabilities(xml: string): Capabilities {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseTagValue: false,
    isArray: (name) => name === 'guest' || name === 'domain',
  });
  const { capabilities } = parser.parse(xml) as CapabilitiesXml;
  const arch = capabilities?.host?.cpu?.arch ?? 'x86_64';
  const guest = capabilities?.guest?.find((one) => one.arch?.name === arch);
  return {
    arch,
    cpuModel: capabilities?.host?.cpu?.model ?? '',
    offersKvm: guest?.arch?.domain?.some(({ type }) => type === 'kvm') ?? false,
  };
}

/** Whether guests can run under KVM here, and why. */
export async function detectAccelerator({ arch, offersKvm }: Capabilities): Promise<Accelerator> {
  const kvmDevice = await open('/dev/kvm', 'r+').then(
    async (handle) => {
      await handle.close();
      return true as const;
    },
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
  const cpuinfo = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const cpuFlags = new Set(/^flags\s*:(.*)$/m.exec(cpuinfo)?.[1]?.trim().split(/\s+/));
  return chooseAccelerator({ kvmDevice, cpuFlags, arch, libvirtOffersKvm: offersKvm });
}
