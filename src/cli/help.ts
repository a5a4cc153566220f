import { globalOptions, type Command, type OptionSpecs } from './command.js';
import { verbs } from './verbs.js';

/** Shown without arguments: what this is, and the first three things to do. */
export function generalHelp(): string {
  const width = Math.max(...Object.keys(verbs).map(({ length }) => length));
  const list = Object.entries(verbs).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    'claviger carries API keys to the tools that need them, so that nobody else holds them.',
    '',
    'First steps:',
    '  claviger init                           make the encrypted store',
    '  claviger add github                     define a provider and store its key (asks for it, hidden)',
    '  claviger fetch /user --as github        call its API with the key',
    '',
    'Commands:',
    ...list,
    '',
    'Every command explains itself: claviger add --help',
    '',
    'Options for all of them:',
    ...optionLines(globalOptions),
    '      --version      show the version',
    '',
    'Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 locked, 5 rejected by the provider, 6 refused by policy, 7 plaintext found;',
    'run and mcp run give the code of their command.',
  ].join('\n');
}

export function commandHelp(command: Command): string {
  const { usage, summary, details = [], options, examples } = command;
  const width = Math.max(...examples.map(([line]) => line.length));
  return [
    ...usage.map((line, index) => `${index === 0 ? 'Usage:' : '      '} ${line}`),
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    ...details.flatMap((paragraph) => ['', paragraph]),
    '',
    'Examples:',
    ...examples.map(([line, what]) => `  ${line.padEnd(width)}  ${what}`.trimEnd()),
    '',
    'Options:',
    ...optionLines({ ...options, ...globalOptions }),
  ].join('\n');
}

function optionLines(options: OptionSpecs): string[] {
  const rows = Object.entries(options).map(([name, { short, value, help }]) => {
    const flag = `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
    return [flag, help] as const;
  });
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return rows.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`);
}
