import { Graph as Dagre, layout } from '@dagrejs/dagre';
import { sizeOf, type Graph } from './graph.ts';

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Down: the outside at the top. Right: the outside at the left; for drawings with many servers. */
export type Direction = 'down' | 'right';

export interface Arrangement {
  readonly direction: Direction;
  /** Upper left corners of the boxes. */
  readonly at: ReadonlyMap<string, Place>;
}

/** The room that a drawing usually has, which decides how it is turned. */
const ROOM = { width: 1000, height: 640 } as const;
/** Down is what people expect: it gives way only to a clearly larger picture. */
const FAVOUR = 1.2;

/** Where each box stands, turned so that the whole is as large as may be. */
export function arrange(graph: Graph): Arrangement {
  const down = placed(graph, 'down');
  const right = placed(graph, 'right');
  return down.scale * FAVOUR >= right.scale ? down : right;
}

function placed(graph: Graph, direction: Direction): Arrangement & { readonly scale: number } {
  const dagre = new Dagre({ multigraph: true });
  dagre.setGraph(
    direction === 'down'
      ? { rankdir: 'TB', nodesep: 34, ranksep: 66 }
      : { rankdir: 'LR', nodesep: 16, ranksep: 128 },
  );
  dagre.setDefaultEdgeLabel(() => ({}));
  for (const node of graph.nodes) dagre.setNode(node.id, sizeOf(node));
  for (const edge of graph.edges)
    dagre.setEdge(edge.from, edge.to, { weight: edge.kind === 'guest' ? 4 : 1 }, edge.id);
  layout(dagre);
  const boxes = new Map(
    graph.nodes.map((node) => {
      const at = dagre.node(node.id) as { x?: number; y?: number };
      return [node.id, { x: at.x ?? 0, y: at.y ?? 0, ...sizeOf(node) }] as const;
    }),
  );
  centre(graph, boxes, direction);
  const all = [...boxes.values()];
  const width =
    Math.max(...all.map((one) => one.x + one.width / 2)) -
    Math.min(...all.map((one) => one.x - one.width / 2));
  const height =
    Math.max(...all.map((one) => one.y + one.height / 2)) -
    Math.min(...all.map((one) => one.y - one.height / 2));
  return {
    direction,
    scale: Math.min(ROOM.width / width, ROOM.height / height),
    at: new Map(
      [...boxes].map(([id, one]) => [id, { x: one.x - one.width / 2, y: one.y - one.height / 2 }] as const),
    ),
  };
}

type Box = { x: number; y: number; readonly width: number; readonly height: number };

/** Puts each box in the middle of what hangs on it, where no other box of its row is in the way; from the leaves up. */
function centre(graph: Graph, boxes: ReadonlyMap<string, Box>, direction: Direction): void {
  const [across, size, along] =
    direction === 'down' ? (['x', 'width', 'y'] as const) : (['y', 'height', 'x'] as const);
  const children = Map.groupBy(graph.edges, (edge) => edge.from);
  const order = graph.nodes
    .filter((node) => children.has(node.id))
    .sort((a, b) => (boxes.get(b.id)?.[along] ?? 0) - (boxes.get(a.id)?.[along] ?? 0));
  for (const { id } of order) {
    const box = boxes.get(id);
    const below = (children.get(id) ?? []).flatMap(({ to }) => boxes.get(to) ?? []);
    if (box === undefined || below.length === 0) continue;
    const places = below.map((one) => one[across]);
    const wanted = (Math.min(...places) + Math.max(...places)) / 2;
    const room = [...boxes].every(
      ([other, one]) =>
        other === id ||
        Math.abs(one[along] - box[along]) >
          (direction === 'down' ? one.height + box.height : one.width + box.width) / 2 ||
        Math.abs(one[across] - wanted) >= (one[size] + box[size]) / 2 + 12,
    );
    if (room) box[across] = wanted;
  }
}
