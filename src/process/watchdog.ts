import { spawn } from 'node:child_process';

export interface WatchdogOptions {
  readonly pid: number;
  /** Whether the watched process leads a group of its own. */
  readonly leader: boolean;
  readonly startTime: number;
  readonly marker: string | undefined;
  /** Files and directories that must not outlive us. */
  readonly remove: readonly string[];
}

export interface Watchdog {
  /** Lets it end without doing anything. */
  disarm(): void;
}

/**
 * Waits on a pipe whose other end only we hold; when that closes without a word, we are dead. `cat`, `awk` and `grep` name
 * the same processes as `LinuxTree`; elsewhere there is the group.
 */
const script = `
trap '' HUP INT QUIT TERM
read -r _ && exit
pid=$1 started=$2 marker=$3 target=$4
shift 4
members() {
  cat /proc/[0-9]*/stat 2>/dev/null | awk -v root="$pid" -v started="$started" -v leader="\${target%%[0-9]*}" '
    { id = $1; sub(/^.*\\) /, ""); if ($1 == "Z" || $20 < started) next; parent[id] = $2
      if ((id == root && $20 == started) || (leader && ($3 == root || $4 == root))) member[id] }
    END {
      do { grown = 0
        for (id in parent) if (!(id in member) && (parent[id] in member)) { member[id]; grown = 1 }
      } while (grown)
      for (id in member) print id
    }'
  [ "$marker" ] && grep -ls "^Max file locks *$marker " /proc/[0-9]*/limits | tr -dc '0-9\\n'
}
signal() {
  if [ -d /proc/self ]; then for member in $(members); do kill -s "$1" "$member"; done
  else kill -s "$1" -- "$target"; fi
} 2>/dev/null
gone() {
  if [ -d /proc/self ]; then [ -z "$(members)" ]; else ! kill -s 0 -- "$target"; fi
} 2>/dev/null
signal TERM
for _ in 1 2 3; do gone && break; sleep 0.1; done
for _ in 1 2 3 4 5; do gone && break; signal STOP; signal KILL; sleep 0.02; done
[ $# -eq 0 ] || rm -rf -- "$@"
`;

/**
 * Starts a small shell that ends a process tree within half a second when our own process dies in a way that leaves us no
 * say, SIGKILL above all. It is in a session of its own, so that neither the terminal nor the tree's end reaches it,
 * inherits nothing of our environment, and does not keep us alive. POSIX only.
 */
export function startWatchdog(options: WatchdogOptions): Watchdog {
  if (process.platform === 'win32') return { disarm: () => undefined };
  const target = options.leader ? `-${options.pid}` : String(options.pid);
  const args = [String(options.pid), String(options.startTime), options.marker ?? '', target, ...options.remove];
  const shell = spawn('/bin/sh', ['-c', script, 'claviger-watchdog', ...args], {
    env: { PATH: '/usr/bin:/bin' },
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.on('error', () => undefined); // without a shell there is no watchdog; the tree itself must still run
  shell.stdin.on('error', () => undefined);
  shell.unref();
  (shell.stdin as unknown as { unref?: () => void }).unref?.();
  return {
    disarm: () => {
      shell.stdin.end('done\n');
    },
  };
}
