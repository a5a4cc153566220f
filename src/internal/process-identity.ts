import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, told apart from every later one that gets the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start time in clock ticks since boot (proc(5), `/proc/PID/stat` field 22); "" where there is no `/proc`. */
  readonly start: string;
  /** Within which the process number means something: a hash of host name, boot and process-number namespace; hex. */
  readonly realm: string;
}

let self: ProcessIdentity | undefined;

/** This process. */
export function ownIdentity(): ProcessIdentity {
  self ??= { pid: process.pid, start: statOf(process.pid)?.start ?? '', realm: ownRealm() };
  return self;
}

/** Whether a process still runs; undefined where that can't be told from here. */
export function isAlive({ pid, start, realm }: ProcessIdentity): boolean | undefined {
  if (realm !== ownIdentity().realm) return undefined;
  if (process.platform !== 'linux') return respondsToSignals(pid) ? undefined : false;
  const stat = statOf(pid);
  // A zombie holds nothing any more: it only waits for its parent to ask.
  return stat?.start === start && stat.state !== 'Z' && stat.state !== 'X';
}

function statOf(pid: number): { state: string; start: string } | undefined {
  const stat = textOf(() => readFileSync(`/proc/${String(pid)}/stat`, 'latin1'));
  // The second field is the program's name in brackets, and may itself hold brackets and blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const start = fields[19];
  return state && start ? { state, start } : undefined;
}

function ownRealm(): string {
  const boot = textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1')).trim();
  const namespace = textOf(() => readlinkSync('/proc/self/ns/pid'));
  return createHash('sha256').update([hostname(), boot, namespace].join('\n')).digest('hex').slice(0, 16);
}

function respondsToSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
