import type { HelperState, Notice } from '../contract/shell.ts';

/** What Electron shows outside of the page: tray, notifications, the question at the end. */
export interface Words {
  readonly helper: Readonly<Record<HelperState['state'], string>>;
  readonly servers: (count: number) => string;
  readonly open: string;
  readonly serverList: string;
  readonly recorder: string;
  readonly start: string;
  readonly quit: string;
  readonly quitQuestion: string;
  readonly noServers: string;
  readonly serversGoOn: (count: number) => string;
  readonly letRun: string;
  readonly shutDown: string;
  readonly cancel: string;
  readonly notShutDown: string;
  readonly outcome: Readonly<Record<Notice['outcome'], string>>;
}

const english: Words = {
  helper: {
    unknown: 'Looking for the cloud',
    starting: 'The cloud is starting',
    stopped: 'The cloud does not run',
    failed: 'The cloud could not start',
    died: 'The cloud has ended by itself',
    running: 'The cloud runs',
  },
  servers: (count) => (count === 1 ? '1 server' : `${count} servers`),
  open: 'Open Deskcloud',
  serverList: 'Servers',
  recorder: 'Flight recorder',
  start: 'Start the cloud',
  quit: 'Quit',
  quitQuestion: 'The cloud can go on running without this window.',
  noServers: 'No servers are there.',
  serversGoOn: (count) =>
    count === 1
      ? 'One server is there; if it runs it goes on, with its network and the APIs.'
      : `${count} servers are there; those that run go on, with their network and the APIs.`,
  letRun: 'Let it run',
  shutDown: 'Shut the cloud down',
  cancel: 'Cancel',
  notShutDown: 'The cloud could not be shut down',
  outcome: { finished: 'Done', failed: 'Failed', stuck: 'Needs your help' },
};

const chinese: Words = {
  helper: {
    unknown: '正在查找云',
    starting: '云正在启动',
    stopped: '云没有运行',
    failed: '云无法启动',
    died: '云意外退出',
    running: '云正在运行',
  },
  servers: (count) => `${count} 台云主机`,
  open: '打开 Deskcloud',
  serverList: '云主机',
  recorder: '飞行记录仪',
  start: '启动云',
  quit: '退出',
  quitQuestion: '关闭窗口后，云可以继续运行。',
  noServers: '目前没有云主机。',
  serversGoOn: (count) => `共有 ${count} 台云主机；正在运行的云主机及其网络和 API 会继续工作。`,
  letRun: '继续运行',
  shutDown: '关闭云',
  cancel: '取消',
  notShutDown: '无法关闭云',
  outcome: { finished: '已完成', failed: '失败', stuck: '需要处理' },
};

/** @param language as 'zh-CN'. */
export const wordsFor = (language: string): Words => (/^zh\b/i.test(language) ? chinese : english);
