import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { record } from '../../record.ts';

const CONF = '/proc/sys/net/ipv6/conf';
const FORWARDING = `${CONF}/all/forwarding`;

/**
 * There while Deskcloud is the one who has set the host's IPv6 forwarding, with the devices that it changed; all
 * instances in one network namespace share it. Gone with a reboot, like the setting.
 */
const markPath = (): string =>
  `/run/deskcloud-ipv6-forwarding-${readlinkSync('/proc/self/ns/net').replaceAll(/\D/g, '')}`;

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
};

function write(path: string, value: string): void {
  writeFileSync(path, value);
  record({ kind: 'file', action: 'write', path, text: value });
}

/**
 * Lets the host pass IPv6 packets on. A host that forwards takes no more routes from its own network's advertisements
 * (accept_ra 1), so devices that did so are told to go on (2): its own connection must not go away with our network.
 */
export function ensureForwarding6(): void {
  if (read(FORWARDING) !== '0') return;
  const changed = readdirSync(CONF).filter(
    (device) => device !== 'all' && read(`${CONF}/${device}/accept_ra`) === '1',
  );
  // Noted first: what is half made is undone too.
  writeFileSync(markPath(), JSON.stringify(changed));
  for (const device of changed) write(`${CONF}/${device}/accept_ra`, '2');
  write(FORWARDING, '1');
}

/**
 * Puts back what {@link ensureForwarding6} changed; nothing when somebody else had set it.
 * @param needed somebody else relies on it by now: it stays.
 */
export function giveBackForwarding6(needed: boolean): void {
  const path = markPath();
  if (!existsSync(path)) return;
  let changed: readonly string[] = [];
  try {
    changed = JSON.parse(read(path)) as string[];
  } catch {
    // Half written: then nothing was changed yet.
  }
  rmSync(path, { force: true });
  if (needed) return;
  write(FORWARDING, '0');
  for (const device of changed) {
    const name = `${CONF}/${device}/accept_ra`;
    if (read(name) === '2') write(name, '1');
  }
}
