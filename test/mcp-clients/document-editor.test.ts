import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/mcp-clients/document/change.js';
import { DocumentEditor } from '../../src/mcp-clients/document/document-editor.js';
import { plainValue } from '../../src/mcp-clients/document/document-node.js';
import { jsoncFormat } from '../../src/mcp-clients/document/jsonc-format.js';
import { applySplice } from '../../src/mcp-clients/document/lines.js';
import { tomlFormat } from '../../src/mcp-clients/document/toml-format.js';
import { yamlFormat } from '../../src/mcp-clients/document/yaml-format.js';

const formats = { jsonc: jsoncFormat, toml: tomlFormat, yaml: yamlFormat };

function edited(format: keyof typeof formats, text: string, ...changes: Change[]): string {
  const editor = new DocumentEditor(text, formats[format]);
  editor.apply(changes);
  return editor.text;
}

const at = (...path: (string | number)[]) => path;

describe('an edit of JSON with comments', () => {
  const text = `// mine
{
  "servers": {
    /* the one */ "a": {
      "command": "npx", // how
      "args": [
        // what
        "-y",
        "x", // trailing
      ],
      "env": { "A": "1", "B": "2", "C": "3" },
    },
    "z": {"command":"n","env":{"K":"v"}}
  }
}
`;
  it('puts items before the first of a list, line by line where the list is written so', () => {
    const after = edited('jsonc', text, { kind: 'prepend', path: at('servers', 'a', 'args'), values: ['p', 'q"'] });
    expect(after).toBe(text.replace('"-y",', '"p",\n        "q\\"",\n        "-y",'));
  });

  it.each([
    ['A', '{ "B": "2", "C": "3" }'],
    ['B', '{ "A": "1", "C": "3" }'],
    ['C', '{ "A": "1", "B": "2" }'],
  ])('takes out %s with its comma', (key, rest) => {
    const after = edited('jsonc', text, { kind: 'remove', path: at('servers', 'a', 'env', key) });
    expect(after).toBe(text.replace('{ "A": "1", "B": "2", "C": "3" }', rest));
  });

  it('takes out a line whole, and leaves the comment behind it', () => {
    const lines = '{\n  "a": 1, // first\n  "b": 2,\n  "c": 3\n}\n';
    expect(edited('jsonc', lines, { kind: 'remove', path: at('b') })).toBe('{\n  "a": 1, // first\n  "c": 3\n}\n');
    expect(edited('jsonc', lines, { kind: 'remove', path: at('c') })).toBe('{\n  "a": 1, // first\n  "b": 2\n}\n');
    expect(edited('jsonc', lines, { kind: 'remove', path: at('a') })).toBe('{\n  // first\n  "b": 2,\n  "c": 3\n}\n');
    const odd = '{\n  "a": 1 /* x */, "b": 2 /* y */\n  // z\n}';
    expect(edited('jsonc', odd, { kind: 'remove', path: at('b') })).toBe('{\n  "a": 1 /* x */ /* y */\n  // z\n}');
    expect(edited('jsonc', odd, { kind: 'remove', path: at('a') })).toBe('{\n  /* x */ "b": 2 /* y */\n  // z\n}');
  });

  it('adds below a pair, on a line of its own or in the line, as the others are', () => {
    const add = (name: string): Change => ({
      kind: 'add',
      path: at('servers', name),
      after: 'command',
      key: 'cwd',
      value: ['/', 'b'],
    });
    expect(edited('jsonc', text, add('a'))).toContain('"command": "npx",\n      "cwd": ["/", "b"], // how\n');
    expect(edited('jsonc', text, add('z'))).toContain('{"command":"n","cwd":["/", "b"],"env":{"K":"v"}}');
  });

  it('keeps the line ends of Windows', () => {
    const windows = text.replaceAll('\n', '\r\n');
    const after = edited('jsonc', windows, {
      kind: 'add',
      path: at('servers', 'a'),
      after: 'command',
      key: 'k',
      value: 'v',
    });
    expect(after.replaceAll('\r\n', '')).not.toContain('\n');
  });

  it('replaces and renames in place', () => {
    const after = edited(
      'jsonc',
      text,
      { kind: 'set', path: at('servers', 'a', 'args', 1), value: 'y' },
      { kind: 'rename', path: at('servers', 'a', 'command'), key: 'cmd' },
      { kind: 'set', path: at('servers', 'a', 'args'), value: ['only', 'two'] },
    );
    expect(after).toBe(
      text
        .replace('"command": "npx"', '"cmd": "npx"')
        .replace('"-y",\n        "x", // trailing', '"only",\n        "two", // trailing'),
    );
  });

  it('says where a text is malformed, and nothing of it', () => {
    expect(() => new DocumentEditor('{\n  "a": "ck_secret" "b"\n}', jsoncFormat)).toThrow(
      /^not valid JSON at line 2, column \d+$/,
    );
  });
});

