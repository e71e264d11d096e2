import { constants } from 'node:fs';
import { access, readFile, stat, statfs } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { CommandError, type CommandRunner } from '../command/interface.ts';
import type { Finding, SetupHost, SetupProgress, SetupReport } from './interface.ts';
import { iscsiFinding } from './iscsi.ts';
import { lvmFinding, type SetupBackend } from './lvm.ts';
import { FIRMWARE, PROGRAM_PATHS, TOOLS } from './tools.ts';

const GIB = 1024 ** 3;
const LIBVIRT_SOCKETS = ['/run/libvirt/virtqemud-sock', '/run/libvirt/libvirt-sock'];

export interface LinuxSetupOptions {
  readonly commands: CommandRunner;
  /** Where the cloud's disks will be; the nearest directory above it that exists is looked at. */
  readonly stateDirectory: string;
  /** Where the settings keep volumes. */
  readonly backends?: readonly SetupBackend[];
}

/** The real {@link SetupHost}: Debian and its relatives; elsewhere it still says what is missing. */
export class LinuxSetupHost implements SetupHost {
  readonly #options: LinuxSetupOptions;

  constructor(options: LinuxSetupOptions) {
    this.#options = options;
  }

  async check(): Promise<SetupReport> {
    const missing = await missingTools();
    const iscsi = iscsiFinding();
    const lvm = lvmFinding(this.#options.backends ?? []);
    const findings = [
      toolsFinding(missing),
      await kvmFinding(),
      await tunFinding(),
      await spaceFinding(this.#options.stateDirectory),
      await libvirtFinding(missing.some((tool) => tool.program === 'libvirtd')),
      iscsi.finding,
      ...(lvm === undefined ? [] : [lvm.finding]),
    ];
    return {
      findings,
      packages: [
        ...new Set([...missing.map((tool) => tool.package), ...iscsi.packages, ...(lvm?.packages ?? [])]),
      ].sort(),
      ready: findings.every((finding) => finding.status !== 'missing'),
    };
  }

  async fix(report: SetupReport, onProgress: (progress: SetupProgress) => void): Promise<void> {
    if (report.packages.length > 0) await this.#install(report.packages, onProgress);
    // Debian starts a target daemon of its own on all interfaces, which Deskcloud does not use.
    if (report.packages.includes('tgt') && (await hasSystemd()))
      await this.#options.commands.run(['systemctl', 'disable', '--now', 'tgt'], { timeoutMs: 60_000 });
    // What was installed changes what there is to see: libvirt's user, /dev/kvm's group.
    const now = await this.check();
    const needs = (id: string): boolean =>
      now.findings.some((f) => f.id === id && f.status !== 'ok' && f.fixable);
    if (needs('kvm')) {
      onProgress({ fraction: 0.9, text: 'giving /dev/kvm to the group kvm' });
      await this.#fixKvm();
    }
    if (needs('tun')) await this.#options.commands.run(['modprobe', 'tun']);
    if (needs('libvirt')) {
      onProgress({ fraction: 0.95, text: 'starting libvirt' });
      await this.#startLibvirt();
    }
    onProgress({ fraction: 1, text: 'set up' });
  }

  async #install(packages: readonly string[], onProgress: (progress: SetupProgress) => void): Promise<void> {
    const { commands } = this.#options;
    onProgress({ fraction: 0, text: 'reading the package lists' });
    await commands.run(['apt-get', 'update'], { timeoutMs: 300_000 });
    let line = '';
    await commands.run(
      [
        'env',
        'DEBIAN_FRONTEND=noninteractive',
        'apt-get',
        '-o',
        'APT::Status-Fd=1',
        '-o',
        'Dpkg::Lock::Timeout=300',
        'install',
        '--yes',
        '--no-install-recommends',
        ...packages,
      ],
      {
        timeoutMs: 1_800_000,
        onOutput: (chunk) => {
          line = (line + chunk).slice(-4096);
          // 'pmstatus:<package>:<percent>:<text>' and 'dlstatus:<n>:<percent>:<text>' (apt's status protocol).
          const match = [...line.matchAll(/^(pm|dl)status:[^:]*:([\d.]+):(.*)$/gm)].at(-1);
          if (match === undefined) return;
          const percent = Number(match[2]) / 100;
          onProgress({
            fraction: match[1] === 'dl' ? percent * 0.4 : 0.4 + percent * 0.45,
            text: match[3] ?? '',
          });
        },
      },
    );
  }

  async #fixKvm(): Promise<void> {
    const { commands } = this.#options;
    await commands.run(['chgrp', 'kvm', '/dev/kvm']);
    await commands.run(['chmod', '0660', '/dev/kvm']);
    // libvirtd keeps what it found of the accelerator at its start.
    if (await answers(LIBVIRT_SOCKETS)) await this.#restartLibvirt();
  }

