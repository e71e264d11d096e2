import { ratio, type Figure } from './figures.ts';
import type { Floor, FloorGuest } from './floor.ts';
import type { Servers } from './servers.ts';
import { median } from './statistics.ts';
import { run } from './workplace.ts';

const TEN = 10;
/** How many floor guests a script may make at the same time; the fastest is the floor. */
const PARALLEL = [2, 4, TEN] as const;

/** Milliseconds that `work` takes, and what it gives. */
export async function timed<T>(work: () => Promise<T>): Promise<{ ms: number; result: T }> {
  const started = performance.now();
  const result = await work();
  return { ms: performance.now() - started, result };
}

/** Servers against the floor in turn, so that whatever else this machine does hits both alike. */
export async function measureOneByOne(
  servers: Servers,
  floor: Floor,
  samples: number,
  onProgress: (fraction: number, text: string) => void,
): Promise<readonly Figure[]> {
  const times: Record<'create' | 'remove' | 'floorCreate' | 'floorRemove', number[]> = {
    create: [],
    remove: [],
    floorCreate: [],
    floorRemove: [],
  };
  for (let round = 0; round < samples; round++) {
    onProgress(round / samples, `one server at a time, round ${round + 1} of ${samples}`);
    const guest = await floor.prepare();
    times.floorCreate.push((await timed(() => floor.make(guest))).ms);
    times.floorRemove.push((await timed(() => floor.remove(guest))).ms);
    const { ms, result: id } = await timed(() => servers.make(`bench-${round}`));
    times.create.push(ms);
    times.remove.push((await timed(() => servers.remove(id))).ms);
    await assertNoDomain([id]);
  }
  return [
    ratio('server_create_ratio', median(times.create), median(times.floorCreate)),
    ratio('server_delete_ratio', median(times.remove), median(times.floorRemove)),
  ];
}

/** Ten servers at once against ten guests by as many scripts at a time as is best. */
export async function measureTen(
  servers: Servers,
  floor: Floor,
  samples: number,
  onProgress: (fraction: number, text: string) => void,
): Promise<Figure> {
  const rounds = PARALLEL.length + 2 * samples;
  let done = 0;
  const tell = (text: string): void => onProgress(done++ / rounds, text);
  const tries: { parallel: number; ms: number }[] = [];
  for (const parallel of PARALLEL) {
    tell(`ten at once: floor, ${parallel} at a time`);
    tries.push({ parallel, ms: await tenOnFloor(floor, parallel) });
  }
  const best = tries.sort((a, b) => a.ms - b.ms)[0];
  if (best === undefined) throw new Error('no floor was measured');
  const floorTimes = [best.ms];
  const times: number[] = [];
  for (let round = 0; round < samples; round++) {
    tell(`ten at once: servers, round ${round + 1} of ${samples}`);
    times.push(await tenServers(servers, round));
    tell(`ten at once: floor, round ${round + 1} of ${samples}`);
    floorTimes.push(await tenOnFloor(floor, best.parallel));
  }
  const figure = ratio('ten_servers_ratio', median(times), median(floorTimes));
  return { ...figure, detail: `${figure.detail} (${best.parallel} at a time)` };
}

async function tenServers(servers: Servers, round: number): Promise<number> {
  const names = Array.from({ length: TEN }, (_, index) => `bench-${round}-${index}`);
  const { ms, result: ids } = await timed(() => Promise.all(names.map((name) => servers.make(name))));
  await Promise.all(ids.map((id) => servers.remove(id)));
  await assertNoDomain(ids);
  return ms;
}

async function tenOnFloor(floor: Floor, parallel: number): Promise<number> {
  const guests = await Promise.all(Array.from({ length: TEN }, () => floor.prepare()));
  const { ms } = await timed(() => forEach(guests, parallel, (guest) => floor.make(guest)));
  await forEach(guests, parallel, (guest) => floor.remove(guest));
  return ms;
}

/** Works through the guests, so many at a time. */
async function forEach(
  guests: readonly FloorGuest[],
  parallel: number,
  work: (guest: FloorGuest) => Promise<void>,
): Promise<void> {
  const left = [...guests];
  const worker = async (): Promise<void> => {
    for (let guest = left.shift(); guest !== undefined; guest = left.shift()) await work(guest);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

/** A deletion that has left its guest behind is none. */
async function assertNoDomain(ids: readonly string[]): Promise<void> {
  const there = (await run('virsh', 'list', '--all', '--uuid')).split('\n').map((line) => line.trim());
  const left = ids.find((id) => there.includes(id));
  if (left !== undefined) throw new Error(`server ${left} is gone, but its domain is not`);
}
