import { defineCommand } from '../command.js';
import { openConfig } from '../configuration.js';
import { credentialJson } from '../credential-json.js';
import { shownName } from '../looks-like-value.js';
import { withProgress } from '../progress.js';
import { listCredentials, notStored, type CredentialRow } from '../stored-credentials.js';

export const show = defineCommand({
  usage: ['claviger show <name>'],
  summary: 'show what is known of one credential, never its value',
  examples: [
    ['claviger show github', 'where it rests, where it may go, when it expires'],
    ['claviger show github --json', 'the same for programs'],
  ],
  options: {},
  arguments: [1, 1],
  async run(context, { positionals: [name = ''] }) {
    const { rows, failures } = await withProgress(context.terminal, 'reading the stores', async () =>
      listCredentials(await openConfig(context)),
    );
    const row = rows.find((candidate) => candidate.name === name);
    const [failed] = failures.filter(({ store }) => row === undefined || row.store === store);
    if (failed !== undefined) throw failed.error;
    if (row === undefined) {
      const names = rows.map((other) => other.name);
      throw notStored(shownName(name), names, name);
    }
    if (context.json) context.terminal.answerJson({ credential: credentialJson(row) });
    else for (const [label, value] of linesOf(row)) context.terminal.answer(`${`${label}:`.padEnd(13)}${value}`);
    return 0;
  },
});

function linesOf({ name, state, info, store, secretName, provider, defined }: CredentialRow): [string, string][] {
  const lines: [string, string | undefined][] = [
    ['name', name],
    ['provider', defined ? undefined : 'none of that name is defined'],
    ['state', state],
    ['fingerprint', info.fingerprint],
    ['version', info.version],
    ['created', info.createdAt?.toISOString()],
    ['expires', info.expiresAt?.toISOString()],
    ['user name', info.username],
    ['store', secretName === name ? store : `${store}, as ${secretName}`],
    ['base URL', provider?.baseUrl],
    ['placed in', provider?.placements.map((placement) => JSON.stringify(placement)).join(' and ')],
    ['goes to', provider === undefined ? undefined : provider.destinations.join(', ') || 'no HTTP destination'],
    ['stored for', info.destinations?.join(', ')],
    ['with', provider?.with.join(', ')],
    ['variable', provider?.environmentVariable],
  ];
  return lines.filter((line): line is [string, string] => line[1] !== undefined && line[1] !== '');
}
