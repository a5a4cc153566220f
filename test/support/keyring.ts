import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { needs, needsLibrary } from './needs.js';

/** Whether GNOME's keyring, a private session bus and libsecret are here. */
export function hasKeyring(): boolean {
  const found = [needs('dbus-daemon'), needs('dbus-send'), needs('gnome-keyring-daemon')];
  return found.every(Boolean) && needsLibrary('libsecret-1-0, and keytar', process.execPath, '-e', 'require("keytar")');
}

/** A session bus and a keyring of their own, in a home of their own. */
export class Keyring {
  readonly #children: ChildProcess[] = [];
  readonly socket: string;
  readonly env: Record<string, string>;
  #daemon: ChildProcess | undefined;

  private constructor(readonly directory: string) {
    this.socket = join(directory, 'runtime', 'bus');
    this.env = {
      PATH: process.env['PATH'] ?? '',
      HOME: join(directory, 'home'),
      XDG_RUNTIME_DIR: join(directory, 'runtime'),
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${this.socket}`,
      CLAVIGER_HOME: join(directory, 'state'),
    };
  }

  static async start(): Promise<Keyring> {
    const keyring = new Keyring(
      await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'claviger-keyring-')),
    );
    for (const folder of ['home', 'runtime']) await mkdir(join(keyring.directory, folder), { mode: 0o700 });
    const bus = keyring.#spawn('dbus-daemon', [
      '--session',
      '--nofork',
      '--print-address',
      `--address=unix:path=${keyring.socket}`,
    ]);
    await once(bus.stdout!, 'data');
    return keyring;
  }

  /** Puts entries there, each with the secret `the-secret-of-NAME`, into a keyring file that needs no passphrase. */
  async fill(service: string, names: readonly string[]): Promise<void> {
    const folder = join(this.env['HOME'] ?? '', '.local', 'share', 'keyrings');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const attribute = (item: number, index: number, name: string, value: string) =>
      `[${item}:attribute${index}]\nname=${name}\ntype=string\nvalue=${value}\n`;
    const items = names.map((name, index) =>
      [
        `[${index + 1}]\nitem-type=0\ndisplay-name=${name}\nsecret=the-secret-of-${name}\nmtime=0\nctime=0\n`,
        attribute(index + 1, 0, 'account', name),
        attribute(index + 1, 1, 'service', service),
        attribute(index + 1, 2, 'xdg:schema', 'org.freedesktop.Secret.Generic'),
      ].join('\n'),
    );
    const head = '[keyring]\ndisplay-name=plain\nctime=0\nmtime=0\nlock-on-idle=false\nlock-after=false\n';
    await writeFile(join(folder, 'plain.keyring'), [head, ...items].join('\n'), { mode: 0o600 });
    await writeFile(join(folder, 'default'), 'plain');
  }

  /** The keyring opens with the first passphrase that it gets, and stays locked without one. */
  async open(passphrase: string | undefined): Promise<void> {
    const args = ['--foreground', '--components=secrets', ...(passphrase === undefined ? [] : ['--unlock'])];
    this.#daemon = this.#spawn('gnome-keyring-daemon', args);
    this.#daemon.stdin?.end(passphrase);
    const owner = [
      '--session',
      '--print-reply',
      '--dest=org.freedesktop.DBus',
      '/',
      'org.freedesktop.DBus.NameHasOwner',
    ];
    const isThere = () =>
      spawnSync('dbus-send', [...owner, 'string:org.freedesktop.secrets'], { env: this.env }).stdout;
    for (let wait = 0; !isThere().includes('true'); wait++) {
      if (wait === 200) throw new Error('the keyring does not come up');
      await delay(25);
    }
  }

  /** The keyring is there and answers nobody. */
  hang(): void {
    this.#daemon?.kill('SIGSTOP');
  }

  async stopKeyring(): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === undefined) return;
    daemon.kill('SIGKILL');
    if (daemon.exitCode === null && daemon.signalCode === null) await once(daemon, 'exit');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill('SIGKILL');
    await rm(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }

  #spawn(program: string, args: string[]): ChildProcess {
    const child = spawn(program, args, { env: this.env, stdio: ['pipe', 'pipe', 'ignore'] });
    this.#children.push(child);
    return child;
  }
}
