import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { entries, manifest, root } from '../support/built.js';
import { hasTopLevelAwait, staticallyReached } from '../support/module-graph.js';

const rootEntry = new URL('dist/index.js', root);

/** Built-ins that start processes or threads or speak a protocol. `net` is none: it also tells addresses from names. */
const forbidden = ['child_process', 'cluster', 'dgram', 'http', 'http2', 'https', 'inspector', 'tls', 'worker_threads'];

/** Runs a line of code in a new process that stands in the package's folder, and gives what it prints as JSON. */
function run(code: string, ...flags: string[]): unknown {
  const cwd = fileURLToPath(root);
  return JSON.parse(execFileSync(process.execPath, [...flags, '-e', code], { cwd, encoding: 'utf8' }));
}

describe('the built root entry', () => {
  it('statically imports no built-in that starts processes or threads or speaks a protocol', () => {
    const reached = staticallyReached(rootEntry);
    const found = forbidden.flatMap((name) => reached.get(name) ?? reached.get(`node:${name}`) ?? []);
    expect(found).toEqual([]);
  });

  it('statically imports no package but the small ones that every program needs', () => {
    const packages = [...staticallyReached(rootEntry)].filter(([specifier]) => !isBuiltin(specifier));
    expect(packages.filter(([specifier]) => specifier !== 'jsonc-parser')).toEqual([]);
  });

  it('loads none of them by any other way, as the list of loaded built-ins shows', () => {
    const loaded = `process.moduleLoadList.filter((name) => name.startsWith('NativeModule ')).map((name) => name.slice(13))`;
    const loadedBy = (modules: readonly string[]) =>
      run(`const before = ${loaded};
        Promise.all(${JSON.stringify(modules)}.map((name) => import(name))).then(() => {
          console.log(JSON.stringify(${loaded}.filter((name) => !before.includes(name))));
        });`) as string[];
    const added = loadedBy([rootEntry.href]);
    expect(added).toContain('crypto');
    // what Node's own modules bring with them is Node's: node:util brings threads in Node 24
    const brought = loadedBy([...staticallyReached(rootEntry).keys()].filter(isBuiltin));
    const own = added.filter((name) => !brought.includes(name));
    expect(own.filter((name) => forbidden.includes(name) || name.includes('undici'))).toEqual([]);
  });

  it('is seen to reach what it does reach', () => {
    const reached = staticallyReached(rootEntry);
    expect(reached.has('node:crypto')).toBe(true);
    expect([...staticallyReached(new URL('dist/http/index.js', root)).keys()]).toContain('undici');
  });
});

describe('the command line', () => {
  it('loads at its start what every command needs, and no package', () => {
    const reached = [...staticallyReached(new URL('dist/cli/dispatch.js', root)).keys()];
    expect(reached.filter((specifier) => !isBuiltin(specifier))).toEqual([]);
    const heavy = [...forbidden, 'dns', 'net', 'readline', 'zlib'];
    expect(reached.filter((specifier) => heavy.includes(specifier.replace('node:', '')))).toEqual([]);
    expect(reached).toContain('node:crypto');
  });
});

describe('the public entries', () => {
  it.each(entries)('$name has exactly types and code, and both files are there', ({ files }) => {
    expect(Object.keys(files)).toEqual(['types', 'default']);
    for (const file of Object.values(files)) expect(existsSync(new URL(file, root)), file).toBe(true);
  });

  it('names the types of the root for tools that do not read exports', () => {
    expect(manifest.exports['.']).toMatchObject({ types: manifest.types });
  });

  it('bundles zod and lets nothing import it at run time', () => {
    const importers = entries.filter(({ files }) => {
      const reached = [...staticallyReached(new URL(files['default'] ?? '', root)).keys()];
      return reached.some((specifier) => specifier === 'zod' || specifier.startsWith('zod/'));
    });
    expect(importers).toEqual([]);
    expect(existsSync(new URL('dist/licenses/zod.txt', root))).toBe(true);
  });

  it('imports only packages that are dependencies', () => {
    const names = entries
      .flatMap(({ files }) => [...staticallyReached(new URL(files['default'] ?? '', root)).keys()])
      .filter((specifier) => !isBuiltin(specifier))
      .map((specifier) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0]);
    for (const name of names) expect(Object.keys(manifest.dependencies)).toContain(name);
  });

  it.each(entries)('$name can be required', ({ name }) => {
    const names = run(`console.log(JSON.stringify(Object.keys(require(${JSON.stringify(name)}))))`, '--no-warnings');
    expect(names).not.toEqual([]);
  });
});

it('no built file waits at its top level', () => {
  const files = readdirSync(new URL('dist/', root), { recursive: true, encoding: 'utf8' });
  const modules = files.filter((file) => file.endsWith('.js')).map((file) => new URL(file, new URL('dist/', root)));
  expect(modules.length).toBeGreaterThan(0);
  expect(modules.filter(hasTopLevelAwait).map(String)).toEqual([]);
});
