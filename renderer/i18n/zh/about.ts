import type { about as english } from '../en/about.ts';

export const about: typeof english = {
  title: '关于',
  text: '在这台机器上以单个进程运行的 OpenStack 云。',
  version: 'Deskcloud',
  helper: '云进程',
  pid: '进程号',
  emulator: '模拟器',
  front: '此窗口',
  fronts: { electron: 'Electron', window: 'Chromium 窗口', browser: '浏览器' },
  data: '数据',
  log: '日志',
  showLog: '查看日志',
  license: '许可证',
  licenseText: 'Deskcloud 是基于 Apache License 2.0 的自由软件。它由以下组件构成：',
  diagnostics: '用于报告故障',
  diagnosticsText:
    '一个文件，包含版本、环境检查、设置、失败的操作和日志末尾。其中没有密码和令牌，但包含您的云中的名称和地址。',
  makeDiagnostics: '保存诊断信息',
  diagnosticsFailed: '无法收集诊断信息',
  help: '帮助',
  openstackDocs: 'OpenStack 文档',
  uninstall: '卸载',
  uninstallText: '把云及其中的一切从这台机器上移除。',
  uninstallAction: '卸载…',
  uninstallTitle: '卸载 Deskcloud 的云？',
  word: 'uninstall',
  goes: '将被移除',
  goesServers: (count) =>
    count === undefined
      ? '所有云主机及其磁盘上的所有数据。'
      : count === 0
        ? '所有云主机：目前没有。'
        : `全部 ${count} 台云主机及其磁盘上的所有数据。`,
  goesData: '云中创建的所有镜像、网络、用户和设置。',
  goesDevices: '它在这台机器上的网桥、网络命名空间和防火墙规则。',
  goesDirectory: (path, size) => `${path}${size === '' ? '' : `（${size}）`}`,
  goesClouds: (path) => `${path} 中的 deskcloud 和 deskcloud-demo 条目；其他条目保留。`,
  stays: '将会保留',
  staysPackages: '为它安装的软件包，例如 libvirt 和 QEMU：如果没有其他用途，可用 apt 移除。',
  staysProgram: '程序本身：运行 apt remove deskcloud，或删除源代码目录。',
  removing: '正在卸载',
  removed: '云已从这台机器上完全移除。可以关闭此窗口。',
  removeFailed: '未能全部移除',
};
