import { ensureExternalNetwork, ensureSubnetPool, make } from '../../main/demo/ensure.ts';
import { DEMO } from '../../main/demo/plan.ts';
import { ensureImage, type GuestImage } from '../../main/demo/project.ts';
import { simulatedGuest } from '../../main/demo/simulated-guest.ts';
import { ensureTinyGuest } from '../../resources/guest/build.ts';
import { TestInstance } from '../support/instance.ts';

/** What the second cloud asks of passwords, in the words of its configuration. */
export const PASSWORD_RULES = { historyCount: 2, lockoutFailures: 3, lockoutSeconds: 5 };

/** Where volumes are kept. */
export const BACKENDS = [
  { name: 'file', format: 'qcow2' },
  { name: 'plain', format: 'raw' },
] as const;

/** A cloud that tempest can be let loose on, and what tempest has to know of it. */
export interface PreparedCloud {
  readonly instance: TestInstance;
  readonly guest: GuestImage;
  readonly imageId: string;
  readonly otherImageId: string;
  readonly flavorId: string;
  readonly largerFlavorId: string;
  readonly externalNetwork: { readonly id: string; readonly name: string };
  /** Aliases of the network service's extensions. */
  readonly networkExtensions: readonly string[];
  /** First and last compute microversion. */
  readonly microversions: readonly [string, string];
  /** A volume type whose volumes are for several servers. */
  readonly multiattachType: string;
  /** Service types of the catalog. */
  readonly catalog: ReadonlySet<string>;
  /** A file on the web that an image can be made of. */
  readonly webImage: string;
  readonly passwordRules: typeof PASSWORD_RULES | undefined;
}

export interface CloudOptions {
  readonly name: string;
  readonly host: 'linux' | 'simulated';
  readonly compliance: boolean;
  /** Origin of a web server that has an image, whatever is asked of it. */
  readonly web: string;
  readonly onProgress: (text: string) => void;
}

/** An instance of its own. The caller removes it, also when {@link prepare} fails. */
export const newInstance = ({ name, host, compliance, web }: CloudOptions): TestInstance =>
  new TestInstance(name, host, {
    // Where there is no internet, tempest's web-download takes its image from this machine.
    image: { importOrigins: [web] },
    // Two, so that volumes have somewhere to move.
    volume: { backends: BACKENDS },
    ...(compliance ? { identity: { passwords: PASSWORD_RULES } } : {}),
  });

/** Gives an instance what tempest wants to find: images, flavors, an external network. */
export async function prepare(instance: TestInstance, options: CloudOptions): Promise<PreparedCloud> {
  const { host, compliance, web, onProgress } = options;
  onProgress('guest image');
  const guest =
    host === 'simulated' ? await simulatedGuest(`${instance.directory}/guest`) : await ensureTinyGuest();
  onProgress('helper');
  await instance.start();
  const admin = await instance.admin();
  const image = await ensureImage(admin, guest, () => undefined);
  // tempest tells two images from each other; their content is stored once.
  const other = await ensureImage(admin, { ...guest, sha256: 'the-same-again' }, () => undefined);
  const flavors: string[] = [];
  for (const [name, ram] of [
    ['conformance-small', guest.minRamMiB],
    ['conformance-large', guest.minRamMiB + 64],
  ] as const) {
    const flavor = await make(admin, 'compute', '/flavors', 'flavor', {
      name,
      vcpus: 1,
      ram,
      disk: guest.minDiskGiB,
    });
    flavors.push(flavor.id);
  }
  const { network } = await ensureExternalNetwork(admin, await instance.client.external());
  await ensureSubnetPool(admin);
  const multiattach = await make(admin, 'volume', '/types', 'volume_type', {
    name: 'conformance-multiattach',
    extra_specs: { multiattach: '<is> True' },
  });
  const { extensions } = (await admin.get('network', '/extensions')) as { extensions: { alias: string }[] };
  const { version } = (await admin.get('compute', '/')) as {
    version: { min_version: string; version: string };
  };
  const { catalog } = (await admin.get('identity', '/auth/catalog')) as { catalog: { type: string }[] };
  return {
    instance,
    guest,
    imageId: image.resource.id,
    otherImageId: other.resource.id,
    flavorId: flavors[0] ?? '',
    largerFlavorId: flavors[1] ?? '',
    externalNetwork: { id: network.id, name: DEMO.externalNetwork },
    networkExtensions: extensions.map((one) => one.alias),
    microversions: [version.min_version, version.version],
    multiattachType: multiattach.name,
    catalog: new Set(catalog.map((one) => one.type)),
    webImage: `${web}/disk`,
    passwordRules: compliance ? PASSWORD_RULES : undefined,
  };
}
