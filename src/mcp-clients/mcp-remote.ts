import { LeftAsItIs } from './entry-plan.js';
import { olderTransport, type RemoteHeader } from './remote.js';
import type { ServerEntry } from './server-entry.js';
import { splitCommand } from './split-command.js';

/** What an entry tells mcp-remote. */
interface Bridge {
  readonly url: string;
  readonly headers: readonly RemoteHeader[];
  /** Variables of the entry that its headers were made of. */
  readonly variables: readonly string[];
}

const withValue = ['--header', '--transport', '--host', '--resource', '--auth-timeout'];
const alone = ['--allow-http', '--debug', '--silent', '--enable-proxy'];

/** Whether an entry runs mcp-remote, with which clients without remote servers reach one. */
export function isBridge(entry: ServerEntry): boolean {
  return bridgeWords(entry) !== undefined;
}

/** @throws LeftAsItIs for what we would do differently */
export function readBridge(entry: ServerEntry): Bridge {
  const words = bridgeWords(entry) ?? [];
  const headers: string[] = [];
  const positionals: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [flag = '', joined] = word.startsWith('--') ? splitFlag(word) : [];
    if (withValue.includes(flag)) {
      const value = joined ?? words[++at] ?? '';
      if (flag === '--header') headers.push(value);
      if (flag === '--transport' && value.startsWith('sse')) throw new LeftAsItIs(olderTransport);
    } else if (word.startsWith('-') && !alone.includes(flag)) {
      throw new LeftAsItIs('an option of mcp-remote has no counterpart');
    } else if (!word.startsWith('-')) {
      positionals.push(word);
    }
  }
  const [url] = positionals;
  if (url === undefined) throw new LeftAsItIs('mcp-remote is given no address');
  const variables = new Set<string>();
  return { url, headers: headers.map((text) => headerOf(text, entry, variables)), variables: [...variables] };
}

function bridgeWords({ words }: ServerEntry): string[] | undefined {
  const [first] = words;
  const texts = words.length === 1 && first !== undefined ? splitCommand(first.value) : words.map(({ value }) => value);
  const at = texts?.findIndex((text) => /(?:^|[\\/])mcp-remote(?:@[^/\\]*)?$/.test(text)) ?? -1;
  return at === -1 ? undefined : texts?.slice(at + 1);
}

function splitFlag(word: string): [string, string | undefined] {
  const at = word.indexOf('=');
  return at === -1 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

/** `Name: value`, its references to the entry's own variables filled in. */
function headerOf(text: string, { env }: ServerEntry, used: Set<string>): RemoteHeader {
  const [, name, value = ''] = /^([^\s:]+)\s*:\s*([^]*)$/.exec(text) ?? [];
  if (name === undefined) throw new LeftAsItIs('a header of mcp-remote has no name');
  const filled = value.replace(/\$\{(\w+)\}/g, (whole, variable: string) => {
    const found = env.find(({ path }) => path.at(-1) === variable);
    if (found === undefined) return whole;
    used.add(variable);
    return found.value;
  });
  return { name, value: filled };
}
