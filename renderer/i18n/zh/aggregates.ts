import type { aggregates as english } from '../en/aggregates.ts';

export const aggregates: typeof english = {
  title: '主机聚合',
  search: '按名称、可用域、元数据搜索',
  empty: '还没有主机聚合',
  emptyText:
    '主机聚合把主机分组：可以命名供人选择的可用域，也可以标记主机以供规格匹配。这个云只有一台主机，但用法与多主机完全相同。',
  create: '创建主机聚合',
  edit: '编辑主机聚合',
  createFailed: '主机聚合未能创建',
  saveFailed: (name) => `${name} 未能修改`,
  saved: (name) => `${name} 已保存`,
  zone: '可用域',
  zoneHint: '创建云主机时可供选择。留空表示没有。',
  hosts: '主机',
  noHosts: '无',
  metadata: '元数据',
  metadataHint: '每行一个：名称: 值。规格通过 aggregate_instance_extra_specs:名称 来要求它们。',
  deleted: (count, name) => (count === 1 ? `${name} 已删除` : `已删除 ${count} 个主机聚合`),
  deleteFailed: (name) => `${name} 未能删除`,
  whyHosts: '请先移出其中的主机。',
};
