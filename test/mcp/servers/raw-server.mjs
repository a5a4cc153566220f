// An MCP server without an SDK: one JSON-RPC message per line, and tools that do what tests need to see.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const settings = JSON.parse(process.env.SETTINGS ?? '{}');
const secretParameter = {
  type: 'object',
  properties: { q: { type: 'string' }, api_key: { type: 'string' } },
  required: ['q', 'api_key'],
};
const plain = { type: 'object', properties: { q: { type: 'string' } } };

/** Each tool answers with what it got, unless it says otherwise below. */
const tools = settings.tools ?? [
  { name: 'echo', description: 'gives back', inputSchema: plain },
  { name: 'keyed', description: 'takes a key', inputSchema: secretParameter },
  ...[
    'environment',
    'fails',
    'blob',
    'progress',
    'hang',
    'die',
    'big',
    'pid',
    'say',
    'structured',
    'ask',
    'encoded',
  ].map((name) => ({
    name,
    inputSchema: plain,
  })),
];
const pageSize = settings.pageSize ?? 1000;
const text = (value) => ({
  content: [{ type: 'text', text: typeof value === 'string' ? value : JSON.stringify(value) }],
});
const waiting = new Map();
let listening;

const methods = {
  initialize: (params) => ({
    protocolVersion: params.protocolVersion,
    capabilities: { tools: { listChanged: true }, logging: {}, resources: { subscribe: true } },
    serverInfo: { name: 'raw', version: '1' },
  }),
  'subscriptions/listen': ({ notifications }, id) => {
    const _meta = { 'io.modelcontextprotocol/subscriptionId': id };
    notify('notifications/subscriptions/acknowledged', { notifications, _meta });
    listening = _meta;
    return new Promise(() => undefined);
  },
  'server/discover': () => ({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} } }),
  ping: () => ({}),
  'logging/setLevel': () => ({}),
  'resources/subscribe': () => ({}),
  'resources/unsubscribe': () => ({}),
  'tools/list': ({ cursor = '0' } = {}) => {
    const from = Number(cursor);
    const rest = from + pageSize < tools.length ? { nextCursor: String(from + pageSize) } : {};
    return { tools: tools.slice(from, from + pageSize), ...rest };
  },
  'resources/read': () => ({
    contents: [{ uri: 'x:y', blob: Buffer.from(`a blob with ${process.env.API_KEY} in it`).toString('base64') }],
  }),
  'tools/call': ({ name, arguments: args, _meta }) => calls[name]?.(args ?? {}, _meta) ?? text(args ?? null),
};

const calls = {
  environment: () => text(process.env),
  pid: () => text(String(process.pid)),
  fails: (args) => {
    throw Object.assign(new Error(args.message ?? `refused ${process.env.API_KEY}`), {
      data: { sent: args, key: process.env.API_KEY, status: args.status },
    });
  },
  blob: () => ({
    content: [
      {
        type: 'image',
        mimeType: 'image/png',
        data: Buffer.from(`\x89PNG ${process.env.API_KEY} \xff`, 'latin1').toString('base64'),
      },
    ],
  }),
  structured: (args) => ({
    content: [],
    structuredContent: { [process.env.API_KEY ?? 'none']: 1, digits: Number(process.env.DIGITS ?? 0), args },
  }),
  progress: (_args, meta) => {
    notify('notifications/progress', {
      progressToken: meta?.progressToken,
      progress: 1,
      message: `using ${process.env.API_KEY}`,
    });
    notify('notifications/message', { level: 'info', data: `using ${process.env.API_KEY}` });
    return text('done');
  },
  encoded: () => {
    const key = process.env.API_KEY ?? '';
    const bytes = Buffer.from(key);
    const basic = Buffer.from(`user:${key}`).toString('base64');
    return text(
      [bytes.toString('hex'), bytes.toString('base64'), basic, encodeURIComponent(key), JSON.stringify({ key })].join(
        ' ',
      ),
    );
  },
  hang: () => new Promise(() => undefined),
  die: (args) => {
    process.stderr.write(`dying with ${process.env.API_KEY}\n`);
    process.exit(args.code ?? 7);
  },
  big: (args) => text('x'.repeat(args.bytes)),
  say: (args) => {
    for (const line of args.stdout ?? []) process.stdout.write(`${line}\n`);
    if (args.stderr !== undefined) process.stderr.write(`${args.stderr} ${process.env.API_KEY}\n`);
    return text('said');
  },
  changes: () => {
    notify('notifications/tools/list_changed', { _meta: listening });
    return text('changed');
  },
  gives: (args) => args,
  raw: (args) => {
    process.stdout.write(Buffer.from(args.hex, 'hex'));
    if (args.exit !== undefined) setTimeout(() => process.exit(args.exit), 20);
    return args.exit === undefined ? text('done') : new Promise(() => undefined);
  },
  noisy: (args) => {
    process.stderr.write(args.line.repeat(args.times), () =>
      notify('notifications/message', { level: 'info', data: 'written' }),
    );
    return text('said');
  },
  wait: (args) => new Promise((resolve) => setTimeout(() => resolve(text(args)), args.ms)),
  ask: async () => {
    write({ jsonrpc: '2.0', id: 'server-1', method: 'roots/list' });
    return text(await new Promise((resolve) => waiting.set('server-1', resolve)));
  },
};

function write(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

function notify(method, params) {
  write({ jsonrpc: '2.0', method, params });
}

async function answer({ id, method, params }) {
  if (settings.silent?.includes(method)) return;
  try {
    if (methods[method] === undefined) throw Object.assign(new Error('Method not found'), { code: -32601 });
    write({ jsonrpc: '2.0', id, result: await methods[method](params ?? {}, id) });
  } catch (error) {
    write({ jsonrpc: '2.0', id, error: { code: error.code ?? -32000, message: error.message, data: error.data } });
  }
}

if (settings.stderrAtStart !== undefined) process.stderr.write(settings.stderrAtStart);
if (settings.exitAtStart !== undefined) process.exit(settings.exitAtStart);
if (settings.ignoreSignals) for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => undefined);
if (settings.ignoreSignals || settings.ignoreEnd) setInterval(() => undefined, 1000);

createInterface({ input: process.stdin }).on('line', (line) => {
  if (settings.journal !== undefined) appendFileSync(settings.journal, `${process.pid} ${line}\n`);
  const message = JSON.parse(line);
  if (Array.isArray(message)) return void message.forEach(answer);
  if (message.method === undefined) return waiting.get(message.id)?.(message.result);
  if (message.id !== undefined) void answer(message);
});
