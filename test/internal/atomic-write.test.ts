import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createFileAtomic, writeFileAtomic } from '../../src/internal/atomic-write.js';
import { newDirectory } from '../stores/new-directory.js';

describe('writeFileAtomic', () => {
  test('replaces a file by another of the mode asked for', async () => {
    const path = join(await newDirectory(), 'file');
    await writeFile(path, 'old', { mode: 0o644 });
    const before = await stat(path);
    await writeFileAtomic(path, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).ino).not.toBe(before.ino);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await writeFileAtomic(path, 'newer', { mode: 0o640 });
    expect((await stat(path)).mode & 0o777).toBe(0o640);
  });

  test('leaves the file as it was, and nothing else, when the last check fails', async () => {
    const path = join(await newDirectory(), 'file');
    await writeFile(path, 'old');
    const failed = writeFileAtomic(path, 'new', { beforeCommit: () => Promise.reject(new Error('not now')) });
    await expect(failed).rejects.toThrow('not now');
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(join(path, '..'))).toEqual(['file']);
  });

  test('keeps the content before as a backup, also after a writer that died between backup and rename', async () => {
    const path = join(await newDirectory(), 'file');
    const write = (text: string, beforeCommit = async () => {}) =>
      writeFileAtomic(path, text, { backupPath: `${path}.bak`, beforeCommit });
    await write('1');
    await write('2');
    await expect(write('3', () => Promise.reject(new Error('dead')))).rejects.toThrow();
    await write('4');
    expect(await readFile(path, 'utf8')).toBe('4');
    expect(await readFile(`${path}.bak`, 'utf8')).toBe('2');
    expect((await readdir(join(path, '..'))).sort()).toEqual(['file', 'file.bak']);
  });
});

describe('createFileAtomic', () => {
  test('never replaces what is there', async () => {
    const path = join(await newDirectory(), 'file');
    await createFileAtomic(path, 'first');
    await expect(createFileAtomic(path, 'second')).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(path, 'utf8')).toBe('first');
    expect(await readdir(join(path, '..'))).toEqual(['file']);
  });
});
