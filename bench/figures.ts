/** What the bench measures: each figure with its limit, as the project promises it. */
export const LIMITS = {
  server_create_ratio: { limit: 1.5, unit: 'x', text: 'server: POST to ACTIVE' },
  server_delete_ratio: { limit: 1.5, unit: 'x', text: 'server: DELETE to gone' },
  ten_servers_ratio: { limit: 1.5, unit: 'x', text: 'ten servers at once to ACTIVE' },
  volume_create_empty_ratio: { limit: 1.5, unit: 'x', text: 'volume: empty, POST to available' },
  volume_create_image_ratio: { limit: 1.5, unit: 'x', text: 'volume: of an image, POST to available' },
  volume_attach_ratio: { limit: 1.5, unit: 'x', text: 'volume: POST of attachment to in-use' },
  // In a guest; nothing is promised of these, and what is beyond its limit is out of line.
  io_file_sequential_read_ratio: { limit: 1.5, unit: 'x', text: "volume's file: sequential reads" },
  io_file_sequential_write_ratio: { limit: 1.5, unit: 'x', text: "volume's file: sequential writes" },
  io_file_random_read_ratio: { limit: 1.5, unit: 'x', text: "volume's file: random reads" },
  io_file_random_write_ratio: { limit: 1.5, unit: 'x', text: "volume's file: random writes" },
  io_iscsi_sequential_read_ratio: { limit: 6, unit: 'x', text: 'volume by iSCSI: sequential reads' },
  io_iscsi_sequential_write_ratio: { limit: 6, unit: 'x', text: 'volume by iSCSI: sequential writes' },
  io_iscsi_random_read_ratio: { limit: 6, unit: 'x', text: 'volume by iSCSI: random reads' },
  io_iscsi_random_write_ratio: { limit: 6, unit: 'x', text: 'volume by iSCSI: random writes' },
  idle_rss_mib: { limit: 120, unit: 'MiB', text: "helper's memory, idle" },
  idle_cpu_percent: { limit: 0.5, unit: '%', text: "helper's share of a core, idle" },
  start_seconds_empty: { limit: 1, unit: 's', text: 'start to first answer, empty state' },
  start_seconds_10k: { limit: 1, unit: 's', text: 'start to first answer, 10,000 servers' },
  get_server_p50_ms: { limit: 2, unit: 'ms', text: 'GET of one server of 10,000, p50' },
  list_1000_detail_p50_ms: { limit: 50, unit: 'ms', text: 'page of 1,000 servers in detail, p50' },
  token_validate_p50_ms: { limit: 0.2, unit: 'ms', text: 'token validation inside a request, p50' },
} as const;

export type FigureName = keyof typeof LIMITS;

export interface Figure {
  readonly name: FigureName;
  readonly value: number;
  /** What was measured and against what, for people. */
  readonly detail: string;
}

/** A figure that is measured time over the floor's time, both in milliseconds. */
export function ratio(name: FigureName, measuredMs: number, floorMs: number): Figure {
  const shown = (ms: number): string => `${(ms / 1000).toFixed(3)} s`;
  return { name, value: measuredMs / floorMs, detail: `${shown(measuredMs)}, floor ${shown(floorMs)}` };
}

export const isMissed = ({ name, value }: Figure): boolean => !(value <= LIMITS[name].limit);

/** One line: mark, meaning, value, limit, what stands behind it. */
export function figureLine(figure: Figure): string {
  const { limit, unit, text } = LIMITS[figure.name];
  const value = `${rounded(figure.value)} ${unit}`.padStart(11);
  const mark = isMissed(figure) ? '✗' : '✓';
  return `${mark} ${text.padEnd(40)} ${value}   limit ${`${limit} ${unit}`.padEnd(8)}  ${figure.detail}`;
}

/** Three digits that mean something. */
const rounded = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(value >= 1 ? 2 : 3);

/** The figures by their names, as `--json` writes them. */
export const figuresAsJson = (figures: readonly Figure[]): string =>
  `${JSON.stringify(Object.fromEntries(figures.map(({ name, value }) => [name, value])), null, 2)}\n`;
