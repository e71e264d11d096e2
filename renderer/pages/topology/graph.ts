import type { DeviceQuestion } from '../../../helper/contract/devices.ts';
import type { Tone } from '../../ui/tones.ts';

/** What can stand in the drawing: things of the cloud, and devices of the host. */
export type NodeKind =
  | 'external'
  | 'router'
  | 'network'
  | 'server'
  | 'volume'
  | 'port'
  | 'more'
  | 'bridge'
  | 'externalBridge'
  | 'tap'
  | 'vxlan'
  | 'ifb'
  | 'uplink'
  | 'qdhcp'
  | 'qrouter'
  | 'tables';
export type EdgeKind = 'gateway' | 'interface' | 'plug' | 'veth' | 'member' | 'guest' | 'detour' | 'disk';

/** A box of the drawing. */
export interface GraphNode {
  /** `<kind>:<id or name>`. */
  readonly id: string;
  readonly kind: NodeKind;
  readonly title: string;
  /** Addresses and the like, in fixed width. */
  readonly lines: readonly string[];
  readonly chips: readonly { readonly text: string; readonly tone: 'plain' | 'accent' | 'ok' | 'warn' }[];
  readonly tone: Tone;
  /** The API's id, or the device's name. */
  readonly ref: string;
  /** Where it has a page. */
  readonly href?: string;
  /** What the host can be asked about it. */
  readonly questions: readonly DeviceQuestion[];
}

/** A line of the drawing. */
export interface GraphEdge {
  readonly id: string;
  readonly kind: EdgeKind;
  readonly from: string;
  readonly to: string;
  readonly label: string;
  /** The device on the host that what passes here passes. */
  readonly device: string | undefined;
  readonly questions: readonly DeviceQuestion[];
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** As helper/host/net/names.ts has them. */
export const tapOf = (portId: string): string => `tap${portId.slice(0, 11)}`;
export const bridgeOf = (networkId: string): string => `brq${networkId.slice(0, 11)}`;

export const device = (name: string, namespace: string | null = null): DeviceQuestion => ({
  kind: 'device',
  name,
  namespace,
});

/** How the whole is brought into sight. */
export const FIT = { maxZoom: 1.15, padding: 0.08 } as const;

/** The width and height that a box of the drawing has, in its own units. */
export function sizeOf(node: Pick<GraphNode, 'kind' | 'lines' | 'chips'>): { width: number; height: number } {
  const small = ['tap', 'vxlan', 'ifb', 'uplink', 'port', 'volume'].includes(node.kind);
  const width = small ? 196 : node.kind === 'qdhcp' || node.kind === 'qrouter' ? 236 : 204;
  return { width, height: 46 + node.lines.length * 17 + (node.chips.length > 0 ? 25 : 0) };
}