describe('an edit of TOML', () => {
  const text = `# mine
model = "x"

[mcp_servers.a] # the one
command = "npx" # how
args = ["-y", 'x']
env = { A = "1", B = "2" } # vars

[mcp_servers."b.c"]
command = "n"
env.ONE = "1"
env.TWO = "2"

[mcp_servers."b.c".http_headers]
Authorization = "Bearer x" # h
# end

[other]
k = 1 # last
`;
  it('edits inline tables and arrays', () => {
    const after = edited(
      'toml',
      text,
      { kind: 'remove', path: at('mcp_servers', 'a', 'env', 'A') },
      { kind: 'prepend', path: at('mcp_servers', 'a', 'args'), values: ['p'] },
      { kind: 'set', path: at('mcp_servers', 'a', 'command'), value: '/bin/n"' },
    );
    expect(after).toBe(
      text
        .replace('{ A = "1", B = "2" }', '{ B = "2" }')
        .replace('["-y"', '["p", "-y"')
        .replace('command = "npx"', 'command = "/bin/n\\""'),
    );
  });

  it('takes out a sub-table, a dotted key, a line', () => {
    expect(edited('toml', text, { kind: 'remove', path: at('mcp_servers', 'b.c', 'env', 'ONE') })).toBe(
      text.replace('env.ONE = "1"\n', ''),
    );
    expect(edited('toml', text, { kind: 'remove', path: at('mcp_servers', 'a', 'env') })).toBe(
      text.replace('env = { A = "1", B = "2" } # vars', '# vars'),
    );
    const after = edited('toml', text, { kind: 'remove', path: at('mcp_servers', 'b.c', 'http_headers') });
    expect(after).toBe(text.replace('[mcp_servers."b.c".http_headers]\nAuthorization = "Bearer x" # h', '# h'));
  });

  it('adds below a line, behind its comment', () => {
    const add: Change = { kind: 'add', path: at('mcp_servers', 'a'), after: 'command', key: 'cwd', value: '/' };
    expect(edited('toml', text, add)).toBe(text.replace('# how\n', '# how\ncwd = "/"\n'));
  });
});

describe('an edit of YAML', () => {
  const text = `# mine
extensions:
  a:
    cmd: npx # how
    args:
      - -y
      - "x"   # what
    envs:
      A: "1" # first
      B: two
  b: { cmd: n, envs: { K: v }, args: [-y] }
  c:
    cmd: &c npx
    envs:
      ONLY: 1x # why
  d:
    <<: *c
other: 1
`;
  it('edits blocks line by line', () => {
    const after = edited(
      'yaml',
      text,
      { kind: 'remove', path: at('extensions', 'a', 'envs', 'B') },
      { kind: 'prepend', path: at('extensions', 'a', 'args'), values: ['p q', '{'] },
      { kind: 'set', path: at('extensions', 'a', 'cmd'), value: '/bin/node' },
      { kind: 'add', path: at('extensions', 'a'), after: 'cmd', key: 'k', value: ['a', 'b: c'] },
    );
    expect(after).toBe(
      text
        .replace('      B: two\n', '')
        .replace('      - -y\n', '      - "p q"\n      - "{"\n      - -y\n')
        .replace('cmd: npx # how', 'cmd: /bin/node # how\n    k: [a, "b: c"]'),
    );
  });

  it('leaves an empty map where the only pair went', () => {
    const after = edited('yaml', text, { kind: 'remove', path: at('extensions', 'c', 'envs', 'ONLY') });
    expect(plainValue(yamlFormat.parse(after))).toMatchObject({ extensions: { c: { envs: {} } } });
    expect(after).toContain('# why');
  });

  it('edits flow collections', () => {
    const after = edited(
      'yaml',
      text,
      { kind: 'remove', path: at('extensions', 'b', 'envs', 'K') },
      { kind: 'prepend', path: at('extensions', 'b', 'args'), values: ['p'] },
    );
    expect(after).toBe(text.replace('{ K: v }', '{ }').replace('[-y]', '[p, -y]'));
  });

  it('leaves alone what has an anchor', () => {
    expect(() => edited('yaml', text, { kind: 'set', path: at('extensions', 'c', 'cmd'), value: 'x' })).toThrow(
      /anchor/,
    );
  });
});

