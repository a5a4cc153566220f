import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A real terminal emulator, to see what is on its screen and in what can be scrolled back to. */
export class Tmux implements Disposable {
  readonly #env: Record<string, string>;

  /** @param folder Where its socket and its settings are. */
  constructor(folder: string, env: Record<string, string>, command: string, settings = '') {
    this.#env = { ...env, TMUX_TMPDIR: folder };
    writeFileSync(join(folder, 'tmux.conf'), settings);
    this.#run('-f', join(folder, 'tmux.conf'), 'new-session', '-d', '-x', '90', '-y', '24', command);
  }

  type(text: string): void {
    this.#run('send-keys', '-l', text);
  }

  press(key: string): void {
    this.#run('send-keys', key);
  }

  /** What is seen now. */
  screen(): string {
    return this.#run('capture-pane', '-p');
  }

  /** What is seen and what can be scrolled back to. */
  everything(): string {
    return this.#run('capture-pane', '-p', '-S', '-');
  }

  /** The process that the shell runs now. */
  runningProcess(): number {
    const shell = this.#run('display-message', '-p', '#{pane_pid}').trim();
    return Number(readFileSync(`/proc/${shell}/task/${shell}/children`, 'utf8').trim().split(' ').at(-1));
  }

  /** Waits until the screen shows it. */
  async until(text: string | RegExp): Promise<string> {
    for (let turn = 0; turn < 200; turn++) {
      const screen = this.screen();
      if (typeof text === 'string' ? screen.includes(text) : text.test(screen)) return screen;
      await delay(50);
    }
    throw new Error(`the screen never showed ${String(text)}:\n${this.screen()}`);
  }

  #run(...args: string[]): string {
    return execFileSync('tmux', args, { env: this.#env, encoding: 'utf8' });
  }

  [Symbol.dispose](): void {
    try {
      this.#run('kill-server');
    } catch {
      // it ended with its command
    }
  }
}
