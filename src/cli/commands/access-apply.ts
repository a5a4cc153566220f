import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { AccessDefinitions, DefinitionChange } from '../../access/index.js';
import { noteUnenforced, openAccess } from '../access-rules.js';
import { CommandError, fileError } from '../command-error.js';
import { defineCommand } from '../command.js';

const signs = { add: '+', change: '~', remove: '-' } as const;

export const accessApply = defineCommand({
  usage: ['claviger access apply <file> [--dry-run]'],
  summary: 'make the products, developers and apps be those of a file',
  details: [
    'The file is JSON, comments allowed: { "products": […], "developers": […], "apps": […] }. It is the whole truth: what it ' +
      'lacks goes, with the keys of apps that go. Keys that were issued for apps that stay are kept, and so is what was ' +
      'approved or revoked. The same file twice changes nothing.',
    'What stands in the config file is not touched, and can not be changed by this.',
  ],
  examples: [
    ['claviger access apply access.json --dry-run', 'what would change: + added, ~ changed, - removed'],
    ['claviger access apply access.json', 'change it'],
  ],
  options: { 'dry-run': { type: 'boolean', help: 'show what would change, and change nothing' } },
  arguments: [1, 1],
  async run(context, { values, positionals: [file = ''] }) {
    const { terminal, json, cwd } = context;
    const definitions = await readDefinitions(resolve(cwd, file));
    const { access, isEnforced } = await openAccess(context);
    const dryRun = values['dry-run'];
    const changes = await access.apply(definitions, { dryRun });
    if (json) terminal.answerJson({ changes, applied: !dryRun });
    else for (const change of changes) terminal.answer(lineOf(change));
    if (!json) terminal.note(changes.length === 0 ? 'nothing to change' : dryRun ? 'nothing was changed' : 'applied');
    if (!json) noteUnenforced(context, isEnforced);
    return 0;
  },
});

function lineOf({ change, kind, name }: DefinitionChange): string {
  return `${signs[change]} ${kind} ${name}`;
}

async function readDefinitions(path: string): Promise<AccessDefinitions> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw fileError('read', path, error);
  });
  const { parse, printParseErrorCode } = await import('jsonc-parser');
  const errors: { error: number; offset: number; length: number }[] = [];
  const value: unknown = parse(text.replace(/^\uFEFF/, ''), errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first === undefined) return value as AccessDefinitions;
  const line = text.slice(0, first.offset).split('\n').length;
  throw new CommandError(`${path} is not valid JSON: ${printParseErrorCode(first.error)} in line ${line}`, {
    code: 'ERR_CONFIG_INVALID',
  });
}
