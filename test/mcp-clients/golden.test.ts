import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectNoLeak } from '../../src/testing/index.js';
import { goldenFiles, portableText, withKeys } from './golden-files.js';
import { ImportHome } from './import-run.js';

let home: ImportHome;
beforeEach(() => {
  home = new ImportHome();
});
afterEach(() => home[Symbol.dispose]());

describe.each(goldenFiles())('the file of $client', ({ client, extension, before, after }) => {
  it('is rewritten as it should be, tells no key, is left alone by a second run, and comes back byte for byte', async () => {
    const { text, keys } = withKeys(before);
    const name = `client.${extension}`;
    const path = home.write(name, text, 0o640);
    const flags = ['mcp', 'import', '--client', client, '--file', path];

    const plan = await home.run([...flags, '--dry-run']);
    expect(home.read(name)).toBe(text);
    expect(existsSync(home.state)).toBe(false);
    expect(plan.code).toBe(7);

    const written = await home.run([...flags, '--write']);
    const rewritten = portableText(home.read(name), home.configFile);
    const expected = withNames(rewritten, keys);
    if (process.env['CLAVIGER_GOLDEN'] === 'write') {
      writeFileSync(new URL(`golden/${client}.after.${extension}`, import.meta.url), expected);
    } else {
      expect(expected).toBe(after);
    }
    expect(statSync(path).mode & 0o777).toBe(0o640);

    const again = await home.run([...flags, '--write']);
    expect(portableText(home.read(name), home.configFile)).toBe(rewritten);
    const undone = await home.run([...flags, '--undo']);
    expect(undone.code, undone.stderr).toBe(0);
    expect(home.read(name)).toBe(text);

    const moved = [...keys.values()].filter((key) => !rewritten.includes(key));
    expect(moved.length).toBeGreaterThan(0);
    for (const key of keys.values()) {
      expectNoLeak({ plan, written, again, undone, config: home.config(), state: filesBelow(home.state) }, key);
    }
  });
});

/** Keys that stay, by their names. */
function withNames(text: string, keys: ReadonlyMap<string, string>): string {
  return [...keys].reduce((rest, [name, key]) => rest.replaceAll(key, `@${name}@`), text);
}

function filesBelow(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}
