import type { Flavor, Image, Network } from '../../../cloud/types.ts';

/** What a flavor has too little of for an image: MiB of memory or GiB of disk that it needs. */
export function lacks(
  flavor: Flavor,
  image: Image | undefined,
): { readonly of: 'ram' | 'disk'; readonly amount: number } | undefined {
  if (image === undefined) return undefined;
  if (flavor.ram < image.min_ram) return { of: 'ram', amount: image.min_ram };
  const disk = Math.max(image.min_disk, Math.ceil((image.virtual_size ?? 0) / 2 ** 30));
  if (flavor.disk < disk) return { of: 'disk', amount: disk };
  return undefined;
}

/** The flavor used last while it is large enough, else the smallest that is. */
export function defaultFlavor(
  flavors: readonly Flavor[],
  image: Image | undefined,
  last: string,
): Flavor | undefined {
  const enough = flavors
    .filter((one) => lacks(one, image) === undefined)
    .toSorted((a, b) => a.ram - b.ram || a.disk - b.disk);
  return enough.find((one) => one.id === last) ?? enough[0];
}

/** The image used last, else the demo's, else the newest. */
export function defaultImage(images: readonly Image[], last: string, demo: string): Image | undefined {
  return (
    images.find((one) => one.id === last) ??
    images.find((one) => one.name === demo) ??
    images.toSorted((a, b) => b.created_at.localeCompare(a.created_at))[0]
  );
}

/** The project's own network before one that is shared with it; never one that is outside. */
export function defaultNetwork(networks: readonly Network[], projectId: string): Network | undefined {
  const inside = networks.filter((one) => !one['router:external'] && one.subnets.length > 0);
  return inside.find((one) => one.project_id === projectId) ?? inside[0];
}
