import { parseArgs } from 'node:util';
import { didYouMean } from '../internal/near-names.js';
import { usageError } from './command-error.js';
import type { Context } from './context.js';

interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: true;
  /** Whether its value may begin with `-` though it stands apart. */
  readonly leadingDash?: true;
  /** What stands for the value in the help: `DATE`. */
  readonly value?: string;
  readonly help: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

export type OptionValues<Specs extends OptionSpecs> = {
  readonly [Name in keyof Specs]: Specs[Name]['type'] extends 'boolean'
    ? boolean
    : Specs[Name] extends { readonly multiple: true }
      ? readonly string[]
      : string | undefined;
};

interface Input<Specs extends OptionSpecs> {
  readonly values: OptionValues<Specs>;
  readonly positionals: readonly string[];
  /** What stands after `--`. */
  readonly rest: readonly string[];
}

interface CommandText {
  readonly usage: readonly string[];
  readonly summary: string;
  /** What the summary can't say, in paragraphs. */
  readonly details?: readonly string[];
  readonly examples: readonly (readonly [line: string, what: string])[];
}

interface CommandDefinition<Specs extends OptionSpecs> extends CommandText {
  readonly options: Specs;
  /** How many arguments beside the options; default none. */
  readonly arguments?: readonly [least: number, most: number];
  /** Said instead of "too many arguments", which are never repeated: they could be values. */
  readonly tooMany?: string;
  /** Whether a command of its own follows `--`. */
  readonly takesCommand?: true;
  /** @returns the exit code */
  run(context: Context, input: Input<Specs>): Promise<number>;
}

export interface Command extends CommandText {
  readonly options: OptionSpecs;
  readonly arguments?: readonly [least: number, most: number];
  readonly takesCommand?: true;
  run(globals: Omit<Context, 'configFile' | 'json'>, args: readonly string[], before: Globals): Promise<number>;
}

export interface Globals {
  readonly configFile: string | undefined;
  readonly json: boolean;
}

/** Options that every command takes, before its name or after it. */
export const globalOptions = {
  config: { type: 'string', value: 'FILE', help: 'use this config file' },
  json: { type: 'boolean', help: 'answer in JSON' },
  help: { type: 'boolean', short: 'h', help: 'show this help' },
} as const satisfies OptionSpecs;

/** A command: its words, its options, and what it does with them. */
export function defineCommand<const Specs extends OptionSpecs>(definition: CommandDefinition<Specs>): Command {
  const { usage, summary, details, examples, options } = definition;
  const specs = { ...options, ...globalOptions };
  return {
    ...{ usage, summary, examples, options },
    ...(details !== undefined && { details }),
    ...(definition.arguments !== undefined && { arguments: definition.arguments }),
    ...(definition.takesCommand && { takesCommand: definition.takesCommand }),
    async run(base, args, before) {
      const input = parseArguments(args, specs, definition);
      const { config, json } = input.values as unknown as OptionValues<typeof globalOptions>;
      const context = { ...base, configFile: config ?? before.configFile, json: json || before.json };
      return definition.run(context, input);
    },
  };
}

type Rules = Pick<CommandDefinition<OptionSpecs>, 'arguments' | 'tooMany' | 'takesCommand' | 'usage'>;

/**
 * Reads arguments by its own rules on top of `parseArgs`: no message repeats an argument, since any could be a value that
 * somebody pasted in the wrong place.
 */
function parseArguments<Specs extends OptionSpecs>(args: readonly string[], specs: Specs, rules: Rules): Input<Specs> {
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(specs).map(([name, { type, short }]) => [name, short ? { type, short } : { type }]),
    ),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string | boolean | string[]>();
  for (const [name, { type, multiple }] of Object.entries(specs)) {
    if (type === 'boolean') values.set(name, false);
    else if (multiple) values.set(name, []);
  }
  const end = tokens.find(({ kind }) => kind === 'option-terminator')?.index ?? args.length;
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional' && token.index < end) positionals.push(token.value);
    if (token.kind === 'option') takeOption(token, specs, values);
  }
  const rest = args.slice(end + 1);
  if (!rules.takesCommand) positionals.push(...rest);
  checkCount(positionals, rules);
  return { values: Object.fromEntries(values) as OptionValues<Specs>, positionals, rest };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function takeOption(token: OptionToken, specs: OptionSpecs, values: Map<string, string | boolean | string[]>): void {
  const { name, value } = token;
  const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
  if (spec === undefined) throw unknownOption(token.rawName, Object.keys(specs));
  if (spec.type === 'boolean') {
    if (value !== undefined) throw usageError(`--${name} takes no value`);
    values.set(name, true);
    return;
  }
  if (value === undefined) throw usageError(`--${name} needs a value: --${name} ${spec.value ?? 'VALUE'}`);
  if (!token.inlineValue && !spec.leadingDash && value.startsWith('-') && value !== '-') {
    throw usageError(`--${name} needs a value; one that begins with "-" is written --${name}=…`);
  }
  const list = values.get(name);
  if (Array.isArray(list)) list.push(value);
  else values.set(name, value);
}

function unknownOption(rawName: string, known: readonly string[]): Error {
  const name = /^--([a-z][a-z-]{0,19})$/.exec(rawName)?.[1];
  if (name === undefined) return usageError('unknown option: see --help');
  if (/^(key|api-key|value|secret|token|password|credential)$/.test(name))
    return usageError(`there is no --${name}: ${noValues}`);
  const near = didYouMean(
    `--${name}`,
    known.map((option) => `--${option}`),
  );
  return usageError(`unknown option --${name}${near}: see --help`);
}

/** Why a command line is no place for a value. */
export const noValues =
  'a value is never taken from the command line, where other programs and the shell history see it; ' +
  'run the command alone to be asked for it, or pipe it in';

function checkCount({ length }: readonly string[], { arguments: [least, most] = [0, 0], tooMany, usage }: Rules): void {
  if (length < least) throw usageError(`too few arguments: ${usage[0] ?? ''}`);
  if (length > most) throw usageError(tooMany ?? `too many arguments: ${usage[0] ?? ''}`);
}
