import { readdirSync, readFileSync } from 'node:fs';

/** One process, as Linux shows it in `/proc/<pid>/stat` (proc_pid_stat(5)). */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** In clock ticks since boot. Together with the pid it names one process for good: pids are used again. */
  readonly startTime: number;
  /** False for a zombie: it has ended and only waits for its parent to notice. */
  readonly alive: boolean;
}

/** The process of that pid, or `undefined` when there is none. */
export function readProcess(pid: number): ProcessEntry | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name in the second field is free text, parentheses and spaces included: only what follows the last ")" is safe.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const number = (index: number) => Number(fields[index - 3]);
  const state = fields[0] ?? 'X';
  return {
    pid,
    parent: number(4),
    group: number(5),
    session: number(6),
    startTime: number(22),
    alive: state !== 'Z' && state !== 'X',
  };
}

/** Every process of the machine that is visible to us, zombies included. */
export function readProcessTable(): ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== undefined);
}

/** The soft `RLIMIT_LOCKS` of a process as `/proc/<pid>/limits` spells it, or `undefined` when the process is gone. */
export function readLocksLimit(pid: number): string | undefined {
  return /^Max file locks +(\S+)/m.exec(read(`/proc/${pid}/limits`) ?? '')?.[1];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined; // ended between the listing and now, or not ours to see
  }
}