  async #restartLibvirt(): Promise<void> {
    const { commands } = this.#options;
    if (await hasSystemd()) {
      await commands.run(['systemctl', 'restart', 'libvirtd'], { timeoutMs: 60_000 });
      return;
    }
    const pid = Number((await readFile('/run/libvirtd.pid', 'utf8').catch(() => '')).trim());
    if (!Number.isInteger(pid) || pid <= 1) return;
    process.kill(pid, 'SIGTERM');
    await until(async () => !(await exists(`/proc/${pid}`)), 'libvirtd did not end');
    await this.#startLibvirt();
  }

  async #startLibvirt(): Promise<void> {
    const { commands } = this.#options;
    if (await hasSystemd()) {
      await commands.run(['systemctl', 'enable', '--now', 'libvirtd'], { timeoutMs: 60_000 });
    } else {
      await startDaemon(commands, 'virtlogd');
      await startDaemon(commands, 'libvirtd');
    }
    await until(
      () => answers(LIBVIRT_SOCKETS),
      'libvirtd was started and does not answer on its socket; see /var/log/libvirt',
    );
  }
}

/** Starts a daemon; that it runs already is fine: it then refuses, having found its pid file locked. */
async function startDaemon(commands: CommandRunner, program: 'virtlogd' | 'libvirtd'): Promise<void> {
  try {
    await commands.run([program, '--daemon']);
  } catch (error) {
    if (!(error instanceof CommandError) || !/pid file|already running/i.test(error.stderr)) throw error;
  }
}

async function missingTools(): Promise<{ program: string; package: string; purpose: string }[]> {
  const found = await Promise.all(TOOLS.map(async (tool) => ({ tool, there: await onPath(tool.program) })));
  const missing = found.filter((one) => !one.there).map((one) => one.tool);
  // libvirt runs as virtqemud alone on newer systems.
  const modular = await onPath('virtqemud');
  const needed = missing.filter((tool) => tool.program !== 'libvirtd' || !modular);
  const firmware = await exists(FIRMWARE.path);
  return firmware
    ? needed
    : [...needed, { program: 'seabios', package: FIRMWARE.package, purpose: "is the guests' BIOS" }];
}

function toolsFinding(missing: readonly { program: string; package: string; purpose: string }[]): Finding {
  const title = 'the programs that Deskcloud uses are installed';
  if (missing.length === 0)
    return { id: 'tools', title, status: 'ok', detail: `all ${TOOLS.length} are there`, fixable: false };
  const packages = [...new Set(missing.map((tool) => tool.package))].sort().join(' ');
  return {
    id: 'tools',
    title,
    status: 'missing',
    detail: missing.map((tool) => `${tool.program} is missing (${tool.purpose})`).join('; '),
    remedy: `sudo apt-get install --no-install-recommends ${packages}`,
    fixable: true,
  };
}

/**
 * /dev/kvm being there is not the test: it is usable only where the processor has vmx or svm too. Without them guests
 * are emulated. A /dev/kvm that libvirt's user cannot open makes libvirt drop its cache at every start of a guest,
 * which then takes a minute, whether or not KVM works.
 */
