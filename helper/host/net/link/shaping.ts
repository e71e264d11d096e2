import { existsSync } from 'node:fs';
import { deviceAttribute, ipBatch, json, ownDevice, type NetContext } from '../context.ts';
import { shaperName } from '../names.ts';
import { deviceWord, integerWord } from '../values.ts';
import type { Rate, Shaping } from './interface.ts';

/** Shorter than this no packet fits. */
const LEAST_BURST = 16_384;
/** A bucket lasts at least one tick of any kernel's clock. */
const TICKS = 100;

interface Qdisc {
  readonly kind: string;
  readonly root?: boolean;
}

/** neutron's latency; without a burst four fifths of the rate, as there. */
function bucket(rate: Rate): string[] {
  const kbps = integerWord(rate.kbps, 1, 0xffffffff, 'rate in kbit/s');
  const asked = integerWord(rate.burstKbit, 0, 0xffffffff, 'burst in kbit');
  const bytes = (asked === 0 ? Math.ceil(kbps * 0.8) : asked) * 125;
  const burst = Math.max(bytes, LEAST_BURST, Math.ceil((kbps * 125) / TICKS));
  return ['tbf', 'rate', `${kbps}kbit`, 'burst', String(Math.min(burst, 0xffffffff)), 'latency', '50ms'];
}

/**
 * Traffic control of one tap: what goes to the guest waits in a bucket at the tap, what comes from it is led through a
 * device of its own (ifb) with a bucket; nothing can wait where it comes in.
 */
export async function shapeTap(net: NetContext, tapName: string, shaping: Shaping): Promise<void> {
  const tap = deviceWord(tapName);
  if (!ownDevice(net, tap)) return;
  const qdiscs = json(await net.commands.run(['tc', '-j', 'qdisc', 'show', 'dev', tap])) as Qdisc[];
  if (shaping.ingress !== undefined)
    await net.commands.run(['tc', 'qdisc', 'replace', 'dev', tap, 'root', ...bucket(shaping.ingress)]);
  else if (qdiscs.some((one) => one.root === true && one.kind === 'tbf'))
    await net.commands.run(['tc', 'qdisc', 'del', 'dev', tap, 'root']);
  const led = qdiscs.some((one) => one.kind === 'ingress');
  if (shaping.egress !== undefined) return leadThrough(net, tap, shaping.egress, led);
  if (led) await net.commands.run(['tc', 'qdisc', 'del', 'dev', tap, 'ingress']);
  await removeShaper(net, tap);
}

async function leadThrough(net: NetContext, tap: string, rate: Rate, led: boolean): Promise<void> {
  const shaper = shaperName(tap);
  const lines = [
    ...(ownDevice(net, shaper) ? [] : [`link add name ${shaper} type ifb`]),
    `link set dev ${shaper} alias ${net.alias} addrgenmode none up`,
  ];
  await ipBatch(net, lines);
  await net.commands.run(['tc', 'qdisc', 'replace', 'dev', shaper, 'root', ...bucket(rate)]);
  if (!led) await net.commands.run(['tc', 'qdisc', 'add', 'dev', tap, 'ingress']);
  const show = ['tc', 'filter', 'show', 'dev', tap, 'ingress'] as const;
  if ((await net.commands.run(show)).stdout.includes(shaper)) return;
  const filter = 'protocol all prio 1 u32 match u32 0 0 action mirred egress redirect dev'.split(' ');
  await net.commands.run(['tc', 'filter', 'add', 'dev', tap, 'ingress', ...filter, shaper]);
}

/** The device beside a tap that is gone or needs none. */
export async function removeShaper(net: NetContext, tap: string): Promise<void> {
  const shaper = shaperName(tap);
  if (existsSync(`/sys/class/net/${shaper}`) && deviceAttribute(shaper, 'ifalias') === net.alias)
    await ipBatch(net, [`link del dev ${shaper}`]);
}
