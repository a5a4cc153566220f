import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { formatOf, type ClientFormat } from '../mcp-clients/client-files.js';
import { DocumentError } from '../mcp-clients/document/document-node.js';
import { findInDocument } from './find-in-document.js';
import { scanText, type FoundKey } from './scan-text.js';
import { isSettingsFile } from './settings-file.js';
import type { StoredValues } from './stored-values.js';

/** What is read of a file at a time, and at most; and how much of each piece is read again with the next. */
const PIECE_BYTES = 1_048_576;
const MOST_BYTES = 16 * PIECE_BYTES;
const OVERLAP = 8_192;

/** No client's config file is longer; one that is gets read as text only. */
const DOCUMENT_BYTES = 4 * PIECE_BYTES;

interface ScanFileOptions {
  /** Where the file is known to be a client's. */
  readonly format?: ClientFormat;
  /** Whether it is known to be made for settings. */
  readonly settings?: boolean;
  readonly stored?: StoredValues;
  /** How much of it is read; default 16 MiB. */
  readonly mostBytes?: number;
}

export interface ScannedFile {
  readonly keys: readonly FoundKey[];
  readonly silenced: number;
  /** Why it was not read. */
  readonly skipped?: 'binary' | 'not a file';
  /** What else there is to say. */
  readonly notes: readonly string[];
  readonly envFiles: readonly string[];
}

const nothing: ScannedFile = { keys: [], silenced: 0, notes: [], envFiles: [] };

/**
 * Scans one file, in memory that does not depend on its size.
 *
 * @throws what the system says of a file that can't be opened or read
 */
export async function scanFile(path: string, options: ScanFileOptions = {}): Promise<ScannedFile> {
  // A pipe without a writer would be waited for; O_NONBLOCK is nothing to files.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK || 0));
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return { ...nothing, skipped: 'not a file' };
    if (stats.size <= (options.format === undefined ? PIECE_BYTES : DOCUMENT_BYTES)) {
      return await scanBytes(path, await file.readFile(), options);
    }
    const first = await readPiece(file, 0);
    const encoding = encodingOf(first);
    if (encoding === undefined) return { ...nothing, skipped: 'binary' };
    return await scanPieces(file, first, new TextDecoder(encoding), settingsOf(path, options), options.mostBytes);
  } finally {
    await file.close();
  }
}

/** Scans what is, or would be, the content of a file. */
export async function scanBytes(path: string, bytes: Buffer, options: ScanFileOptions = {}): Promise<ScannedFile> {
  const encoding = encodingOf(bytes);
  if (encoding === undefined) return { ...nothing, skipped: 'binary' };
  const text = new TextDecoder(encoding).decode(bytes);
  const settings = settingsOf(path, options);
  if (!isDocument(path, text, options)) return { ...nothing, ...(await scanText(text, settings)) };
  try {
    const { findings, envFiles } = await findInDocument(text, options.format ?? formatOf(path));
    return { ...nothing, ...(await scanText(text, { ...settings, placed: findings })), envFiles };
  } catch (error) {
    if (!(error instanceof DocumentError)) throw error;
    // Half a document is text still.
    return { ...nothing, ...(await scanText(text, settings)), notes: [`${error.message}: read as plain text`] };
  }
}

function settingsOf(path: string, { settings, stored }: ScanFileOptions) {
  return { settings: settings ?? isSettingsFile(path), ...(stored !== undefined && { stored }) };
}

/** A client's file by where it is, or by what it looks like. */
function isDocument(path: string, text: string, { format }: ScanFileOptions): boolean {
  if (format !== undefined) return true;
  return (
    /\.(?:jsonc?|toml|ya?ml)$/i.test(path) &&
    /mcp_?servers|context_servers|"(?:servers|mcp|inputs)"\s*:|^extensions:|isSecret|sensitive|user_config/im.test(text)
  );
}

async function scanPieces(
  file: FileHandle,
  first: Buffer,
  decoder: TextDecoder,
  options: { settings: boolean; stored?: StoredValues },
  mostBytes = MOST_BYTES,
): Promise<ScannedFile> {
  const keys: FoundKey[] = [];
  let silenced = 0;
  let carried = '';
  let line = 0; // lines before `carried`
  let at = first.length;
  for (let piece = first; ; piece = await readPiece(file, at), at += piece.length) {
    const last = piece.length < PIECE_BYTES || at >= mostBytes;
    const text = carried + decoder.decode(piece, { stream: !last });
    const cut = last ? text.length : cutOf(text);
    const scanned = await scanText(text, options);
    silenced += scanned.silenced;
    for (const { start, ...key } of scanned.keys) if (start < cut) keys.push({ ...key, line: key.line + line });
    if (last) break;
    for (let end = text.indexOf('\n'); end !== -1 && end < cut; end = text.indexOf('\n', end + 1)) line += 1;
    carried = text.slice(cut);
  }
  const whole = at < mostBytes || (await readPiece(file, at)).length === 0;
  const notes = whole ? [] : [`only the first ${at / PIECE_BYTES} MiB were read`];
  return { ...nothing, keys, silenced, notes };
}

/** Where the next piece begins: at a line, if one begins late enough. */
function cutOf(text: string): number {
  const least = Math.max(0, text.length - OVERLAP);
  const line = text.lastIndexOf('\n', least);
  return line > text.length - 8 * OVERLAP ? line + 1 : least;
}

async function readPiece(file: FileHandle, position: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(PIECE_BYTES);
  let length = 0;
  while (length < PIECE_BYTES) {
    const { bytesRead } = await file.read(buffer, length, PIECE_BYTES - length, position + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** Undefined for what is no text: with a NUL where there is no mark of UTF-16. */
function encodingOf(start: Buffer): 'utf-8' | 'utf-16le' | undefined {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  return start.subarray(0, 8_192).includes(0) ? undefined : 'utf-8';
}
