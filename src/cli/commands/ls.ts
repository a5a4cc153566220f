import { defineCommand } from '../command.js';
import { openConfig } from '../configuration.js';
import { credentialJson } from '../credential-json.js';
import { exitCodeFor, reportError } from '../report-error.js';
import { withProgress } from '../progress.js';
import { listCredentials } from '../stored-credentials.js';

export const ls = defineCommand({
  usage: ['claviger ls'],
  summary: 'list the providers and what is stored for them',
  details: ['A fingerprint tells two keys apart and gives nothing of them away. Values are never shown.'],
  examples: [
    ['claviger ls', 'names, fingerprints, states'],
    ['claviger ls --json', 'the same for programs'],
  ],
  options: {},
  async run(context) {
    const { terminal, json } = context;
    const { rows, failures } = await withProgress(terminal, 'reading the stores', async () =>
      listCredentials(await openConfig(context)),
    );
    const [failed] = failures;
    if (failed !== undefined && rows.length === 0) throw failed.error;
    if (json) terminal.answerJson({ credentials: rows.map(credentialJson) });
    else if (rows.length === 0) terminal.note('nothing is defined or stored yet: start with "claviger add <provider>"');
    else {
      const cells = rows.map(({ name, state, info, store, defined }) => [
        name,
        state,
        info.fingerprint ?? '-',
        info.createdAt?.toISOString().slice(0, 10) ?? '-',
        info.expiresAt?.toISOString().slice(0, 10) ?? '-',
        defined ? store : `${store} (no provider)`,
      ]);
      terminal.table(['NAME', 'STATE', 'FINGERPRINT', 'CREATED', 'EXPIRES', 'STORE'], cells);
    }
    for (const { error } of failures) reportError(terminal, error, false);
    return failed === undefined ? 0 : exitCodeFor(failed.error);
  },
});
