import type { ServerEntry } from './server-entry.js';

/** How the rewritten entries start us. */
export interface Launcher {
  readonly command: string;
  /** Before the verb: the file of the command line, or what finds it. */
  readonly prefix: readonly string[];
  /** Behind the verb: `--config FILE`. */
  readonly options: readonly string[];
  /** What tells us where our state is, for an entry's `env`. */
  readonly env: Readonly<Record<string, string>>;
}

/** Whether an entry runs us already, by its arguments. */
export function isLauncherEntry({ words }: ServerEntry): boolean {
  const texts = words.map(({ value }) => value);
  return texts.some(
    (text, index) =>
      text === 'mcp' && /^(?:run|connect)$/.test(texts[index + 1] ?? '') && texts.slice(0, index).some(isUs),
  );
}

/** What of such an entry is not our own: what is launched, and the environment; our options say names, no values. */
export function withoutOurs(entry: ServerEntry): ServerEntry {
  const { words } = entry;
  const verb = words.findIndex(({ value }) => value === 'mcp');
  const end = words.findIndex(({ value }, index) => index > verb && value === '--');
  return { ...entry, words: end === -1 ? [] : words.slice(end + 1) };
}

function isUs(text: string): boolean {
  return /(?:^|[\\/])claviger(?:\.cmd|\.exe|@[\w.^~-]+)?$|[\\/]cli[\\/]main\.[cm]?[jt]s$/.test(text);
}
