import { readFile, readdir } from 'node:fs/promises';
import type { Figure } from './figures.ts';

/** USER_HZ: the kernel shows times in this unit on every architecture that we run on (proc(5)). */
const TICKS_PER_SECOND = 100;

/** Processor seconds that a process has used, and so have those of its children that ended. */
async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name may hold spaces and brackets; what follows the last bracket begins with field 3.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = [14, 15, 16, 17].reduce((sum, field) => sum + Number(fields[field - 3]), 0);
  return ticks / TICKS_PER_SECOND;
}

/** Resident memory of a process in MiB. */
async function residentMib(pid: number): Promise<number> {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kib === undefined) throw new Error(`process ${pid} has no resident memory`);
  return Number(kib) / 1024;
}

/** A process and its children; what detached itself (each network's dnsmasq, guests) is none. */
async function family(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  const children = lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
  const below = await Promise.all(children.map((child) => family(child).catch(() => [])));
  return [pid, ...below.flat()];
}

/** Watches the helper for a while in which nobody wants anything of it. */
export async function measureIdle(
  pid: number,
  seconds: number,
  onProgress: (fraction: number) => void,
): Promise<readonly Figure[]> {
  const started = performance.now();
  const before = await cpuSeconds(pid);
  const resident: number[] = [];
  for (let second = 0; second < seconds; second++) {
    onProgress(second / seconds);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const members = await Promise.all(
      (await family(pid)).map((one) =>
        residentMib(one).catch((error: unknown) => {
          // A child that has just ended; the helper itself must be there.
          if (one === pid) throw error;
          return 0;
        }),
      ),
    );
    resident.push(members.reduce((sum, mib) => sum + mib, 0));
  }
  const used = (await cpuSeconds(pid)) - before;
  const elapsed = (performance.now() - started) / 1000;
  return [
    {
      name: 'idle_rss_mib',
      value: Math.max(...resident),
      detail: `the most in ${seconds} s, the helper and its children`,
    },
    {
      name: 'idle_cpu_percent',
      value: (used / elapsed) * 100,
      detail: `${used.toFixed(2)} s in ${elapsed.toFixed(1)} s`,
    },
  ];
}
