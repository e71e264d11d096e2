import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What an instance is told about itself. */
export interface InstanceData {
  readonly uuid: string;
  readonly hostname: string;
  readonly userData?: string;
}

/**
 * A guest under plain QEMU (software emulation, user-mode network), without libvirt and without Deskcloud: guest
 * images are tested by themselves. {@link PlainGuest.dispose} ends it and removes its files.
 */
export class PlainGuest {
  /** Everything that came over the serial console since the guest was started last. */
  console = '';
  readonly #directory: string;
  readonly #image: string;
  #process: ChildProcess | undefined;
  #port = 0;

  private constructor(directory: string, image: string) {
    this.#directory = directory;
    this.#image = image;
  }

  /** Makes the directory, a disk of `diskGiB` over the image, and an SSH key. */
  static async create(image: string, diskGiB: number): Promise<PlainGuest> {
    const directory = await mkdtemp(join(tmpdir(), 'deskcloud-plain-guest-'));
    const guest = new PlainGuest(directory, join(directory, 'disk.qcow2'));
    await run('qemu-img', [
      'create',
      '-q',
      '-f',
      'qcow2',
      '-b',
      image,
      '-F',
      'qcow2',
      guest.#image,
      `${diskGiB}G`,
    ]);
    await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(directory, 'key')]);
    return guest;
  }

  /** Writes instance data in OpenStack's layout and returns the directory that holds it. */
  async writeMetadata(instance: InstanceData): Promise<string> {
    const root = join(this.#directory, 'metadata');
    const latest = join(root, 'openstack/latest');
    await mkdir(latest, { recursive: true });
    const key = await readFile(join(this.#directory, 'key.pub'), 'utf8');
    await writeFile(
      join(latest, 'meta_data.json'),
      JSON.stringify({
        uuid: instance.uuid,
        hostname: instance.hostname,
        name: 'a "name"\\ with é and \u2603',
        public_keys: { 'the key': key },
        meta: { empty: {}, list: [], nothing: null, nested: [{ a: 1.5e3, b: [true] }] },
      }),
    );
    if (instance.userData !== undefined) await writeFile(join(latest, 'user_data'), instance.userData);
    return root;
  }

  /** Writes instance data in EC2's layout only, and returns the directory that holds it. */
  async writeEc2Metadata(instance: InstanceData): Promise<string> {
    const root = join(this.#directory, 'ec2');
    const data = join(root, 'latest/meta-data');
    await mkdir(join(data, 'public-keys/0'), { recursive: true });
    const key = await readFile(join(this.#directory, 'key.pub'), 'utf8');
    await writeFile(join(data, 'instance-id'), instance.uuid);
    await writeFile(join(data, 'hostname'), instance.hostname);
    await writeFile(join(data, 'public-keys/0/openssh-key'), key);
    return root;
  }

  /** Makes a config drive of a directory; give its path to {@link start}. */
  async makeConfigDrive(metadata: string): Promise<string> {
    const drive = join(this.#directory, 'config-drive.iso');
    await run('xorriso', ['-as', 'mkisofs', '-quiet', '-V', 'config-2', '-J', '-r', '-o', drive, metadata]);
    return drive;
  }

  /**
   * Powers the guest on. `metadata` is served at 169.254.169.254 by a program per connection, as QEMU's user-mode
   * network can do without any privilege.
   */
  async start(options: {
    readonly memoryMiB: number;
    readonly configDrive?: string;
    readonly metadata?: string;
  }): Promise<void> {
    this.#port = await freePort();
    this.console = '';
    const responder = join(import.meta.dirname, 'respond.ts');
    const service =
      options.metadata === undefined
        ? ''
        : `,net=169.254.0.0/16,guestfwd=tcp:169.254.169.254:80-cmd:${process.execPath} ${responder} ${options.metadata}`;
    const drive =
      options.configDrive === undefined
        ? []
        : ['-drive', `file=${options.configDrive},if=virtio,format=raw,readonly=on`];
    this.#process = spawn(
      'qemu-system-x86_64',
      [
        '-name deskcloud-plain-guest -machine pc -accel tcg -cpu max -display none -serial stdio'.split(' '),
        ['-m', `${options.memoryMiB}`, '-smbios', 'type=1,product=OpenStack Nova'],
        ['-qmp', `unix:${join(this.#directory, 'qmp')},server=on,wait=off`],
        ['-drive', `file=${this.#image},if=virtio`],
        drive,
        ['-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${this.#port}-:22${service}`],
        ['-device', 'virtio-net-pci,netdev=net', '-device', 'virtio-rng-pci'],
      ].flat(),
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.console += text));
    }
  }

  /** Waits until the console has shown `pattern`. */
  async waitForConsole(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    const running = this.#running();
    const deadline = AbortSignal.timeout(timeoutMs);
    for (;;) {
      const match = pattern.exec(this.console);
      if (match) return match;
      if (running.exitCode !== null) throw new Error(`the guest ended before ${pattern}:\n${this.console}`);
      await once(running.stdout ?? running, 'data', { signal: deadline }).catch((error: unknown) => {
        throw new Error(`no ${pattern} within ${timeoutMs} ms on the console:\n${this.console}`, {
          cause: error,
        });
      });
    }
  }

  /** Runs a command in the guest by SSH with the instance's key and returns its output. */
  async ssh(user: string, command: string): Promise<string> {
    const options = [
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'BatchMode=yes',
      'LogLevel=ERROR',
    ];
    const { stdout } = await run(
      'ssh',
      [
        ['-i', join(this.#directory, 'key'), '-p', `${this.#port}`],
        options.flatMap((option) => ['-o', option]),
        [`${user}@127.0.0.1`, command],
      ].flat(),
    );
    return stdout;
  }

  /** Presses the power button and waits until the guest is off. */
  async powerButton(): Promise<void> {
    const running = this.#running();
    const ended = once(running, 'close', { signal: AbortSignal.timeout(90_000) });
    const socket = connect(join(this.#directory, 'qmp'));
    socket.on('error', () => undefined);
    socket.write('{"execute":"qmp_capabilities"}\n{"execute":"system_powerdown"}\n');
    try {
      await ended;
    } catch (error) {
      throw new Error(`the guest did not power off:\n${this.console.slice(-2000)}`, { cause: error });
    } finally {
      socket.destroy();
    }
  }

  /** Ends the guest at once, if it runs, and removes its files. */
  async dispose(): Promise<void> {
    const process = this.#process;
    if (process !== undefined && process.exitCode === null && process.signalCode === null) {
      process.kill('SIGKILL');
      await once(process, 'close');
    }
    await rm(this.#directory, { recursive: true, force: true });
  }

  #running(): ChildProcess {
    if (this.#process === undefined) throw new Error('the guest was not started');
    return this.#process;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
