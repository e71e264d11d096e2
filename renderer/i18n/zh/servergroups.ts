import type { servergroups as english } from '../en/servergroups.ts';

export const servergroups: typeof english = {
  title: '云主机组',
  search: '按名称、成员搜索',
  empty: '还没有云主机组',
  emptyText:
    '云主机组规定其中的云主机在同一台主机上运行，还是分开运行。只有一台主机时，集中总能满足；分开则只能有一台云主机，除非设为“尽量”。',
  create: '创建云主机组',
  createFailed: '云主机组未能创建',
  created: (name) => `云主机组 ${name} 已创建`,
  policy: '策略',
  policies: {
    affinity: '集中',
    'anti-affinity': '分开',
    'soft-affinity': '尽量集中',
    'soft-anti-affinity': '尽量分开',
  },
  policyTexts: {
    affinity: '全部在同一台主机上，否则创建失败。',
    'anti-affinity': '每台都在不同主机上，否则创建失败。这里只有一台主机，第二台会失败。',
    'soft-affinity': '在有空间的情况下放在同一台主机上。',
    'soft-anti-affinity': '只要还有主机，就分散放置。',
  },
  most: '每台主机最多几台',
  mostHint: '留空表示一台。',
  members: '成员',
  noMembers: '还没有云主机。创建云主机时可以选择组。',
  deleted: (count, name) => (count === 1 ? `${name} 已删除` : `已删除 ${count} 个云主机组`),
  deleteFailed: (name) => `${name} 未能删除`,
};
