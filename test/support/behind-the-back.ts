import { existsSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { commands, type TestInstance } from './instance.ts';

/** What happens to an instance without its helper's doing. */

export const virsh = async (...words: readonly string[]): Promise<string> =>
  (await commands.run(['virsh', '-q', '-c', 'qemu:///system', ...words], { timeoutMs: 120_000 })).stdout;

/** Takes everything of an instance off the machine that does not outlive a reboot of the host; nobody may run. */
export async function loseToReboot(instance: TestInstance): Promise<void> {
  const { domains, dnsmasq, namespaces, taps, vxlans, bridges, tables } = await instance.inventory();
  const running = (await virsh('list', '--name')).split('\n');
  for (const name of domains) if (running.includes(name)) await virsh('destroy', name);
  for (const { pid } of dnsmasq) process.kill(pid, 'SIGKILL');
  for (const name of namespaces) await commands.run(['ip', 'netns', 'delete', name]);
  for (const name of [...taps, ...vxlans, ...bridges])
    await commands.run(['ip', 'link', 'delete', 'dev', name]);
  for (const table of tables) await commands.run(['nft', 'delete', 'table', ...table.split(' ')]);
  rmSync(join(instance.directory, 'run'), { recursive: true });
}

const PID_FILE = '/run/libvirtd.pid';

/**
 * Ends the machine's libvirtd and starts it again.
 * @param between runs while there is none.
 */
export async function restartLibvirtd(between: () => Promise<void>): Promise<void> {
  const systemd = existsSync('/run/systemd/system');
  const pid = Number(readFileSync(PID_FILE, 'utf8').trim());
  // Its sockets would start it again at once.
  const units = ['libvirtd.service', 'libvirtd.socket', 'libvirtd-ro.socket', 'libvirtd-admin.socket'];
  if (systemd) await commands.run(['systemctl', 'stop', ...units]);
  else process.kill(pid, 'SIGTERM');
  while (existsSync(`/proc/${pid}`)) await delay(20);
  try {
    await between();
  } finally {
    await commands.run(systemd ? ['systemctl', 'start', 'libvirtd'] : ['libvirtd', '-d'], {
      timeoutMs: 120_000,
    });
  }
}

/** Switches a guest's power off as a crash of its emulator would. */
export function killEmulator(domain: string): void {
  process.kill(Number(readFileSync(`/run/libvirt/qemu/${domain}.pid`, 'utf8').trim()), 'SIGKILL');
}

/** True when an SSH server greets at the address. */
export function greetsBySsh(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 5000 });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (chunk) => end(chunk.toString().startsWith('SSH-')));
    socket.on('error', () => end(false)).on('timeout', () => end(false));
  });
}
