import { createRedactor, Secret } from '../../index.js';
import { didYouMean } from '../../internal/near-names.js';
import { clientNames, type ClientName } from '../../mcp-clients/client-files.js';
import { exitCodes, usageError } from '../command-error.js';
import { defineCommand } from '../command.js';
import type { Context } from '../context.js';
import type { ImportFlags } from '../import/import-flags.js';
import { withImportLock } from '../import/import-records.js';
import {
  foundSecrets,
  hasKeys,
  makePlan,
  staysInPlainText,
  type ImportPlan,
  type PlannedFile,
} from '../import/make-plan.js';
import { launcherWarnings } from '../import/own-launcher.js';
import { planJson, showPlan } from '../import/report-plan.js';
import { isTrackedByGit } from '../import/tracked-by-git.js';
import { undoImports } from '../import/undo-import.js';
import { writePlan, type Written } from '../import/write-plan.js';
import { confirm } from '../prompt.js';

/** How often a client may write its file while we do. */
const attempts = 3;

export const mcpImport = defineCommand({
  usage: ['claviger mcp import [--client NAME] [--file FILE] [--dry-run | --write | --undo]'],
  summary: 'move keys in plain text out of the config files of MCP clients',
  details: [
    `Knows the files of ${clientNames.join(', ')}. Without an option it only says what it would do.`,
    'With --write each key is stored and read back; then its entry is rewritten to start the server through "claviger mcp run", ' +
      'or to reach it through "claviger mcp connect". Nothing else in the file changes: comments, order and indentation stay.',
    'A value that is a key by its name only is marked as unsure. On a terminal you are asked about those; else they move too, ' +
      'since the server gets the same value as before; --sure leaves them.',
    'No backup holds a key: --undo takes the latest import of each file back with what the store holds.',
    'Exits with 7 as long as keys in plain text stand in the files.',
  ],
  examples: [
    ['claviger mcp import', 'what stands where, and what would become of it'],
    ['claviger mcp import --dry-run', 'with every line that would change'],
    ['claviger mcp import --client cursor --write', "one client's files"],
    ['claviger mcp import --undo', 'as it was before'],
  ],
  options: {
    client: { type: 'string', value: 'NAME', help: 'only the files of this client' },
    file: { type: 'string', multiple: true, value: 'FILE', help: 'this file, wherever it is' },
    'dry-run': { type: 'boolean', help: 'show every line that would change, with fingerprints for the keys' },
    write: { type: 'boolean', help: 'store the keys and rewrite the files' },
    undo: { type: 'boolean', help: 'take the latest import back' },
    sure: { type: 'boolean', help: 'leave what is a key by its name only' },
    portable: { type: 'boolean', help: 'start us through npx, for a file that other machines share' },
  },
  async run(context, { values }) {
    const { 'dry-run': dryRun, write, undo, file, portable, sure } = values;
    if (write && (dryRun || undo)) throw usageError('--write goes with neither --dry-run nor --undo');
    const flags = { client: clientOf(values.client), files: file, portable, sure };
    if (undo) return takeBack(context, flags, !dryRun);
    if (!write) return show(context, flags, dryRun);
    return move(context, await askedAbout(context, flags));
  },
});

function clientOf(name: string | undefined): ClientName | undefined {
  if (name === undefined) return undefined;
  const found = clientNames.find((one) => one === name);
  if (found !== undefined) return found;
  const near = /^[a-z-]{1,20}$/.test(name) ? didYouMean(name, clientNames) : '';
  throw usageError(`no such client${near}: there is ${clientNames.join(', ')}`);
}

async function show(context: Context, flags: ImportFlags, dryRun: boolean): Promise<number> {
  const plan = await concealed(context, await makePlan(context, flags));
  if (context.json) {
    context.terminal.answerJson(planJson(plan, () => undefined));
  } else {
    showPlan(context, plan, dryRun);
    const count = foundSecrets(plan).length;
    if (count === 0) context.terminal.note('no keys in plain text');
    else {
      const more = dryRun ? '' : ', --dry-run shows every line';
      context.terminal.note(
        `${keysIn(count)} in plain text; nothing was changed: --write moves what can be moved${more}`,
      );
    }
  }
  return exitOf(plan, hasKeys(plan));
}

