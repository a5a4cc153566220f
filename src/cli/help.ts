import type { Line } from './colour.js';
import { globalOptions, type Command, type OptionSpecs } from './command.js';
import type { Terminal } from './terminal.js';
import { verbs } from './verbs.js';
import { wrap } from './wrap.js';

/** What the commands are for. One that is in no group is listed with the last. */
const groups: readonly (readonly [heading: string, names: readonly string[]])[] = [
  ['Set up', ['init', 'add', 'providers', 'mcp import']],
  ['Keys', ['ls', 'show', 'set', 'rm', 'revoke', 'test', 'reveal', 'export', 'import']],
  ['Use', ['fetch', 'run', 'mcp run', 'mcp connect']],
  ['Watch', ['doctor', 'scan', 'audit', 'trust']],
  [
    'Who may use what',
    ['apply', 'issue', 'approve', 'revoke', 'ls', 'show', 'verify', 'token'].map((word) => `access ${word}`),
  ],
  ['More', ['config path', 'config schema', 'completion']],
];

/** The commands in their groups, none left out. */
function groupedVerbs(): (readonly [heading: string, names: readonly string[]])[] {
  const shown = Object.keys(verbs).filter((name) => verbs[name]?.hidden !== true);
  const listed = new Set(groups.flatMap(([, names]) => names));
  return groups.map(([heading, names], index) => {
    const others = index === groups.length - 1 ? shown.filter((name) => !listed.has(name)) : [];
    return [heading, [...names.filter((name) => shown.includes(name)), ...others]];
  });
}

/** What this is, the first steps, and every command. */
export function generalHelp(terminal: Terminal): void {
  const listed = groupedVerbs();
  const width = Math.max(...listed.flatMap(([, names]) => names.map(({ length }) => length)));
  const say = (line?: Line) => terminal.answer(line);
  say('claviger carries API keys to the tools that need them, so that nobody else holds them.');
  say();
  say(heading('First steps:'));
  say('  claviger init                     make the encrypted store');
  say('  claviger add github               define a provider and store its key (asks for it, hidden)');
  say('  claviger fetch /user --as github  call its API with the key');
  for (const [title, names] of listed) {
    say();
    say(heading(`${title}:`));
    for (const name of names) say(`  ${name.padEnd(width)}  ${verbs[name]?.summary ?? ''}`);
  }
  say();
  say('Every command explains itself: claviger add --help');
  say();
  say(heading('Options for all of them:'));
  writeOptions(terminal, { ...globalOptions, version: { type: 'boolean', help: 'show the version' } });
  say();
  const codes =
    'Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 locked, 5 rejected by the provider, 6 refused by policy, ' +
    '7 plaintext key found; run and mcp run give the code of their command.';
  sayLines(terminal, wrap(codes, terminal.width));
}

export function commandHelp(terminal: Terminal, command: Command): void {
  const { usage, summary, details = [], options, examples } = command;
  const { width } = terminal;
  usage.forEach((line, index) => {
    const start = index === 0 ? 'Usage:' : '      ';
    sayLines(terminal, `${start} ${wrap(line, width - 9, 9)}`, index === 0 ? start : '');
  });
  terminal.answer();
  sayLines(terminal, wrap(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`, width));
  for (const paragraph of details) {
    terminal.answer();
    sayLines(terminal, wrap(paragraph, width));
  }
  terminal.answer();
  terminal.answer(heading('Examples:'));
  const column = Math.max(...examples.map(([line]) => line.length)) + 4;
  const fits = examples.every(([, what]) => column + what.length <= width);
  for (const [line, what] of examples) {
    terminal.answer(fits ? `  ${line.padEnd(column - 4)}  ${what}`.trimEnd() : `  ${line}`);
    if (!fits && what !== '') sayLines(terminal, `      ${wrap(what, width - 6, 6)}`);
  }
  terminal.answer();
  terminal.answer(heading('Options:'));
  writeOptions(terminal, { ...options, ...globalOptions });
}

function writeOptions(terminal: Terminal, options: OptionSpecs): void {
  const rows = Object.entries(options).map(([name, { short, value, help }]) => {
    const flag = `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
    return [flag, help] as const;
  });
  const column = Math.max(...rows.map(([flag]) => flag.length)) + 4;
  for (const [flag, help] of rows) {
    sayLines(terminal, `  ${flag.padEnd(column - 4)}  ${wrap(help, Math.max(terminal.width - column, 24), column)}`);
  }
}

function heading(text: string): Line {
  return [{ style: 'bold', text }];
}

function sayLines(terminal: Terminal, text: string, bold = ''): void {
  text.split('\n').forEach((line, index) => {
    terminal.answer(index === 0 && bold !== '' ? [{ style: 'bold', text: bold }, line.slice(bold.length)] : line);
  });
}
