import { didYouMean } from '../../internal/near-names.js';
import { notThere, openAccess } from '../access-rules.js';
import { defineCommand } from '../command.js';
import { shownName } from '../looks-like-value.js';

export const accessShow = defineCommand({
  usage: ['claviger access show <name or key id>'],
  summary: 'show one product, developer, app or consumer key',
  examples: [
    ['claviger access show report-agent', 'an app, with its keys'],
    ['claviger access show key-0123456789abcdef --json', 'a key, for programs'],
  ],
  options: {},
  arguments: [1, 1],
  async run(context, { positionals: [name = ''] }) {
    const { terminal, json } = context;
    const { products, developers, apps, keys } = await (await openAccess(context)).access.describe();
    const found = {
      product: products.find((product) => product.name === name),
      developer: developers.find((developer) => developer.name === name),
      app: apps.find((app) => app.name === name),
      keys: keys.filter((key) => key.id === name || key.app === name),
    };
    if (found.product ?? found.developer ?? found.app ?? found.keys[0]) {
      if (json) terminal.answerJson(found);
      else for (const [kind, value] of Object.entries(found)) showOne(kind, value);
      return 0;
    }
    const names = [...products, ...developers, ...apps].map((each) => each.name);
    throw notThere(shownName(name), didYouMean(name, [...names, ...keys.map(({ id }) => id)]));

    function showOne(kind: string, value: object | undefined): void {
      const all = Array.isArray(value) ? (value as object[]) : value === undefined ? [] : [value];
      for (const one of all) {
        terminal.answer(kind === 'keys' ? 'key' : kind);
        for (const [label, content] of Object.entries(one)) {
          terminal.answer(
            `  ${`${label}:`.padEnd(11)}${typeof content === 'string' ? content : JSON.stringify(content)}`,
          );
        }
      }
    }
  },
});
