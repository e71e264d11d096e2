import type { Component } from 'svelte';
import type { Server } from '../../cloud/types.ts';
import type { Messages } from '../../i18n/en/index.ts';

/** A part of a server's page. */
export interface ServerTab {
  readonly id: string;
  readonly title: (messages: Messages) => string;
  /** Loaded when it is first shown. */
  readonly load: () => Promise<{ default: Component<{ server: Server }> }>;
  /** Only for such servers. */
  readonly when?: (server: Server) => boolean;
}

export const tabs: readonly ServerTab[] = [
  { id: 'overview', title: (m) => m.servers.tabs.overview, load: () => import('./OverviewTab.svelte') },
  { id: 'console', title: (m) => m.servers.tabs.console, load: () => import('./ConsoleTab.svelte') },
  { id: 'serial', title: (m) => m.servers.tabs.serial, load: () => import('./SerialTab.svelte') },
  { id: 'log', title: (m) => m.servers.tabs.log, load: () => import('./LogTab.svelte') },
  { id: 'ssh', title: (m) => m.servers.tabs.ssh, load: () => import('./SshTab.svelte') },
  {
    id: 'interfaces',
    title: (m) => m.servers.tabs.interfaces,
    load: () => import('./InterfacesTab.svelte'),
  },
  { id: 'storage', title: (m) => m.servers.tabs.storage, load: () => import('./StorageTab.svelte') },
  { id: 'metrics', title: (m) => m.servers.tabs.metrics, load: () => import('./MetricsTab.svelte') },
  { id: 'operations', title: (m) => m.servers.tabs.operations, load: () => import('./OperationsTab.svelte') },
];
