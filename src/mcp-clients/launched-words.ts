import { existsSync } from 'node:fs';
import { secretOf, type FoundKey } from './entry-keys.js';
import { LeftAsItIs, type KeyUse } from './entry-plan.js';
import type { DocumentPath } from './document/document-node.js';
import type { ServerEntry } from './server-entry.js';
import { splitCommand } from './split-command.js';

/** The command line of a server, as it stands behind `mcp run … --`. */
export interface LaunchedWords {
  readonly words: readonly LaunchedWord[];
  /** Keys that the command line gave to a variable, and what the variable held beside the key. */
  readonly variables: readonly { readonly use: KeyUse; readonly template: string | undefined }[];
  /** Keys that stay in arguments. */
  readonly uses: readonly KeyUse[];
  /** Whether there are more words, or fewer, than before. */
  readonly regrouped: boolean;
}

interface LaunchedWord {
  /** In the entry; undefined for a part of a longer string. */
  readonly path: DocumentPath | undefined;
  readonly original: string;
  readonly text: string;
  /** The keys in it. */
  readonly uses: readonly KeyUse[];
}

type Variables = LaunchedWords['variables'];

/** @throws LeftAsItIs */
export function launchedWords(entry: ServerEntry, keys: readonly FoundKey[]): LaunchedWords {
  const split = wordsOf(entry, keys);
  const variables: Variables[number][] = [];
  const words = [outOfEnv, outOfSet, outOfDocker].reduce((rest, take) => take(rest, variables), split.words);
  if (words.length === 0) throw new LeftAsItIs('it has no command');
  return {
    words,
    variables,
    uses: words.flatMap(({ uses }) => uses),
    regrouped: split.regrouped || words.length !== split.words.length,
  };
}

function wordsOf({ words }: ServerEntry, keys: readonly FoundKey[]): { words: LaunchedWord[]; regrouped: boolean } {
  const [first] = words;
  const alone = words.length === 1 && first !== undefined && /\s/.test(first.value) && !existsSync(first.value);
  const found = keys.filter(({ place, path }) => place === 'argument' && words.some((word) => same(word.path, path)));
  if (!alone)
    return {
      regrouped: false,
      words: words.map(({ path, value }) =>
        word(
          path,
          value,
          found.filter((key) => same(key.path, path)),
        ),
      ),
    };
  const texts = splitCommand(first.value);
  if (texts === undefined) throw new LeftAsItIs('its command is a line for a shell');
  return {
    regrouped: true,
    words: texts.map((text) =>
      word(
        undefined,
        text,
        found.filter((key) => text.includes(secretOf(key))),
      ),
    ),
  };
}

function word(path: DocumentPath | undefined, text: string, keys: readonly FoundKey[]): LaunchedWord {
  return { path, original: text, text, uses: keys.map((key) => ({ key, secret: secretOf(key) })) };
}

/** `env NAME=KEY command`: the variable is ours to set. */
function outOfEnv(words: LaunchedWord[], variables: Variables[number][]): LaunchedWord[] {
  const [first, ...rest] = words;
  if (first === undefined || !isProgram(first.text, 'env')) return words;
  const end = rest.findIndex(({ text }) => !/^[A-Za-z_]\w*=/.test(text));
  const assignments = end === -1 ? rest : rest.slice(0, end);
  const kept = assignments.filter((each) => !taken(each.text, each, variables));
  const command = rest.slice(assignments.length);
  return kept.length === 0 && command[0]?.text.startsWith('-') !== true ? command : [first, ...kept, ...command];
}

/** `cmd /c "set NAME=KEY && command"`, the same on Windows. */
function outOfSet(words: LaunchedWord[], variables: Variables[number][]): LaunchedWord[] {
  const [first, option, line, ...rest] = words;
  if (first === undefined || option === undefined || line === undefined || !isProgram(first.text, 'cmd')) return words;
  const [, assignment = '', command] = /^set\s+"?(\w+=[^&"]*?)"?\s*&&\s*(\S.*)$/.exec(line.text) ?? [];
  if (!/^\/c$/i.test(option.text) || command === undefined || !taken(assignment, line, variables)) return words;
  const inner = splitCommand(command);
  if (inner === undefined) throw new LeftAsItIs('its command is a line for a shell');
  const uses = (text: string) => line.uses.filter(({ secret }) => text.includes(secret));
  return [
    first,
    option,
    ...inner.map((text) => ({ path: undefined, original: text, text, uses: uses(text) })),
    ...rest,
  ];
}

/** `docker run -e NAME=KEY image`: by its name alone, Docker passes on the variable that we set. */
function outOfDocker(words: LaunchedWord[], variables: Variables[number][]): LaunchedWord[] {
  if (!words.some(({ text }) => ['docker', 'podman', 'nerdctl'].some((program) => isProgram(text, program))))
    return words;
  return words.map((each, index) => {
    const joined = /^(--env=|-e=?)([A-Za-z_]\w*=[^]*)$/.exec(each.text);
    const apart = /^(?:-e|--env)$/.test(words[index - 1]?.text ?? '') ? each.text : undefined;
    const assignment = joined?.[2] ?? apart;
    if (assignment === undefined || !taken(assignment, each, variables)) return each;
    return { ...each, text: (joined?.[1] ?? '') + assignment.slice(0, assignment.indexOf('=')), uses: [] };
  });
}

/** Makes a variable of `NAME=VALUE` if there is a key in it. */
function taken(assignment: string, { uses }: LaunchedWord, variables: Variables[number][]): boolean {
  const [, name = '', value = ''] = /^([A-Za-z_]\w*)=([^]*)$/.exec(assignment) ?? [];
  const inIt = uses.filter(({ secret }) => value.includes(secret));
  const [use] = inIt;
  if (use === undefined) return false;
  if (inIt.some(({ secret }) => secret !== use.secret)) throw new LeftAsItIs(`several keys stand in ${name}`);
  variables.push({ use: { ...use, variable: name }, template: value === use.secret ? undefined : value });
  return true;
}

function isProgram(text: string, name: string): boolean {
  return (text.split(/[\\/]/).at(-1) ?? '').replace(/\.exe$/i, '') === name;
}

function same(a: DocumentPath, b: DocumentPath): boolean {
  return a.length === b.length && a.every((step, index) => step === b[index]);
}
