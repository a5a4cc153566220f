import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { createRegistry, memoryStore, type ProviderDefinition, type Registry, type Store } from '../../src/index.js';
import { createStdioToolset, type StdioToolset, type StdioToolsetOptions } from '../../src/mcp/index.js';

export const rawServer = fileURLToPath(new URL('servers/raw-server.mjs', import.meta.url));

/** How to run the raw server; what it is told goes in one variable. */
export function rawConnection(settings: Record<string, unknown> = {}, env: Record<string, string> = {}) {
  return { command: process.execPath, args: [rawServer], env: { SETTINGS: JSON.stringify(settings), ...env } };
}

/** A registry with one provider, `weather`, whose key is given. */
export function registryOf(
  secrets: Record<string, string>,
  definition: Partial<ProviderDefinition> = {},
): Registry & { store: Store } {
  const store = memoryStore(secrets);
  const providers = Object.keys(secrets).map((name) => ({ name, environmentVariable: 'API_KEY', ...definition }));
  const registry = createRegistry({ providers, stores: { default: store } });
  onTestFinished(() => registry.close());
  return Object.assign(registry, { store });
}

/** A toolset that goes with the test. */
export function toolset(options: StdioToolsetOptions): StdioToolset {
  const made = createStdioToolset(options);
  onTestFinished(() => made.close());
  return made;
}

/** A file in which the raw server writes what it is sent, and a way to read it. */
export function journal(): {
  path: string;
  lines: () => { pid: number; message: Record<string, any>; line: string }[];
} {
  const directory = mkdtempSync(join(tmpdir(), 'claviger-mcp-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'journal');
  const lines = () =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((entry) => {
        const space = entry.indexOf(' ');
        const line = entry.slice(space + 1);
        return { pid: Number(entry.slice(0, space)), line, message: JSON.parse(line) };
      });
  return { path, lines };
}

export function textOf(result: unknown): string {
  return (result as { content: { text: string }[] }).content[0]?.text ?? '';
}
