import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { interrupted, usageError } from './command-error.js';
import type { Terminal } from './terminal.js';
import { visibleText } from './visible-text.js';

/** A paste of several lines comes in pieces this close together. */
const PASTE_MS = 30;

/**
 * Asks for a line that is not shown while it is typed. The line is edited in raw mode by `readline`, whose own echo goes
 * nowhere; it keeps no history.
 *
 * @throws CommandError 130 on Ctrl-C, with the terminal as it was; 2 when nothing, or more than one line, was entered
 */
export function askHidden(terminal: Terminal, question: string): Promise<string> {
  return terminal.asking(() => hidden(terminal, question));
}

async function hidden(terminal: Terminal, question: string): Promise<string> {
  const { stdin, stderr } = terminal.streams;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true, historySize: 0 });
  stderr.write(visibleText(question)); // only now: the terminal has stopped to echo
  try {
    return await onlyLine(lines);
  } finally {
    lines.close();
    stderr.write('\n');
  }
}

/** Asks a question that a `y` answers; anything else is no. */
export async function confirm(terminal: Terminal, question: string): Promise<boolean> {
  return /^y(es)?$/i.test(await ask(terminal, `${question} [y/N] `));
}

/** Asks for something that may be shown. */
export function ask(terminal: Terminal, question: string): Promise<string> {
  return terminal.asking(() => shown(terminal, question));
}

async function shown(terminal: Terminal, question: string): Promise<string> {
  const { stdin, stderr } = terminal.streams;
  const lines = createInterface({ input: stdin, output: stderr, terminal: true, historySize: 0 });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      lines.on('SIGINT', () => reject(interrupted()));
      lines.on('close', () => resolve(''));
      lines.question(visibleText(question), resolve);
    });
    return answer.trim();
  } catch (error) {
    stderr.write('\n');
    throw error;
  } finally {
    lines.close();
  }
}

function onlyLine(lines: Interface): Promise<string> {
  return new Promise((resolve, reject) => {
    const entered: string[] = [];
    const finish = () => {
      const [first] = entered;
      if (first === undefined) reject(usageError('nothing was entered: nothing was changed'));
      // The first line of several would be stored as if it were the whole.
      else if (entered.length > 1 || lines.line !== '')
        reject(usageError('several lines were pasted: a key is one line'));
      else resolve(first);
    };
    lines.on('SIGINT', () => reject(interrupted()));
    lines.on('close', finish);
    lines.on('line', (line) => {
      if (entered.push(line) === 1) setTimeout(finish, PASTE_MS);
    });
  });
}
