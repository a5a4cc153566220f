import { spawn } from 'node:child_process';
import { readLocksLimit, readProcess, readProcessTable } from './process-table.js';
import type { ProcessEntry } from './process-table.js';

/** Reaches every process of one tree, by the means of its platform. */
export interface TreeControl {
  signal(signal: NodeJS.Signals): void;
  /** Whether no process of the tree is left. */
  isGone(): boolean;
}

export interface TreeRoot {
  readonly pid: number;
  /** See `ProcessEntry`; 0 where there is no `/proc`. */
  readonly startTime: number;
  /** Whether the root leads a process group and session of its own. */
  readonly leader: boolean;
  /** What every descendant carries; see `markCommand`. */
  readonly marker: string | undefined;
  /** Whether the root itself has ended. */
  readonly hasExited: () => boolean;
}

export function controlTree(root: TreeRoot): TreeControl {
  if (process.platform === 'linux') return new LinuxTree(root);
  return process.platform === 'win32' ? windowsTree(root) : groupTree(root);
}

/** More rounds than it takes to stop a tree that forks as fast as we look. */
const freezeRounds = 50;

/**
 * A tree found through `/proc`: the root's group and session, everything that carries the marker, everything below
 * these, and whatever belonged to it when we looked before.
 */
class LinuxTree implements TreeControl {
  readonly #root: TreeRoot;
  /** Pid and start time of the members last seen. */
  #known: Map<number, number>;

  constructor(root: TreeRoot) {
    this.#root = root;
    this.#known = new Map([[root.pid, root.startTime]]);
  }

  signal(signal: NodeJS.Signals): void {
    const members = signal === 'SIGKILL' ? this.#freeze() : this.#find();
    for (const { pid } of members) send(pid, signal);
  }

  isGone(): boolean {
    for (const [pid, startTime] of this.#known) {
      const entry = readProcess(pid);
      if (entry?.alive === true && entry.startTime === startTime) return false;
    }
    return this.#find().length === 0;
  }

  /** Stops the tree until nothing new appears: what is stopped can't fork, so that nothing slips through the killing. */
  #freeze(): Iterable<ProcessEntry> {
    const frozen = new Map<number, ProcessEntry>();
    for (let round = 0; round < freezeRounds; round += 1) {
      const fresh = this.#find().filter((member) => !frozen.has(member.pid));
      if (fresh.length === 0) break;
      for (const member of fresh) {
        send(member.pid, 'SIGSTOP');
        frozen.set(member.pid, member);
      }
    }
    return frozen.values();
  }

  #find(): ProcessEntry[] {
    const candidates = readProcessTable().filter(
      (entry) => entry.startTime >= this.#root.startTime && entry.pid !== process.pid,
    );
    const children = byParent(candidates);
    const members = new Map<number, ProcessEntry>();
    const adopt = (entry: ProcessEntry): void => {
      if (members.has(entry.pid)) return;
      members.set(entry.pid, entry);
      children.get(entry.pid)?.forEach(adopt);
    };
    candidates.filter((entry) => this.#isKnown(entry) || this.#isInGroup(entry)).forEach(adopt);
    // Most are found by now, and the marker costs a second file to read.
    candidates.filter((entry) => !members.has(entry.pid) && this.#isMarked(entry)).forEach(adopt);
    const living = [...members.values()].filter((entry) => entry.alive);
    this.#known = new Map(living.map((entry) => [entry.pid, entry.startTime]));
    return living;
  }

  #isKnown(entry: ProcessEntry): boolean {
    return this.#known.get(entry.pid) === entry.startTime;
  }

  #isInGroup(entry: ProcessEntry): boolean {
    return this.#root.leader && (entry.group === this.#root.pid || entry.session === this.#root.pid);
  }

  #isMarked(entry: ProcessEntry): boolean {
    return this.#root.marker !== undefined && readLocksLimit(entry.pid) === this.#root.marker;
  }
}

function byParent(entries: readonly ProcessEntry[]): Map<number, ProcessEntry[]> {
  const children = new Map<number, ProcessEntry[]>();
  for (const entry of entries) {
    const siblings = children.get(entry.parent);
    if (siblings === undefined) children.set(entry.parent, [entry]);
    else siblings.push(entry);
  }
  return children;
}

/** Other POSIX systems: the process group, which is all they let us name. */
function groupTree({ pid, leader, hasExited }: TreeRoot): TreeControl {
  if (leader) return { signal: (signal) => void send(-pid, signal), isGone: () => !send(-pid, 0) };
  const signal = (name: NodeJS.Signals): void => {
    if (!hasExited()) send(pid, name);
  };
  return { signal, isGone: hasExited };
}

/** Windows: `taskkill` walks the tree; there is no polite way to end a console process there. */
function windowsTree({ pid, hasExited }: TreeRoot): TreeControl {
  return {
    signal: () => {
      if (hasExited()) return;
      spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => {
        send(pid, 'SIGKILL');
      });
    },
    isGone: hasExited,
  };
}

/** False when there is nothing (any more) to send to, or it isn't ours. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
