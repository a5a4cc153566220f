import { fstatSync, readFileSync, readSync, ReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

/** A file that somebody has open: `fs.createReadStream` and `fs.promises.open` give such. */
export function isOpenFile(value: object): value is ReadStream | FileHandle {
  try {
    return value instanceof ReadStream || value.constructor.name === 'FileHandle';
  } catch {
    return false; // whatever it is, it throws when it is looked at
  }
}

/** All of it, wherever its reader is, and without moving that; `undefined` if it can't be read. */
export function readOpenFile(file: ReadStream | FileHandle): Buffer | undefined {
  try {
    const { fd } = file as { fd?: unknown };
    if (typeof fd === 'number' && fd >= 0) return readDescriptor(fd);
    return file instanceof ReadStream ? readFileSync(file.path) : undefined;
  } catch {
    return undefined;
  }
}

function readDescriptor(fd: number): Buffer | undefined {
  const stats = fstatSync(fd);
  if (!stats.isFile()) return undefined;
  const content = Buffer.alloc(stats.size);
  let length = 0;
  for (let read = -1; read !== 0 && length < content.length; length += read) {
    read = readSync(fd, content, length, content.length - length, length);
  }
  return content.subarray(0, length);
}
