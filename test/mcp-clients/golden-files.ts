import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync, realpathSync } from 'node:fs';
import type { ClientName } from '../../src/mcp-clients/client-files.js';

const folder = new URL('golden/', import.meta.url);

/** A config file as people have it, and what it becomes; `@name@` stands for a key. */
interface GoldenFile {
  readonly client: ClientName;
  readonly extension: string;
  readonly before: string;
  /** Undefined where it was not written yet. */
  readonly after: string | undefined;
}

export function goldenFiles(): GoldenFile[] {
  const names = readdirSync(folder);
  return names.flatMap((name) => {
    const [, client, extension = ''] = /^(.+)\.before\.(\w+)$/.exec(name) ?? [];
    if (client === undefined) return [];
    const after = names.includes(`${client}.after.${extension}`) ? read(`${client}.after.${extension}`) : undefined;
    return [{ client: client as ClientName, extension, before: read(name), after }];
  });
}

/** The text with a fresh key in the form of its vendor for each name, and the keys. */
export function withKeys(text: string): { text: string; keys: Map<string, string> } {
  const keys = new Map<string, string>();
  const filled = text.replace(/@(\w+)@/g, (_whole, name: string) => {
    const key = keys.get(name) ?? freshKey(name);
    keys.set(name, key);
    return key;
  });
  return { text: filled, keys };
}

/** What differs from machine to machine by its name. */
export function portableText(text: string, configFile: string): string {
  const told: readonly (readonly [string, string])[] = [
    [realpathSync(process.argv[1] ?? ''), 'CLI'],
    [process.execPath, 'NODE'],
    [configFile, 'CONFIG'],
  ];
  return told.reduce((rest, [path, name]) => rest.replaceAll(path, name), text);
}

const prefixes: Readonly<Record<string, string>> = {
  gitlab: 'glpat-',
  notion: 'ntn_',
  github: 'ghp_',
  firecrawl: 'fc-',
  stripe: 'sk_test_',
  linear: 'lin_api_',
  slack: 'xoxb-',
  tavily: 'tvly-',
  huggingface: 'hf_',
};

function freshKey(name: string): string {
  if (name === 'sentry') return `sntryu_${randomBytes(32).toString('hex')}`;
  if (name === 'launchdarkly')
    return `api-${[4, 2, 2, 2, 6].map((bytes) => randomBytes(bytes).toString('hex')).join('-')}`;
  return `${prefixes[name] ?? 'ck_'}${Array.from(randomBytes(44), (byte) => letters[byte % letters.length]).join('')}`;
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

function read(name: string): string {
  return readFileSync(new URL(name, folder), 'utf8');
}
