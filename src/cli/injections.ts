import {
  argument,
  env,
  file,
  parameter,
  type ParameterPlacement,
  type ProcessPlacement,
  type AuthOptions,
  type Registry,
} from '../index.js';
import { usageError } from './command-error.js';
import type { OptionSpecs, OptionValues } from './command.js';
import { assertName } from './looks-like-value.js';
import type { Injection } from '../process/index.js';

/** What a child gets, and where: the same for `run` and `mcp run`. */
export const injectionOptions = {
  env: {
    type: 'string',
    multiple: true,
    value: 'VAR=NAME',
    help: 'the key of NAME in the variable VAR; NAME alone: in its usual variable',
  },
  file: { type: 'string', multiple: true, value: 'VAR=NAME', help: 'in a private file, whose path is in VAR' },
  arg: {
    type: 'string',
    multiple: true,
    leadingDash: true,
    value: 'TEMPLATE=NAME',
    help: 'in an argument; other users of the machine can read it',
  },
  reverse: {
    type: 'string',
    multiple: true,
    value: 'VAR=NAME',
    help: 'a placeholder in VAR; the key is put on the requests to the base URL',
  },
  'base-url': {
    type: 'string',
    multiple: true,
    value: 'VAR=NAME[/PATH]',
    help: 'with --reverse: the base URL, in VAR',
  },
  forward: {
    type: 'string',
    multiple: true,
    value: 'VAR=NAME',
    help: 'a placeholder in VAR; the key is put on requests through a proxy',
  },
} as const satisfies OptionSpecs;

/** Said once for both commands. */
export const injectionDetails = [
  'A value made of more than the key has a template, with {} where the key goes, between variable and name: ' +
    "--env 'API_HEADERS=X-API-Key:{}=weather'. The last = stands before the name.",
  'Where the command has {claviger:NAME} in its arguments or in the variable, the key of --arg or --env goes there, and what ' +
    'stands around it stays: --arg {}=weather -- server --api-key {claviger:weather} --verbose.',
  'With --reverse and --forward the command never holds the key: it gets a placeholder, and a broker on this machine puts ' +
    'the key on its requests, at the destinations of NAME only. --reverse needs a command that can be told a base URL; ' +
    '--forward works through HTTPS_PROXY and a certificate authority that lasts as long as the command.',
];

type Flags = OptionValues<typeof injectionOptions> & { readonly param?: readonly string[] };

/**
 * Reads the injections of a command line. Names are looked up when they are used.
 *
 * @throws CommandError 2 for one that can't be read, or when there is none
 */
export function injectionsOf(flags: Flags, registry: Registry, whose: AuthOptions = {}): Injection[] {
  const injections = [
    ...flags.env.map((text) => toInjection(intoOf(text))),
    ...flags.file.map((text) => toInjection(split(text, '--file VAR=NAME', file))),
    ...flags.arg.map((text) => toInjection(split(text, '--arg TEMPLATE=NAME', argumentOf))),
    ...reversed(flags),
    ...flags.forward.map((text) => ({ ...toInjection(intoOf(text)), via: 'forward' as const })),
    ...(flags.param ?? []).map((text) => toInjection(split(text, '--param PARAMETER=NAME', parameter))),
  ];
  if (injections.length === 0) throw usageError('say which key goes where: --env VAR=NAME, for one');
  return injections;

  /** Each base URL belongs to the next placeholder of its name. */
  function reversed({ reverse, 'base-url': baseUrls }: Flags): Injection[] {
    const told = baseUrls.map(baseUrlOf);
    const result = reverse.map((text): Injection => {
      const [into, name] = intoOf(text);
      const at = told.findIndex((each) => each.name === name);
      const [found] = at === -1 ? [] : told.splice(at, 1);
      const baseUrl = found === undefined ? {} : { baseUrl: found.baseUrl };
      return { ...toInjection([into, name]), via: 'reverse', ...baseUrl };
    });
    if (told.length > 0) throw usageError('each --base-url VAR=NAME goes with one --reverse VAR=NAME');
    return result;
  }

  function toInjection([into, name]: readonly [Into | undefined, string]): Injection {
    assertName(name);
    const auth = registry.auth(name, whose);
    return into === undefined ? { auth } : { auth, into };
  }
}

type Into = ProcessPlacement | ParameterPlacement;

function intoOf(text: string): readonly [Into | undefined, string] {
  return text.includes('=') ? envOf(text) : [undefined, text];
}

/** `VAR=name`, or `VAR=name/path`. */
function baseUrlOf(text: string): { name: string; baseUrl: { env: string; path?: string } } {
  const [, variable = '', name = '', path] = /^([^=]+)=([^=/]+)(\/.*)?$/s.exec(text) ?? [];
  if (name === '') throw usageError('a base URL reads --base-url VAR=NAME or --base-url VAR=NAME/PATH');
  assertName(name);
  return { name, baseUrl: { env: variable, ...(path === undefined ? {} : { path }) } };
}

/** `VAR=name`, or `VAR=TEMPLATE=name`. */
function envOf(text: string): readonly [Into, string] {
  return split(text, '--env VAR=NAME', (before) => {
    const [, variable = '', template] = /^([^=]*)(?:=(.*))?$/s.exec(before) ?? [];
    if (template === undefined) return env(variable);
    if (!template.includes('{}'))
      throw usageError('a template of --env needs {} where the key goes: --env VAR=TEMPLATE=NAME');
    return env(variable, { template });
  });
}

function argumentOf(template: string): Into {
  if (template.includes('{}')) return argument(template);
  throw usageError('a template of --arg needs {} where the key goes: --arg --api-key={}=NAME');
}

/** At the last `=`: no name of a provider has one. */
function split(text: string, usage: string, build: (before: string) => Into): readonly [Into, string] {
  const at = text.lastIndexOf('=');
  const name = text.slice(at + 1);
  if (at < 1 || name === '') throw usageError(`an injection reads ${usage}`);
  return [build(text.slice(0, at)), name];
}
