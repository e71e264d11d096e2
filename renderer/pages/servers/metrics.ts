/** What compute tells of a running guest (os-server-diagnostics, 2.48), as far as it is drawn. */
export interface Diagnostics {
  readonly cpu_details: readonly { readonly time: number | null }[];
  readonly memory_details: { readonly maximum: number | null; readonly used: number | null };
  readonly disk_details: readonly {
    readonly read_bytes: number | null;
    readonly write_bytes: number | null;
    readonly read_requests: number | null;
    readonly write_requests: number | null;
  }[];
  readonly nic_details: readonly {
    readonly rx_octets: number | null;
    readonly tx_octets: number | null;
  }[];
}

/** One look at a guest; rates are since the look before. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** 0..100, of all processors together. */
  readonly cpu: number | null;
  /** MiB */
  readonly memory: number | null;
  readonly memoryMax: number | null;
  /** Bytes a second. */
  readonly diskRead: number | null;
  readonly diskWrite: number | null;
  readonly received: number | null;
  readonly sent: number | null;
}

const sum = <T>(items: readonly T[], of: (one: T) => number | null): number =>
  items.reduce((total, one) => total + (of(one) ?? 0), 0);

/** Growth a second; null where a counter began anew, as after a start of the guest. */
const rate = (before: number, after: number, seconds: number): number | null =>
  after < before || seconds <= 0 ? null : (after - before) / seconds;

/** What happened between two looks. */
export function sampleOf(
  { at, found }: { readonly at: number; readonly found: Diagnostics },
  before: { readonly at: number; readonly found: Diagnostics } | undefined,
): Sample {
  const seconds = before === undefined ? 0 : (at - before.at) / 1000;
  const between = (of: (one: Diagnostics) => number): number | null =>
    before === undefined ? null : rate(of(before.found), of(found), seconds);
  // Nanoseconds of processor time a second.
  const busy = between((one) => sum(one.cpu_details, (cpu) => cpu.time));
  const cpus = Math.max(1, found.cpu_details.length);
  return {
    at,
    cpu: busy === null ? null : Math.min(100, (busy / 1e9 / cpus) * 100),
    memory: found.memory_details.used,
    memoryMax: found.memory_details.maximum,
    diskRead: between((one) => sum(one.disk_details, (disk) => disk.read_bytes)),
    diskWrite: between((one) => sum(one.disk_details, (disk) => disk.write_bytes)),
    received: between((one) => sum(one.nic_details, (nic) => nic.rx_octets)),
    sent: between((one) => sum(one.nic_details, (nic) => nic.tx_octets)),
  };
}
