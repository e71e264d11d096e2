import Box from '@lucide/svelte/icons/box';
import Boxes from '@lucide/svelte/icons/boxes';
import Cable from '@lucide/svelte/icons/cable';
import EthernetPort from '@lucide/svelte/icons/ethernet-port';
import Gauge from '@lucide/svelte/icons/gauge';
import Globe from '@lucide/svelte/icons/globe';
import HardDrive from '@lucide/svelte/icons/hard-drive';
import NetworkIcon from '@lucide/svelte/icons/network';
import Plug from '@lucide/svelte/icons/plug';
import RouterIcon from '@lucide/svelte/icons/router';
import ServerIcon from '@lucide/svelte/icons/server';
import Shield from '@lucide/svelte/icons/shield';
import Split from '@lucide/svelte/icons/split';
import TrainTrack from '@lucide/svelte/icons/train-track';
import type { Component } from 'svelte';
import type { NodeKind } from './graph.ts';

/** The sign of each kind of box. */
export const ICONS: Readonly<Record<NodeKind, Component<{ size?: number }>>> = {
  external: Globe,
  router: RouterIcon,
  network: NetworkIcon,
  server: ServerIcon,
  volume: HardDrive,
  port: EthernetPort,
  more: Boxes,
  bridge: Split,
  externalBridge: Globe,
  tap: Plug,
  vxlan: TrainTrack,
  ifb: Gauge,
  uplink: Cable,
  qdhcp: Box,
  qrouter: RouterIcon,
  tables: Shield,
};
