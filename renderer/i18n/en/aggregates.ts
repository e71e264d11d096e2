export const aggregates = {
  title: 'Host aggregates',
  search: 'Search by name, zone, metadata',
  empty: 'No host aggregates yet',
  emptyText:
    'An aggregate groups hosts: to name an availability zone that people choose from, or to mark hosts so that flavors find them. This cloud has one host, and everything works as with many.',
  create: 'Create aggregate',
  edit: 'Edit aggregate',
  createFailed: 'The aggregate was not created',
  saveFailed: (name: string) => `${name} was not changed`,
  saved: (name: string) => `${name} is saved`,
  zone: 'Availability zone',
  zoneHint: 'People choose it when they launch a server. Empty: none.',
  hosts: 'Hosts',
  noHosts: 'None',
  metadata: 'Metadata',
  metadataHint: 'A line each: name: value. Flavors ask for them with aggregate_instance_extra_specs:name.',
  deleted: (count: number, name: string) =>
    count === 1 ? `${name} is deleted` : `${count} aggregates are deleted`,
  deleteFailed: (name: string) => `${name} was not deleted`,
  whyHosts: 'Take its hosts out first.',
};
