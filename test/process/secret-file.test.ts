import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSecretFile } from '../../src/process/secret-file.js';
import { Secret } from '../../src/secret.js';

function parent(): string {
  const directory = mkdtempSync(join(tmpdir(), 'claviger-test-'));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  return directory;
}

describe('a secret file', () => {
  it('holds the secret and nothing else, for its owner only', async () => {
    await using file = await createSecretFile(Secret.from('first-secret'), 'p', { parent: parent() });
    expect(readFileSync(file.path, 'utf8')).toBe('first-secret');
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(statSync(file.directory).mode & 0o777).toBe(0o700);
    expect(readdirSync(file.directory)).toHaveLength(1);
  });

  it('is rewritten whole under the same path', async () => {
    await using file = await createSecretFile(Secret.from('first-secret'), 'p', { parent: parent() });
    const before = statSync(file.path).ino;
    await file.rewrite(Secret.from('second-secret'));
    expect(readFileSync(file.path, 'utf8')).toBe('second-secret');
    expect(statSync(file.path).ino).not.toBe(before);
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(readdirSync(file.directory)).toHaveLength(1);
  });

  it('is gone with its directory once disposed of, twice too', async () => {
    const directory = parent();
    const file = await createSecretFile(Secret.from('first-secret'), 'p', { parent: directory });
    await file.dispose();
    await file.dispose();
    expect(readdirSync(directory)).toEqual([]);
    await expect(file.rewrite(Secret.from('second-secret'))).rejects.toThrow();
    expect(existsSync(file.path)).toBe(false);
  });

  it('is not even begun for a value that may not stand in a process (M6)', async () => {
    const directory = parent();
    await expect(createSecretFile(Secret.from('${KEY_FILE}'), 'weather', { parent: directory })).rejects.toMatchObject({
      code: 'ERR_PLACEMENT_INVALID',
      provider: 'weather',
    });
    expect(readdirSync(directory)).toEqual([]);
  });
});
