export const servergroups = {
  title: 'Server groups',
  search: 'Search by name, member',
  empty: 'No server groups yet',
  emptyText:
    'A server group says whether its servers run together on one host or apart. With one host, together always works, and apart takes a single server unless it is a soft wish.',
  create: 'Create server group',
  createFailed: 'The server group was not created',
  created: (name: string) => `Server group ${name} is there`,
  policy: 'Policy',
  policies: {
    affinity: 'Together',
    'anti-affinity': 'Apart',
    'soft-affinity': 'Together if possible',
    'soft-anti-affinity': 'Apart if possible',
  },
  policyTexts: {
    affinity: 'All on one host, or the launch fails.',
    'anti-affinity':
      'Each on another host, or the launch fails. Here, where there is one host, the second server fails.',
    'soft-affinity': 'On one host where there is room.',
    'soft-anti-affinity': 'Each on another host as long as there are hosts.',
  },
  most: 'Most servers on a host',
  mostHint: 'One when left empty.',
  members: 'Members',
  noMembers: 'No server yet. Choose the group when a server is launched.',
  deleted: (count: number, name: string) =>
    count === 1 ? `${name} is deleted` : `${count} server groups are deleted`,
  deleteFailed: (name: string) => `${name} was not deleted`,
};
