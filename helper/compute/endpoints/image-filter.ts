import { badRequest } from '../../errors/error.ts';
import type { Page } from '../../http/index.ts';
import type { ImageDetails } from '../../image/face.ts';
import { timeOf } from '../app/server-filter.ts';

/** Query parameters of the old /images that choose among them; others are ignored, as in nova. */
const FILTERS: Readonly<Record<string, (value: string) => (image: ImageDetails) => boolean>> = {
  name: (value) => (image) => image.name === value,
  status: (value) => (image) => image.status === value.toLowerCase(),
  // Also as a URL of the server.
  server: (value) => (image) => image.properties['instance_uuid'] === value.slice(value.lastIndexOf('/') + 1),
  type: (value) => (image) => image.properties['image_type'] === value,
  minRam: (value) => (image) => image.minRam >= Number(value),
  minDisk: (value) => (image) => image.minDisk >= Number(value),
  'changes-since': (value) => {
    const since = timeOf(value) ?? 0;
    if (Number.isNaN(since)) throw badRequest(`Invalid changes-since: ${value.slice(0, 80)} is not a time.`);
    return (image) => image.updatedAt >= since;
  },
};

/** Nothing to filter by: undefined. @throws {CloudError} badRequest for a time that is none. */
export function imageFilter(
  query: Readonly<Record<string, string>>,
): ((image: ImageDetails) => boolean) | undefined {
  const checks = Object.entries(query).flatMap(([key, value]) => {
    const property = /^property-(.+)$/.exec(key)?.[1];
    if (property !== undefined) return [(image: ImageDetails) => image.properties[property] === value];
    const make = Object.hasOwn(FILTERS, key) ? FILTERS[key] : undefined;
    return make === undefined ? [] : [make(value)];
  });
  return checks.length === 0 ? undefined : (image) => checks.every((check) => check(image));
}

/** One page of what passes, of a list that is read page by page. */
export function filteredPage(
  read: (page: Page) => readonly ImageDetails[],
  passes: ((image: ImageDetails) => boolean) | undefined,
  page: Page,
): readonly ImageDetails[] {
  if (passes === undefined) return read(page);
  const found: ImageDetails[] = [];
  let { marker } = page;
  for (;;) {
    const batch = read({ limit: 1000, ...(marker === undefined ? {} : { marker }) });
    found.push(...batch.filter(passes));
    marker = batch.at(-1)?.id;
    if (found.length >= page.limit || batch.length < 1000) return found.slice(0, page.limit);
  }
}
