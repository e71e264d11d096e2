import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface KernelGuestFiles {
  readonly kernel: string;
  readonly initramfs: string;
  /** Raw, in the order in which the guest sees them, with how QEMU caches them. */
  readonly disks: readonly { readonly path: string; readonly cache: 'unsafe' | 'writeback' }[];
}

/** A guest of a kernel and an initramfs, by plain QEMU. It can be killed, which loses what it has not written, and started again. */
export class KernelGuest {
  /** Everything on the serial console since the last start. */
  console = '';
  readonly #files: KernelGuestFiles;
  #process: ChildProcess | undefined;
  /** Something was added to the console, or the guest has ended. */
  #wake: () => void = () => undefined;

  constructor(files: KernelGuestFiles) {
    this.#files = files;
  }

  /** @param argument one more for the kernel's command line. */
  start(argument = ''): void {
    const { kernel, initramfs, disks } = this.#files;
    // A kernel that waits for ten ticks of its timer, and panics without, is wrong about emulation on a busy machine.
    const always = 'console=ttyS0 quiet panic=-1 no_timer_check';
    this.console = '';
    const child = spawn(
      'qemu-system-x86_64',
      [
        ['-M', 'q35', '-cpu', 'max', '-m', '1024', '-nographic', '-no-reboot', '-nic', 'none'],
        ['-kernel', kernel, '-initrd', initramfs],
        ['-append', `${always} ${argument}`],
        disks.flatMap(({ path, cache }) => ['-drive', `file=${path},format=raw,if=virtio,cache=${cache}`]),
      ].flat(),
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    child.stdout.setEncoding('latin1').on('data', (text: string) => {
      this.console += text;
      this.#wake();
    });
    child.once('close', () => this.#wake());
    this.#process = child;
  }

  /** What follows the mark in the console's complete lines that have it. */
  lines(mark: string): string[] {
    return (
      this.console
        .split(/\r?\n/)
        .slice(0, -1)
        // What the firmware does to the screen comes before the first.
        .filter((line) => line.includes(mark))
        .map((line) => line.slice(line.indexOf(mark) + mark.length))
    );
  }

  /** Resolves when the console is as wanted, looked at whenever something is added. @throws when the guest ends first. */
  async until(wanted: () => boolean): Promise<void> {
    const child = this.#running();
    while (!wanted()) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the guest has ended: ${this.console.slice(-3000)}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Resolves when the guest has switched itself off. */
  async ended(): Promise<void> {
    const child = this.#running();
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
  }

  /** As if its power were cut. */
  async kill(): Promise<void> {
    this.#process?.kill('SIGKILL');
    if (this.#process !== undefined) await this.ended();
  }

  #running(): ChildProcess {
    if (this.#process === undefined) throw new Error('the guest was not started');
    return this.#process;
  }
}
