import { createRedactor } from '../../index.js';
import { storedValues, type FoundKey, type StoredValues } from '../../scan/index.js';
import { exitCodes, usageError } from '../command-error.js';
import { defineCommand } from '../command.js';
import { openConfig } from '../configuration.js';
import type { Context } from '../context.js';
import { allStored } from '../all-stored.js';
import { withProgress } from '../progress.js';
import { reportError } from '../report-error.js';
import { Scan, type FileKey, type ScanResult } from '../scan-files.js';

export const scan = defineCommand({
  usage: ['claviger scan [path…]', 'claviger scan --staged'],
  summary: 'find keys that stand in plain text, and show where; never what',
  details: [
    'Without a path: the config files of MCP clients, .env files of this folder, and what shells run when they start. With ' +
      'paths: those files, and what is in those folders; .git, node_modules and links are passed over.',
    'What is stored is found wherever it stands, encoded too; other keys by the place they stand in, by their form, and by ' +
      'names such as "token" before something random. The last is unsure: in code and prose it is shown, and counts with --strict ' +
      'only. In config files, .env files and start-up files of shells it counts.',
    'Ends with code 7 if a key was found. A line with "claviger:allow" in it, one below "claviger:allow-next-line", and what a ' +
      '.clavigerignore lists (fingerprints, files, folders with a slash at the end) is left out.',
  ],
  examples: [
    ['claviger scan', 'where keys usually stand'],
    ['claviger scan --staged', 'as a pre-commit check: what is about to be committed'],
    ['claviger scan src .github', 'these folders'],
    ['claviger scan --strict --json .', 'everything here, unsure findings too, for programs'],
  ],
  options: {
    staged: { type: 'boolean', help: 'what the next commit adds or changes' },
    strict: { type: 'boolean', help: 'let unsure findings count too' },
  },
  arguments: [0, Number.MAX_SAFE_INTEGER],
  async run(context, { values, positionals }) {
    const { terminal, json } = context;
    if (values.staged && positionals.length > 0) throw usageError('--staged takes no paths');
    // Nothing that is found is said aloud, whatever it is part of: a path, an error.
    const redactor = createRedactor();
    terminal.conceal((text) => redactor.text(text));
    const onKey = ({ secret }: FoundKey) => redactor.add(secret);
    const stored = await lookUpStored(context);
    const result = await withProgress(terminal, 'scanning', async (tell) => {
      let files = 0;
      const onFile = (file: string) => tell(`scanning: ${(files += 1)} files so far, now ${file}`);
      const running = await Scan.start(context, { stored, onFile, onKey });
      if (values.staged) await running.staged();
      else if (positionals.length > 0) await running.paths(positionals);
      else await running.usual();
      return running.result;
    });
    if (json) terminal.answerJson(jsonOf(result));
    else show(context, result);
    return exitCodeOf(result, values.strict);
  },
});

/** What is stored, if it can be had without asking anybody. A scan needs no store. */
async function lookUpStored(context: Context): Promise<StoredValues | undefined> {
  try {
    const { secrets, failures } = await allStored(await openConfig(context, { ask: false }));
    for (const error of failures) reportError(context.terminal, error, false);
    if (failures.length > 0) context.terminal.note('note: what is stored there was not looked for');
    return storedValues(secrets);
  } catch (error) {
    reportError(context.terminal, error, false);
    context.terminal.note('note: what is stored was not looked for');
    return undefined;
  }
}

function exitCodeOf({ keys, failures }: ScanResult, strict: boolean): number {
  if (keys.some(({ unsure }) => strict || !unsure)) return exitCodes.plaintext;
  if (failures.length === 0) return exitCodes.ok;
  return failures.every(({ code }) => code === 'ENOENT') ? exitCodes.notFound : exitCodes.failure;
}

function jsonOf({ keys, files, silenced, skipped, failures, notes }: ScanResult): object {
  return { findings: keys.map(keyJson), files, silenced, skipped, failures, notes };
}

function keyJson({ file, line, column, endColumn, certainty, unsure, secret, ...rest }: FileKey): object {
  const { provider, rule, credential, client } = rest;
  const fingerprint = secret.fingerprint();
  return { file, line, column, endColumn, certainty, unsure, provider, rule, credential, client, fingerprint };
}

function show({ terminal }: Context, { keys, files, silenced, skipped, failures, notes }: ScanResult): void {
  for (const { file, note } of notes) terminal.note(`note: ${file}: ${note}`);
  for (const { file, code } of failures) terminal.note(`claviger: can't read ${file} (${code})`);
  const rows = keys.map(({ file, line, column, secret, ...key }) => [
    `${file}:${line}:${column}`,
    whatOf(key),
    `${key.certainty}${key.unsure ? ' (unsure)' : ''}`,
    secret.fingerprint(),
  ]);
  if (rows.length > 0) terminal.table(['WHERE', 'WHAT', 'BY', 'FINGERPRINT'], rows);
  const unsure = keys.filter((key) => key.unsure).length;
  const passed = [
    ...(silenced > 0 ? [`${silenced} silenced`] : []),
    ...(skipped.length > 0 ? [`passed over ${count(skipped.length, 'file')}: ${reasons(skipped)}`] : []),
  ];
  const found = keys.length === 0 ? 'no key in plain text' : `${count(keys.length, 'key')} in plain text`;
  const some = unsure > 0 ? ` (${unsure} unsure)` : '';
  terminal.note([`${found}${some} in ${count(files, 'file')}`, ...passed].join('; '));
  if (keys.length > unsure) terminal.note('take them out, and rotate them: who could read the file may have them');
  if (keys.some(({ client }) => client !== undefined))
    terminal.note('"claviger mcp import" moves those of MCP clients into the store');
}

function whatOf({ credential, provider, rule }: Pick<FileKey, 'credential' | 'provider' | 'rule'>): string {
  if (credential !== undefined) return `stored "${credential}"${rule === undefined ? '' : ` (${rule})`}`;
  return provider ?? rule ?? 'unknown';
}

function reasons(skipped: ScanResult['skipped']): string {
  const counts = new Map<string, number>();
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, number]) => `${number} ${reason}`).join(', ');
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`;
