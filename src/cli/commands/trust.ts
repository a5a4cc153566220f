import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CONFIG_NAME, createRegistry, discoverConfig, type LoadedConfig } from '../../index.js';
import { CommandError, declined, exitCodes, fileError, usageError } from '../command-error.js';
import { defineCommand } from '../command.js';
import { loadText } from '../configuration.js';
import type { Context } from '../context.js';
import { confirm } from '../prompt.js';
import { recordTrust } from '../trust-records.js';

/** A config file that is longer is none that a person has read. */
const MOST_CHARACTERS = 262_144;

export const trust = defineCommand({
  usage: ['claviger trust [path] [--yes]'],
  summary: "show a project's config file and trust it as it is",
  details: [
    'A config file that comes with a project decides where your keys are sent and what is run to get them. So it is not used ' +
      'until you have read it. Path and content are recorded; after any change it has to be trusted again.',
    'Asks first. Without a terminal to ask on it needs --yes.',
  ],
  examples: [
    ['claviger trust', 'the config file of this project'],
    ['claviger trust ../other --yes', 'the one of another folder, without asking'],
  ],
  options: { yes: { type: 'boolean', short: 'y', help: 'do not ask' } },
  arguments: [0, 1],
  async run(context, { values, positionals: [given] }) {
    const { terminal, env, json } = context;
    const path = await pathOf(context, given);
    const text = await readWhole(path);
    const loaded = await loadText(context, path, text);
    if (!json) {
      terminal.note(`${path}:`);
      terminal.noteLines(text.trimEnd());
      terminal.note();
    }
    const allowed = whatItMayDo(loaded);
    if (!json) for (const line of allowed) terminal.note(line);
    if (!values.yes) {
      if (!terminal.interactive) throw usageError('no terminal to ask on: add --yes after you have read the file');
      if (!(await confirm(terminal, 'Trust this file as it is?'))) throw declined();
    }
    const { sha256 } = await recordTrust(env, { path, text });
    if (json) terminal.answerJson({ trusted: { path, sha256 }, allows: allowed });
    else terminal.note(`trusted ${path} (sha256:${sha256.slice(0, 8)})`);
    return 0;
  },
});

async function pathOf({ env, cwd }: Context, given: string | undefined): Promise<string> {
  if (given !== undefined) {
    const path = resolve(cwd, given);
    const stats = await stat(path).catch((error: unknown) => {
      throw fileError('read', path, error);
    });
    return stats.isDirectory() ? join(path, CONFIG_NAME) : path;
  }
  const found = discoverConfig({ cwd, env: { ...env, CLAVIGER_CONFIG: '' } });
  if (found?.found === 'project') return found.path;
  throw new CommandError(`no ${CONFIG_NAME} here or above, up to the root of the repository: nothing to trust`, {
    exitCode: exitCodes.notFound,
    code: 'ERR_NOT_FOUND',
  });
}

async function readWhole(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileError('read', path, error);
  });
  if (text.length > MOST_CHARACTERS)
    throw new CommandError(`${path} is too long to be read by a person: nothing was trusted`);
  return text;
}

/** The same in sentences: what is opened, and what is sent where. */
function whatItMayDo({ options, auditFile }: LoadedConfig): string[] {
  const stores = Object.entries(options.stores).map(([name, { kind }]) => `it opens the ${kind} store "${name}"`);
  const providers = createRegistry(options)
    .providers()
    .map(({ name, store, secretName, destinations }) => {
      const where = destinations.length > 0 ? destinations.join(', ') : 'no HTTP destination';
      return `it sends ${secretName ?? name}${store === undefined ? '' : ` from ${store}`} to ${where}, as ${name}`;
    });
  const access = options.access === undefined ? [] : ['it asks its access rules who may use them'];
  const audit = auditFile === undefined ? [] : [`it writes what is used to ${auditFile}`];
  return [...stores, ...providers, ...access, ...audit];
}
