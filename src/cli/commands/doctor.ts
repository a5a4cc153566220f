import { styled, type Style } from '../colour.js';
import { exitCodes } from '../command-error.js';
import { defineCommand } from '../command.js';
import type { Context } from '../context.js';
import type { Finding } from '../doctor/check.js';
import { examine } from '../doctor/examine.js';
import { withProgress } from '../progress.js';
import type { Terminal } from '../terminal.js';
import { wrap } from '../wrap.js';

export const doctor = defineCommand({
  usage: ['claviger doctor [--fix]'],
  summary: 'tell whether everything works, and what to do where it does not',
  details: [
    'Looks at Node, the config file and its trust, each store and what protects it, the keychain, who may read the files, what ' +
      'a crash has left behind, the age and the last test of each key, plaintext keys in the settings of MCP clients, and which ' +
      'programs go round the broker with --forward.',
    '--fix mends what can be mended safely: modes of files, dead locks, half-written files, an old schema. It trusts nothing, ' +
      'removes no key and changes no setting of another program.',
    'Exit code 1 if something fails; a warning is none.',
  ],
  examples: [
    ['claviger doctor', 'look at everything'],
    ['claviger doctor --fix', 'and mend what is safe to mend'],
    ['claviger doctor --json', 'for programs: { checks: [{ name, status, message, fix }] }'],
  ],
  options: { fix: { type: 'boolean', help: 'mend what can be mended safely' } },
  async run(context, { values: { fix } }) {
    const { terminal, json } = context;
    const { findings, isLate } = await withProgress(terminal, 'looking', () => examine(context));
    const mended = fix ? await mendAll(findings) : [];
    const shown = mended.length > 0 ? await examineAgain(context, findings) : findings;
    if (json) terminal.answerJson({ checks: shown.map(toJson), ...(fix && { mended }) });
    else {
      for (const line of mended) terminal.note(`mended: ${line}`);
      report(terminal, shown);
    }
    const code = shown.some(({ status }) => status === 'fail') ? exitCodes.failure : exitCodes.ok;
    if (isLate) leaveNow(terminal, code);
    return code;
  },
});

async function mendAll(findings: readonly Finding[]): Promise<string[]> {
  const done: string[] = [];
  for (const { mend } of findings) {
    // What can't be mended is found again.
    const what = await mend?.().catch(() => undefined);
    if (what !== undefined) done.push(what);
  }
  return done;
}

/** What holds after the mending: a store whose mode was wrong is asked anew. */
async function examineAgain(context: Context, before: readonly Finding[]): Promise<readonly Finding[]> {
  const { findings } = await examine(context).catch(() => ({ findings: before }));
  return findings;
}

const styles: Readonly<Record<Finding['status'], Style>> = { ok: 'green', warn: 'yellow', fail: 'red' };

function report(terminal: Terminal, findings: readonly Finding[]): void {
  const column = Math.max(...findings.map(({ name }) => name.length)) + 8;
  const width = Math.max(terminal.width - column, 30);
  const firstForward = findings.find(({ name }) => name.startsWith('forward:'));
  for (const finding of findings) {
    const { name, status, message, fix } = finding;
    if (finding === firstForward) {
      terminal.answer();
      terminal.answer([styled('bold', 'With --forward, of the programs on this PATH:')]);
    }
    const [first = '', ...rest] = wrap(message, width).split('\n');
    terminal.answer([styled(styles[status], status.padEnd(4)), `  ${name.padEnd(column - 8)}  `, first]);
    for (const line of rest) terminal.answer(' '.repeat(column) + line);
    if (fix === undefined) continue;
    wrap(`fix: ${fix}`, width, 5)
      .split('\n')
      .forEach((line) => terminal.answer([' '.repeat(column), styled('bold', line)]));
  }
  const count = (status: Finding['status']) => findings.filter((finding) => finding.status === status).length;
  terminal.answer();
  terminal.answer(`${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} failed`);
}

function toJson({ name, status, message, fix }: Finding): object {
  return { name, status, message, ...(fix !== undefined && { fix }) };
}

/** What did not answer in time may still hold the process: it has been told of, and is not waited for. */
function leaveNow({ streams: { stdout } }: Terminal, code: number): void {
  stdout.write('', () => process.exit(code));
}
