import { createRegistry, type AuditEvent, type Credential, type LoadedConfig } from '../../index.js';
import { consumerOf, consumerOption } from '../access-rules.js';
import { detectAgent } from '../agent-detection.js';
import { showOnAlternateScreen } from '../alternate-screen.js';
import { CommandError, declined, exitCodes, usageError } from '../command-error.js';
import { defineCommand } from '../command.js';
import { openConfig } from '../configuration.js';
import type { Context } from '../context.js';
import { assertName, shownName } from '../looks-like-value.js';
import { ask } from '../prompt.js';
import { notStored, placeOf } from '../stored-credentials.js';
import { visibleText } from '../visible-text.js';

const SHOWN_MS = 30_000;

/** What a secret is resolved as that is stored without a provider. */
const WITHOUT_PROVIDER = 'stored-secret';

export const reveal = defineCommand({
  usage: ['claviger reveal <name>'],
  summary: 'show one key to the person at the terminal',
  details: [
    'The only command that shows a value, on a screen of its own that is gone after a key press or 30 seconds, and leaves ' +
      'nothing in what can be scrolled back to. The name has to be typed once more. What records the terminal itself, as ' +
      '"script" does, records the value.',
    'It works on a terminal only, and not for coding agents or builds: it looks for the variables that they set (AI_AGENT, ' +
      'AGENT, CLAUDECODE, CURSOR_AGENT, GEMINI_CLI, CODEX_…, OPENCODE, COPILOT_CLI, CI and others) and, on Linux, for their ' +
      'names among the programs that started it. That guards against a slip, not against a program that pretends to be you.',
    'A use is written to the audit file, if there is one; if that fails, nothing is shown.',
  ],
  examples: [
    ['claviger reveal github', 'asks for the name again, then shows the key for 30 seconds'],
    ['claviger show github', 'what is known of it, without the value'],
  ],
  options: { ...consumerOption },
  arguments: [1, 1],
  async run(context, { values, positionals: [name = ''] }) {
    const { terminal, env, json } = context;
    const { stdin, stdout, stderr } = terminal.streams;
    assertName(name);
    if (json) throw usageError('a value is never given to programs: there is no --json here');
    const agent = detectAgent(env);
    if (agent !== undefined) {
      await auditRefusal(context, name);
      const message = `a key is shown to people only, not to agents and builds, and ${agent}: run it in a terminal of your own`;
      throw new CommandError(message, { exitCode: exitCodes.refused, code: 'ERR_REVEAL_REFUSED' });
    }
    if (!stdin.isTTY || !stdout.isTTY || !stderr.isTTY || /^(dumb)?$/.test(env['TERM'] ?? '')) {
      throw usageError(
        'a key is shown on a terminal only: stdin, stdout and stderr have to be one, and not a dumb one',
      );
    }
    const loaded = await openConfig(context);
    await assertKnown(loaded, name);
    terminal.note(
      `The key of ${name} will stand on this screen in plain text, for ${SHOWN_MS / 1000} seconds at most.`,
    );
    if (loaded.auditFile === undefined)
      terminal.note('note: the config file has no "audit", so this is written down nowhere');
    if ((await ask(terminal, 'Type its name to go on: ')) !== name) throw declined();
    const credential = await fetchFor(context, loaded, name, consumerOf(context, values));
    const lines = linesFor(name, credential);
    assertFits(lines, stdout);
    return showOnAlternateScreen(terminal.streams, lines, { timeoutMs: SHOWN_MS, signalled: process });
  },
});

/** A name that no provider has is that of a stored key. */
async function assertKnown(loaded: LoadedConfig, name: string): Promise<void> {
  const { definition, store, secretName } = placeOf(loaded, name);
  if (definition !== undefined) return;
  const names = (await store.list()).map((info) => info.name);
  if (names.includes(secretName)) return;
  const known = new Set([...names, ...loaded.options.providers.map((each) => each.name)]);
  throw notStored(shownName(name), [...known], name);
}

/** By the path of every use, so that expiry, revocation and access rules count; written down before it is shown. */
async function fetchFor(
  { terminal }: Context,
  loaded: LoadedConfig,
  name: string,
  whose: ReturnType<typeof consumerOf>,
): Promise<Credential> {
  const { options } = loaded;
  const { definition, storeName, secretName } = placeOf(loaded, name);
  const provider = definition === undefined ? WITHOUT_PROVIDER : name;
  const stored = { name: provider, store: storeName, secretName, allowShortSecret: true };
  const others = options.providers.filter((each) => each.name !== provider);
  const events: AuditEvent[] = [];
  await using registry = createRegistry({
    ...options,
    providers: [...others, definition ?? stored],
    cache: false,
    audit: (event) => void events.push(event),
  });
  terminal.conceal((text) => registry.redactor.text(text));
  const write = async (outcome: Partial<AuditEvent>) => {
    const event = { time: Date.now(), type: 'use', outcome: 'ok', ...events.at(-1), ...outcome } as const;
    await options.audit?.({ ...event, provider: name, surface: 'cli', tool: 'reveal' });
  };
  let credential: Credential;
  try {
    credential = await registry.resolve(provider, whose);
  } catch (error) {
    if (events.length > 0) await write({});
    throw error;
  }
  await write({ outcome: 'ok', version: credential.version });
  return credential;
}

async function auditRefusal(context: Context, name: string): Promise<void> {
  try {
    const { options } = await openConfig(context, { ask: false });
    const event = { time: Date.now(), provider: name, surface: 'cli', tool: 'reveal' } as const;
    await options.audit?.({ ...event, type: 'refuse', outcome: 'ERR_ACCESS_DENIED' });
  } catch {
    // It is refused in any case.
  }
}

function linesFor(name: string, { secret, version, username }: Credential): string[] {
  const value = secret.reveal();
  const shown = visibleText(value);
  return [
    visibleText(
      `${name}   ${secret.fingerprint()}   version ${version}${username === undefined ? '' : `   user ${username}`}`,
    ),
    '',
    shown,
    '',
    ...(shown === value ? [] : ['Characters that do not show themselves stand there escaped.']),
    `Press any key. The screen is emptied by itself after ${SHOWN_MS / 1000} s.`,
  ];
}

/** A value that scrolls would stay in what can be scrolled back to, on terminals without a second screen. */
function assertFits(lines: readonly string[], { columns, rows }: NodeJS.WriteStream): void {
  const needed = lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / columns)), 0);
  if (needed > rows)
    throw new CommandError(`it does not fit on this screen: it needs ${needed} rows of ${columns} columns`);
}
