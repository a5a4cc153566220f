import { defineCommand, type Command } from '../command.js';
import { complete } from '../completion/candidates.js';
import { wordsFor } from '../completion/names.js';
import type { Verbs } from '../verb.js';
import { visibleText } from '../visible-text.js';

const MOST_WORDS = 1000;

/** What the scripts of `claviger completion` ask; see there. */
export function completeWords(verbs: Verbs): Command {
  return defineCommand({
    usage: ['claviger __complete =word…'],
    summary: 'tell a shell what can stand at the cursor',
    examples: [['claviger __complete =show =', 'the names of credentials']],
    options: {},
    arguments: [0, MOST_WORDS],
    async run(context, { positionals }) {
      const words = positionals.map((word) => word.replace(/^=/, ''));
      const wordsOf = wordsFor({ ...context, configFile: configFileOf(words) });
      const { candidates, then } = await complete(words, verbs, wordsOf);
      const lines = candidates.map(({ word, what }) => (what === undefined ? word : `${word}\t${visibleText(what)}`));
      context.terminal.streams.stdout.write([...lines, `:${then ?? 'none'}`, ''].join('\n'));
      return 0;
    },
  });
}

/** The config file that the line names: whoever names it trusts it. */
function configFileOf(words: readonly string[]): string | undefined {
  const end = words.indexOf('--');
  const own = (end === -1 ? words : words.slice(0, end)).slice(0, -1);
  const at = own.indexOf('--config');
  const inline = own.find((word) => word.startsWith('--config='));
  return inline?.slice('--config='.length) ?? (at === -1 ? undefined : own[at + 1]);
}
