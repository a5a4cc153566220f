import { globalOptions, type Command, type OptionSpecs } from '../command.js';
import type { Verbs } from '../verb.js';
import { positionalKinds, valueKind, type Kind } from './kinds.js';

/** Something that can stand where the cursor is. */
export interface Candidate {
  readonly word: string;
  readonly what?: string;
}

/** What can stand there; with `then` the shell goes on with what it knows itself. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  readonly then?: 'file' | 'directory' | 'command';
}

/** Gives the words of a kind; none where they can't be told. */
export type WordsOf = (kind: Kind) => Promise<readonly Candidate[]>;

const nothing: Completion = { candidates: [] };

/**
 * What can stand in the place of the last word, as far as it is written.
 *
 * @param words What stands after `claviger`; the last is the one at the cursor, and may be empty.
 */
export async function complete(words: readonly string[], verbs: Verbs, wordsOf: WordsOf): Promise<Completion> {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const start = skipGlobals(before);
  if (start === 'value') return { candidates: [], then: 'file' };
  const said = before.slice(start);
  if (said[0] === 'help') return { candidates: matching(verbWords(verbs, said.slice(1)), current) };
  const verb = verbOf(verbs, said);
  if (verb === undefined) {
    const flags = said.length === 0 ? flagsOf({ ...globalOptions, version }, []) : [];
    return { candidates: matching([...verbWords(verbs, said), ...flags], current) };
  }
  const command = await verbs[verb]?.load();
  if (command === undefined) return nothing;
  return completeArguments({ verb, command, args: said.slice(verb.split(' ').length), current, wordsOf });
}

const version = { type: 'boolean', help: 'show the version' } as const;

/** Where the command begins; `'value'` when the cursor is at the value of a global option. */
function skipGlobals(words: readonly string[]): number | 'value' {
  let index = 0;
  while (words[index]?.startsWith('-') === true) index += words[index] === '--config' ? 2 : 1;
  return index > words.length ? 'value' : index;
}

function verbOf(verbs: Verbs, words: readonly string[]): string | undefined {
  return [2, 1]
    .filter((length) => words.length >= length)
    .map((length) => words.slice(0, length).join(' '))
    .find((name) => Object.hasOwn(verbs, name) && verbs[name]?.hidden !== true);
}

/** The words that can follow those that are there of a command's name. */
function verbWords(verbs: Verbs, said: readonly string[]): Candidate[] {
  if (said.length > 1) return [];
  const found = new Map<string, string>();
  for (const [name, { summary, hidden }] of Object.entries(verbs)) {
    const [first = '', second] = name.split(' ');
    const word = said.length === 0 ? first : first === said[0] ? second : undefined;
    if (hidden !== true && word !== undefined && !found.has(word))
      found.set(word, said.length === 0 && second !== undefined ? `${first} …` : summary);
  }
  return [...found].map(([word, what]) => ({ word, what }));
}

interface Place {
  readonly verb: string;
  readonly command: Command;
  readonly args: readonly string[];
  readonly current: string;
  readonly wordsOf: WordsOf;
}

async function completeArguments({ verb, command, args, current, wordsOf }: Place): Promise<Completion> {
  if (args.includes('--')) return command.takesCommand ? { candidates: [], then: 'command' } : nothing;
  const specs: OptionSpecs = { ...command.options, ...globalOptions };
  const { pending, used, positionals } = read(args, specs);
  const [, inline, written = ''] = /^--([a-z-]+)=(.*)$/s.exec(current) ?? [];
  const name = pending ?? inline;
  if (name !== undefined) {
    const spec = specs[name];
    const kind = spec?.type === 'string' ? valueKind(verb, name, spec.value) : undefined;
    const isApart = pending !== undefined;
    return offer(wordsOf, kind, isApart ? '' : `--${name}=`, isApart ? current : written);
  }
  if (current.startsWith('-')) return { candidates: matching(flagsOf(specs, used), current) };
  return offer(wordsOf, positionalKind(verb, command, positionals), '', current);
}

function positionalKind(verb: string, command: Command, index: number): Kind | undefined {
  if (index >= (command.arguments?.[1] ?? 0)) return undefined;
  const kinds = positionalKinds[verb] ?? [];
  // What a key is to be called is for its user to say.
  return kinds[index] ?? (verb === 'add' ? undefined : kinds.at(-1));
}

/** What there is of a kind, behind a prefix that stays. Files behind one are no word of their own: no shell knows them there. */
async function offer(wordsOf: WordsOf, kind: Kind | undefined, prefix: string, written: string): Promise<Completion> {
  if (kind === undefined) return nothing;
  if (kind === 'file' || kind === 'directory' || kind === 'command')
    return prefix === '' ? { candidates: [], then: kind } : nothing;
  if (kind === 'injection') {
    const cut = written.lastIndexOf('=') + 1;
    return offer(wordsOf, 'provider', prefix + written.slice(0, cut), written.slice(cut));
  }
  return { candidates: prefixed(matching(await wordsOf(kind), written), prefix) };
}

/** What the arguments say that are there: the option that waits for its value, and the options that had their turn. */
function read(args: readonly string[], specs: OptionSpecs) {
  const used: string[] = [];
  let pending: string | undefined;
  let positionals = 0;
  for (const arg of args) {
    if (pending !== undefined) pending = undefined;
    else if (arg.startsWith('-') && arg !== '-') {
      const [, long, value] = /^--([a-z-]+)(=.*)?$/s.exec(arg) ?? [];
      const name = long ?? Object.keys(specs).find((each) => specs[each]?.short === arg.slice(1));
      if (name === undefined) continue;
      if (specs[name]?.multiple !== true) used.push(name);
      if (specs[name]?.type === 'string' && value === undefined) pending = name;
    } else positionals++;
  }
  return { pending, used, positionals };
}

function flagsOf(specs: OptionSpecs, used: readonly string[]): Candidate[] {
  return Object.entries(specs)
    .filter(([name]) => !used.includes(name))
    .map(([name, { help }]) => ({ word: `--${name}`, what: help }));
}

function matching(candidates: readonly Candidate[], written: string): Candidate[] {
  return candidates.filter(({ word }) => word.startsWith(written));
}

function prefixed(candidates: readonly Candidate[], prefix: string): Candidate[] {
  return candidates.map((candidate) => ({ ...candidate, word: prefix + candidate.word }));
}