describe('any edit', () => {
  const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_ -]{0,6}$/).filter((one) => one.trim() === one);
  const value = fc.string({ maxLength: 8 });
  const entry = fc.record({
    env: fc.uniqueArray(fc.tuple(word, value), { selector: ([key]) => key.toLowerCase(), minLength: 1, maxLength: 4 }),
    args: fc.array(value, { maxLength: 3 }),
    style: fc.nat({ max: 2 }),
    comment: fc.boolean(),
    pick: fc.nat({ max: 3 }),
  });

  it.each(['jsonc', 'toml', 'yaml'] as const)(
    'of %s changes what it says and nothing else, and can be taken back',
    (name) => {
      fc.assert(
        fc.property(entry, ({ env, args, style, comment, pick }) => {
          const text = written(name, env, args, style, comment);
          const editor = new DocumentEditor(text, formats[name]);
          const gone = env[pick % env.length]?.[0] ?? '';
          editor.apply([
            { kind: 'prepend', path: at('s', 'args'), values: ['new', 'a b'] },
            { kind: 'remove', path: at('s', 'env', gone) },
            { kind: 'add', path: at('s'), after: 'command', key: 'cwd', value: '/x' },
            { kind: 'set', path: at('s', 'command'), value: 'node' },
          ]);
          expect(plainValue(editor.root)).toEqual({
            s: {
              command: 'node',
              cwd: '/x',
              args: ['new', 'a b', ...args],
              env: Object.fromEntries(env.filter(([key]) => key !== gone)),
            },
            last: 'z',
          });
          const comments = (one: string) => one.match(/c\d!/g) ?? [];
          expect(comments(editor.text)).toEqual(comments(text));
          const back = editor.splices.reduceRight(
            (now, { at: place, removed, inserted }) =>
              applySplice(now, { at: place, removed: inserted, inserted: removed }),
            editor.text,
          );
          expect(back).toBe(text);
        }),
        { numRuns: 60 },
      );
    },
  );

  /** One document in one of three layouts. */
  function written(
    name: keyof typeof formats,
    env: readonly (readonly [string, string])[],
    args: readonly string[],
    style: number,
    comment: boolean,
  ): string {
    const { spell, spellKey, assign } = formats[name];
    const pairs = env.map(([key, one]) => spellKey(key) + assign + spell(one));
    const items = args.map((one) => spell(one));
    const note = (number: number) => (comment ? `${name === 'jsonc' ? ' //' : ' #'} c${number}!` : '');
    if (name === 'toml') {
      const list =
        style === 1 ? `[${items.map((one) => `\n  ${one},${note(1)}`).join('')}\n]` : `[${items.join(', ')}]`;
      const inline = style === 0 ? `env = { ${pairs.join(', ')} }${note(2)}\n` : '';
      const table = style === 0 ? '' : `\n[s.env]${note(3)}\n${pairs.map((one) => `${one}${note(4)}\n`).join('')}`;
      return `last = "z"\n[s]\ncommand = "npx"${note(5)}\nargs = ${list}\n${inline}${table}`;
    }
    if (name === 'yaml' && style > 0) {
      const list = items.length === 0 ? ' []' : items.map((one) => `\n    - ${one}${note(1)}`).join('');
      return `s:\n  command: npx${note(2)}\n  args:${list}\n  env:\n${pairs.map((one) => `    ${one}${note(3)}\n`).join('')}last: z\n`;
    }
    const [open, sep, close] =
      style === 0 || name === 'yaml' ? ['', ', ', ''] : ['\n      ', `,${note(1)}\n      `, '\n    '];
    const key = (one: string) => spellKey(one) + assign;
    const list = `[${open}${items.join(sep)}${close}]`;
    const map = `{${open}${pairs.join(sep)}${style === 2 && name === 'jsonc' ? ',' : ''}${close}}`;
    const inner = [`${key('command')}${spell('npx')}`, `${key('args')}${list}`, `${key('env')}${map}`];
    return `{ ${key('s')}{${open}${inner.join(sep)}${close}}, ${key('last')}${spell('z')} }`;
  }
});
