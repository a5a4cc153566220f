import { catalogEntries, searchCatalog, type CatalogEntry } from '../../catalog/index.js';
import { didYouMean } from '../../internal/near-names.js';
import { CommandError, exitCodes } from '../command-error.js';
import { defineCommand } from '../command.js';
import { shownName } from '../looks-like-value.js';
import type { Terminal } from '../terminal.js';

export const providers = defineCommand({
  usage: ['claviger providers [word]'],
  summary: 'list the well-known providers that "claviger add" takes by name',
  examples: [
    ['claviger providers', 'all of them'],
    ['claviger providers search', 'those with that word in name, title, host or variable'],
    ['claviger providers jira', 'one whole, when the word is its name'],
  ],
  options: {},
  arguments: [0, 1],
  async run({ terminal, json }, { positionals: [word] }) {
    const found = word === undefined ? catalogEntries() : searchCatalog(word);
    if (found.length === 0 && word !== undefined) {
      const near = didYouMean(
        word,
        catalogEntries().map(({ id }) => id),
      );
      const message = `the catalog has nothing with ${shownName(word)}${near}: describe it with "claviger add", see its --help`;
      throw new CommandError(message, { exitCode: exitCodes.notFound, code: 'ERR_PROVIDER_NOT_FOUND' });
    }
    const exact = found.find(({ id }) => id === word);
    if (json) terminal.answerJson({ providers: exact === undefined ? found : [exact] });
    else if (exact !== undefined) showEntry(terminal, exact);
    else {
      const rows = found.map(({ id, title, environmentVariable, baseUrl }) => [
        id,
        title,
        environmentVariable,
        baseUrl,
      ]);
      terminal.table(['NAME', 'TITLE', 'VARIABLE', 'BASE URL'], rows);
    }
    return 0;
  },
});

function showEntry(terminal: Terminal, entry: CatalogEntry): void {
  const {
    id,
    title,
    docs,
    baseUrl,
    destinations,
    placement,
    headers,
    environmentVariable,
    otherVariables = [],
  } = entry;
  const lines: [string, string | undefined][] = [
    ['name', id],
    ['title', title],
    ['docs', docs],
    ['base URL', baseUrl],
    ['goes to', destinations.join(', ')],
    [
      'placed in',
      [placement]
        .flat()
        .map((one) => JSON.stringify(one))
        .join(' and '),
    ],
    ['headers', headers && JSON.stringify(headers)],
    ['variables', [environmentVariable, ...otherVariables].join(', ')],
    ['keys begin', entry.keyShape?.prefix?.join(', ')],
    [
      'to fill in',
      entry.fill &&
        Object.entries(entry.fill)
          .map(([name, meaning]) => `${name}: ${meaning}`)
          .join('; '),
    ],
    ['user name', entry.username],
    ['note', entry.note],
    ['unverified', entry.unverified?.join(', ')],
  ];
  for (const [label, value] of lines) if (value) terminal.answer(`${`${label}:`.padEnd(12)}${value}`);
}
