import type { AuditEvent, ProviderDescription } from '../../index.js';
import { ClavigerError } from '../../errors.js';
import { mapLimited } from '../../internal/map-limited.js';
import { nearNames } from '../../internal/near-names.js';
import { consumerOf, consumerOption } from '../access-rules.js';
import { checkCredential, type CheckResult } from '../check-credential.js';
import { exitCodes, usageError } from '../command-error.js';
import { defineCommand } from '../command.js';
import type { Context } from '../context.js';
import { recordResults } from '../last-results.js';
import { assertName } from '../looks-like-value.js';
import { openRegistry } from '../open-registry.js';

/** At a time. */
const maxRequests = 8;
const maxNames = 1000;

export const test = defineCommand({
  usage: ['claviger test [name…]'],
  summary: 'tell whether keys still work, by a who-am-I request',
  details: [
    'Makes the request that the provider or the catalog names as "check", with the key where it belongs, and tells how it was ' +
      'answered: ok, rejected, or not reached. Of the answer only its status is kept and, where it says so in a plain member, ' +
      'whose key it is. Without names every provider is tested.',
    'Exit codes: 0 all are ok, 5 one is rejected, 6 refused by a rule, 4 its store is locked, 3 there is no key, 1 not reached or ' +
      'not tested. Of several the one that stands first in this list.',
  ],
  examples: [
    ['claviger test github', 'one key'],
    ['claviger test', 'all of them'],
    ['claviger test --json', 'for programs'],
  ],
  options: {
    ...consumerOption,
    timeout: { type: 'string', value: 'SECONDS', help: 'how long each may take; default 10' },
  },
  arguments: [0, maxNames],
  async run(context, { values, positionals }) {
    const timeoutMs = timeoutOf(values.timeout);
    for (const name of positionals) assertName(name);
    const uses: AuditEvent[] = [];
    await using registry = await openRegistry(context, { onEvent: (event) => uses.push(event) });
    const wanted = providersNamed(registry.providers(), positionals);
    const whose = consumerOf(context, values);
    const results = await mapLimited(wanted, maxRequests, (provider) =>
      checkCredential(provider, { registry, whose, timeoutMs, uses }),
    );
    await remember(context, results);
    report(context, results);
    // who asks for all of them is not told off for those that can't be asked
    const counted = positionals.length > 0 ? results : results.filter(({ outcome }) => outcome !== 'unchecked');
    return exitCodeOfAll(counted);
  },
});

function timeoutOf(text: string | undefined): number {
  if (text === undefined) return 10_000;
  const seconds = Number(text);
  if (!(seconds > 0 && seconds <= 600)) throw usageError('--timeout takes seconds, up to 600');
  return seconds * 1000;
}

function providersNamed(all: readonly ProviderDescription[], names: readonly string[]): ProviderDescription[] {
  if (names.length === 0) return [...all];
  const known = all.map(({ name }) => name);
  return [...new Set(names)].map((wanted) => {
    const found = all.find(({ name }) => name === wanted);
    if (found !== undefined) return found;
    const near = nearNames(wanted, known).map((name) => `"${name}"`);
    const hint = near.length === 0 ? 'see claviger ls' : `did you mean ${near.join(' or ')}?`;
    throw new ClavigerError('ERR_PROVIDER_NOT_FOUND', `no provider is named "${wanted}": ${hint}`);
  });
}

/** A result that can't be kept is told all the same. */
async function remember({ env, terminal }: Context, results: readonly CheckResult[]): Promise<void> {
  const kept = results.map(({ name, time, outcome, status, code, version }) => {
    const details = { ...(status !== undefined && { status }), ...(code !== undefined && { code }) };
    return [name, { time, outcome, ...details, ...(version !== undefined && { version }) }] as const;
  });
  await recordResults(env, new Map(kept)).catch((error: unknown) => {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    terminal.note(`note: the results could not be kept (${code})`);
  });
}

function report({ terminal, json }: Context, results: readonly CheckResult[]): void {
  if (json) {
    const shown = results.map(({ exitCode: _, ...result }) => ({
      ...result,
      time: new Date(result.time).toISOString(),
    }));
    return terminal.answerJson({ results: shown });
  }
  if (results.length === 0) return terminal.note('no provider is defined yet: start with "claviger add <provider>"');
  const rows = results.map(({ name, outcome, message, who }) => [
    name,
    outcome,
    who === undefined ? message : `${message}, as ${who}`,
  ]);
  terminal.table(['NAME', 'RESULT', ''], rows);
}

const gravest = [
  exitCodes.rejected,
  exitCodes.refused,
  exitCodes.locked,
  exitCodes.notFound,
  exitCodes.failure,
] as const;

function exitCodeOfAll(results: readonly CheckResult[]): number {
  const codes = results.map(({ exitCode }) => exitCode);
  return gravest.find((code) => codes.includes(code)) ?? exitCodes.ok;
}