async function kvmFinding(): Promise<Finding> {
  const title = 'hardware virtualisation';
  const device = await stat('/dev/kvm').catch(() => undefined);
  const cpu = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const capable = /^flags\s*:.*\b(vmx|svm)\b/m.test(cpu);
  if (device !== undefined && !(await opensForGuests(device))) {
    return {
      id: 'kvm',
      title,
      status: 'missing',
      detail: `/dev/kvm is there, but libvirt's user cannot open it (mode ${(device.mode & 0o777).toString(8)}, group ${device.gid}): each start of a guest would take a minute`,
      remedy: 'sudo chgrp kvm /dev/kvm && sudo chmod 660 /dev/kvm, then restart libvirtd',
      fixable: true,
    };
  }
  if (capable && device !== undefined)
    return { id: 'kvm', title, status: 'ok', detail: 'KVM is usable', fixable: false };
  return {
    id: 'kvm',
    title,
    status: 'warning',
    detail: capable
      ? 'the processor can virtualise, but /dev/kvm is not there; guests are emulated, which is slow'
      : 'the processor (or the virtual machine that this is) has neither vmx nor svm; guests are emulated, which is slow',
    remedy: capable
      ? 'enable virtualisation in the firmware, then: sudo modprobe kvm_intel (or kvm_amd)'
      : 'enable (nested) virtualisation for this machine, if it is one',
    fixable: false,
  };
}

/** Libvirt's user is in the group kvm. Before libvirt is installed there may be no such group, and nothing to say. */
async function opensForGuests(device: { readonly mode: number; readonly gid: number }): Promise<boolean> {
  if ((device.mode & 0o006) === 0o006) return true;
  const groups = await readFile('/etc/group', 'utf8').catch(() => '');
  const kvm = /^kvm:[^:]*:(\d+):/m.exec(groups)?.[1];
  return (device.mode & 0o060) === 0o060 && (kvm === undefined || device.gid === Number(kvm));
}

async function tunFinding(): Promise<Finding> {
  const title = 'the kernel makes tap devices';
  if (await exists('/dev/net/tun'))
    return { id: 'tun', title, status: 'ok', detail: '/dev/net/tun is there', fixable: false };
  return {
    id: 'tun',
    title,
    status: 'missing',
    detail: '/dev/net/tun is missing: guests would have no network',
    remedy: 'sudo modprobe tun',
    fixable: true,
  };
}

async function spaceFinding(directory: string): Promise<Finding> {
  const title = 'room for disks and images';
  let place = directory;
  while (!(await exists(place)) && place !== '/') place = dirname(place);
  const { bavail, bsize } = await statfs(place);
  const free = (bavail * bsize) / GIB;
  const detail = `${free.toFixed(1)} GiB are free at ${directory}`;
  if (free >= 5) return { id: 'space', title, status: 'ok', detail, fixable: false };
  const remedy = `free some space there, or set stateDirectory in /etc/deskcloud/deskcloud.yaml to a larger disk`;
  return { id: 'space', title, status: free < 1 ? 'missing' : 'warning', detail, remedy, fixable: false };
}

async function libvirtFinding(notInstalled: boolean): Promise<Finding> {
  const title = 'libvirt is running';
  if (await answers(LIBVIRT_SOCKETS))
    return { id: 'libvirt', title, status: 'ok', detail: 'its socket answers', fixable: false };
  const systemd = await hasSystemd();
  return {
    id: 'libvirt',
    title,
    status: 'missing',
    detail: notInstalled ? 'libvirtd is not installed' : 'nothing answers on its socket',
    remedy: systemd ? 'sudo systemctl enable --now libvirtd' : 'sudo virtlogd -d; sudo libvirtd -d',
    fixable: true,
  };
}

async function onPath(program: string): Promise<boolean> {
  const found = await Promise.all(PROGRAM_PATHS.map((directory) => executable(join(directory, program))));
  return found.includes(true);
}

const executable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const hasSystemd = (): Promise<boolean> => exists('/run/systemd/system');

/** True when something accepts on one of the sockets, or only refuses us for want of privilege. */
async function answers(paths: readonly string[]): Promise<boolean> {
  const tried = await Promise.all(paths.map((path) => accepts(path)));
  return tried.includes(true);
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EACCES'));
  });
}

/** Looks again every 50 ms for 20 s: for daemons that give no other sign. */
async function until(condition: () => Promise<boolean>, failure: string): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(failure);
}
