/** The area of each disk that is worked in: MiB, and blocks of 4 KiB. */
const AREA_MIB = 64;
const AREA_BLOCKS = (AREA_MIB * 1024) / 4;
const REQUESTS = 64;
/** Coprime to the number of blocks: its multiples come by every block in no order. */
const STRIDE = 7919;

export const PATTERNS = ['sequential_read', 'sequential_write', 'random_read', 'random_write'] as const;

/** Milliseconds of each pattern. */
export type Took = Readonly<Record<(typeof PATTERNS)[number], number>>;

/**
 * What a guest's shell does in one round: each pattern on each disk in turn, past the guest's cache (O_DIRECT), so that
 * each request comes to QEMU; of the random ones (4 KiB) each disk has one before any has the next. Requests in a row
 * are timed from dd's start to its end, by the kernel's clock (busybox has none below a second). For a random one alone,
 * starting dd takes longer than the request, so theirs is what the kernel counted for the disk.
 * Short, since dropbear takes no command of more than 9,000 characters.
 * @param disks as 'vdb'
 */
export function roundScript(disks: readonly string[], round: number): string {
  const all = disks.join(' ');
  const places = Array.from(
    { length: REQUESTS },
    (_, index) => ((round * REQUESTS + index + 1) * STRIDE) % AREA_BLOCKS,
  );
  return `trap '[ $? = 0 ] || cat /tmp/said >&2' EXIT
set -e
clock() { { read _; read _; read _ _ now _; } </proc/timer_list; echo $d $1 $now; }
counted() { for d in ${all}; do echo $d counted $(cat /sys/block/$d/stat); done; }
put() { dd if=/dev/zero of=/dev/$d oflag=direct "$@" 2>/tmp/said; }
get() { dd if=/dev/$d of=/dev/null iflag=direct "$@" 2>/tmp/said; }
for d in ${all}; do clock sequential_write; put bs=1M count=${AREA_MIB}; clock sequential_write; done
for d in ${all}; do clock sequential_read; get bs=1M count=${AREA_MIB}; clock sequential_read; done
counted
for n in ${places.join(' ')}; do
for d in ${all}; do put bs=4k count=1 seek=$n; get bs=4k count=1 skip=$n; done
done
counted`;
}

/** Columns of /sys/block/<disk>/stat (Documentation/block/stat.rst): milliseconds of all requests together. */
const READ_TIME = 3;
const WRITE_TIME = 7;

/**
 * @param text of {@link roundScript}
 * @returns by disk.
 * @throws {Error} when it is something else.
 */
export function parseRound(text: string): ReadonlyMap<string, Took> {
  const said = new Map<string, number[][]>();
  for (const line of text.trim().split('\n')) {
    const [disk = '', what = '', ...values] = line.split(' ');
    const key = `${disk} ${what}`;
    said.set(key, [...(said.get(key) ?? []), values.map(Number)]);
  }
  const between = (key: string, column: number): number => {
    const [before, after] = said.get(key) ?? [];
    const difference = (after?.[column] ?? NaN) - (before?.[column] ?? NaN);
    // No time at all is as wrong as none that was said.
    if (!(difference > 0)) throw new Error(`'${key}' has no time in what the guest says: ${text}`);
    return difference;
  };
  const disks = new Set([...said.keys()].map((key) => key.split(' ')[0] ?? ''));
  const took = (disk: string): Took => ({
    sequential_write: between(`${disk} sequential_write`, 0) / 1e6,
    sequential_read: between(`${disk} sequential_read`, 0) / 1e6,
    random_read: between(`${disk} counted`, READ_TIME),
    random_write: between(`${disk} counted`, WRITE_TIME),
  });
  return new Map([...disks].map((disk) => [disk, took(disk)]));
}
