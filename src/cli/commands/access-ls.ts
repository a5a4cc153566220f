import type { AccessDescription } from '../../access/index.js';
import { openAccess } from '../access-rules.js';
import { defineCommand } from '../command.js';
import type { Terminal } from '../terminal.js';

export const accessLs = defineCommand({
  usage: ['claviger access ls [products|developers|apps|keys]'],
  summary: 'list products, developers, apps and consumer keys',
  details: ['Keys are told by their ids; neither a key nor a hash of one is ever shown.'],
  examples: [
    ['claviger access ls', 'everything'],
    ['claviger access ls keys', 'the keys, with what they are for and whether they are refused'],
    ['claviger access ls --json', 'the same for programs'],
  ],
  options: {},
  arguments: [0, 1],
  async run(context, { positionals: [kind] }) {
    const { terminal, json } = context;
    const { access } = await openAccess(context);
    const description = await access.describe();
    const kinds = Object.keys(tables).filter((each) => kind === undefined || each === kind) as (keyof typeof tables)[];
    if (json) terminal.answerJson(Object.fromEntries(kinds.map((each) => [each, description[each]])));
    else for (const each of kinds) show(terminal, description, each);
    return 0;
  },
});

const tables = {
  products: {
    head: ['PRODUCT', 'PROVIDERS', 'METHODS', 'RESOURCES', 'QUOTA'],
    rows: ({ products }: AccessDescription) =>
      products.map(({ name, providers, methods, resources, quota }) => [
        name,
        providers.join(',') || 'none',
        methods === undefined ? 'all' : methods.join(',') || 'none',
        resources.join(' ') || 'none',
        quota === undefined ? '-' : `${quota.limit} in ${quota.interval} ${quota.unit}`,
      ]),
  },
  developers: {
    head: ['DEVELOPER', 'STATUS'],
    rows: ({ developers }: AccessDescription) => developers.map(({ name, status }) => [name, status]),
  },
  apps: {
    head: ['APP', 'STATUS', 'DEVELOPER'],
    rows: ({ apps }: AccessDescription) => apps.map(({ name, status, developer }) => [name, status, developer ?? '-']),
  },
  keys: {
    head: ['KEY', 'APP', 'STATUS', 'EXPIRES', 'PRODUCTS', 'REFUSED FOR'],
    rows: ({ keys }: AccessDescription) =>
      keys.map(({ id, app, status, expiresAt, products, fault }) => [
        id,
        app,
        status,
        expiresAt?.slice(0, 16) ?? '-',
        products.map((each) => (each.status === 'approved' ? each.name : `${each.name} (${each.status})`)).join(' ') ||
          'none',
        fault ?? '-',
      ]),
  },
} as const;

function show(terminal: Terminal, description: AccessDescription, kind: keyof typeof tables): void {
  const { head, rows } = tables[kind];
  const cells = rows(description);
  if (cells.length === 0) terminal.note(`no ${kind}`);
  else terminal.table(head, cells);
}