async function move(context: Context, flags: ImportFlags): Promise<number> {
  const { terminal, env, json } = context;
  const { plan, results } = await withImportLock(env, () => write(context, flags));
  const stays = plan.files.filter((file) => file.rewritten.length > 0 && results.get(file) !== 'written');
  if (json) {
    terminal.answerJson(planJson(plan, (file) => outcomeText(results.get(file))));
  } else {
    showPlan(context, plan, false);
    for (const [{ path }, result] of results) {
      if (result === 'written') terminal.note(`rewrote ${path}`);
      else terminal.note(`claviger: ${outcomeText(result) ?? ''}${result === 'changed-meanwhile' ? `: ${path}` : ''}`);
    }
  }
  if (results.size === 0) terminal.note('nothing to move');
  else await advise(context, plan, results);
  const left = plan.files.some(({ entries }) => entries.some(staysInPlainText));
  return stays.length > 0 ? exitCodes.failure : exitOf(plan, left);
}

/** Anew from the start while clients write their files under our hands. */
async function write(
  context: Context,
  flags: ImportFlags,
): Promise<{ plan: ImportPlan; results: Map<PlannedFile, Written> }> {
  for (let attempt = 1; ; attempt++) {
    const plan = await concealed(context, await makePlan(context, flags));
    const results = await writePlan(context, plan);
    if (attempt === attempts || ![...results.values()].includes('changed-meanwhile')) return { plan, results };
  }
}

function outcomeText(result: Written | undefined): string | undefined {
  if (typeof result === 'object') return result.error;
  return result === 'changed-meanwhile' ? 'its client writes this file all the time: close it and try again' : result;
}

/** What has stood in plain text has been read by who knows what. */
async function advise({ terminal }: Context, plan: ImportPlan, results: Map<PlannedFile, Written>): Promise<void> {
  const written = [...results].flatMap(([{ path }, result]) => (result === 'written' ? [path] : []));
  if (written.length === 0) return;
  terminal.note(
    'these keys stood in plain text: make new ones where they come from, and store those with "claviger set"',
  );
  for (const path of written) {
    if (await isTrackedByGit(path))
      terminal.note(`${path} is tracked by git, whose history keeps the old keys: rotate them now`);
  }
  for (const warning of launcherWarnings(plan.launcher)) terminal.note(`warning: ${warning}`);
  const argument = plan.files.some(({ rewritten }) =>
    rewritten.some(({ after }) => after.includes('{claviger:') && after.includes('--arg')),
  );
  if (argument)
    terminal.note('warning: a key in an argument can be read by every user of this machine while its server runs');
}

async function takeBack(context: Context, flags: ImportFlags, write: boolean): Promise<number> {
  const { terminal, env, json } = context;
  const undone = await withImportLock(env, () => undoImports(context, flags, write));
  if (json) terminal.answerJson({ undone });
  for (const { path, restored, changed, error } of json ? [] : undone) {
    if (restored.length > 0) terminal.note(`${write ? 'restored' : 'would restore'} ${restored.join(', ')} in ${path}`);
    if (changed.length > 0) terminal.note(`claviger: ${path}: changed since, and left as it is: ${changed.join(', ')}`);
    if (error !== undefined) terminal.note(`claviger: ${path} ${error}`);
  }
  if (undone.length === 0) terminal.note('no import to take back');
  const failed = undone.some(({ changed, error }) => changed.length > 0 || error !== undefined);
  return failed ? exitCodes.failure : exitCodes.ok;
}

/** A person says whether what is unsure moves. */
async function askedAbout(context: Context, flags: ImportFlags): Promise<ImportFlags> {
  if (flags.sure || !context.terminal.interactive) return flags;
  const plan = await concealed(context, await makePlan(context, flags));
  const unsure = plan.files.flatMap(({ entries }) =>
    entries.flatMap(({ plan: { keys }, left }) =>
      left === undefined ? keys.filter(({ certainty }) => certainty === 'name') : [],
    ),
  );
  if (unsure.length === 0) return flags;
  showPlan(context, plan, false);
  const all = await confirm(context.terminal, `${keysIn(unsure.length)} marked as unsure: move them too?`);
  return all ? flags : { ...flags, sure: true };
}

/** From now on nothing says what was found. */
async function concealed(context: Context, plan: ImportPlan): Promise<ImportPlan> {
  const redactor = createRedactor();
  for (const value of foundSecrets(plan)) if (/^[^\r\n\0]{8,}$/.test(value)) redactor.add(Secret.from(value));
  context.terminal.conceal((text) => redactor.text(text));
  return Promise.resolve(plan);
}

function exitOf({ files }: ImportPlan, keysStay: boolean): number {
  if (files.some(({ error }) => error !== undefined)) return exitCodes.failure;
  return keysStay ? exitCodes.plaintext : exitCodes.ok;
}

function keysIn(count: number): string {
  return count === 1 ? '1 key' : `${count} keys`;
}
