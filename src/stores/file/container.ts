import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { EntryRecord, Versions } from '../record.js';
import type { Protection } from './protection.js';
import { storeError } from './store-error.js';

export const FORMAT = 'claviger-store/1';

/** Fixed for the life of a container. */
export interface ContainerHeader {
  readonly format: string;
  readonly id: string;
  /** What wraps the data key. */
  readonly protection: Protection;
  /** The data key, wrapped; base64. */
  readonly dataKey: string;
}

/** One version of a secret; `box` is its encrypted value in base64. */
export type SealedEntry = EntryRecord & { readonly box: string };

export type Entries = ReadonlyMap<string, Versions<SealedEntry>>;

export interface Container {
  readonly header: ContainerHeader;
  /** Counts the writes. */
  readonly generation: number;
  readonly entries: Entries;
}

/** A container as it stands in the file: read, but not yet believed. */
export interface UnverifiedContainer {
  readonly header: ContainerHeader;
  readonly generation: unknown;
  readonly entries: unknown;
  readonly seal: string;
  /** What the seal is over: every byte before it. */
  readonly sealed: Buffer;
}

/** The length of {@link sealText}. */
export const SEAL_LENGTH = 77;

/** The end of the file: the seal closes the object. */
export function sealText(seal: string): string {
  return `,\n"seal":"${seal}"}\n`;
}

/** The bytes of the file. The seal is HMAC-SHA256 over all that stands before it. */
export function renderContainer(container: Container, sealKey: Buffer): { bytes: Buffer; seal: string } {
  const { header, generation, entries } = container;
  const lines: string[] = [];
  for (const { current, previous } of entries.values()) {
    lines.push(lineOf(current));
    if (previous) lines.push(lineOf(previous));
  }
  const headerText = JSON.stringify(header);
  const body = `{"header":${headerText},\n"sum":"${checksum(headerText)}",\n"generation":${generation},\n"entries":[\n${lines.join(',\n')}\n]`;
  const sealed = Buffer.from(body);
  const seal = sealOf(sealed, sealKey).toString('hex');
  return { bytes: Buffer.concat([sealed, Buffer.from(sealText(seal))]), seal };
}

/**
 * Takes the file apart. The header has a checksum of its own: without a key it tells damage from a wrong key.
 *
 * @throws {@link ClavigerError} `ERR_STORE_CORRUPT`; `ERR_STORE_UNAVAILABLE` for the format of a later version.
 */
export function parseContainer(path: string, bytes: Buffer): UnverifiedContainer {
  const end = bytes.length - SEAL_LENGTH;
  const seal = /^,\n"seal":"([0-9a-f]{64})"\}\n$/.exec(bytes.subarray(Math.max(end, 0)).toString('latin1'))?.[1];
  const parsed = seal === undefined ? undefined : parseObject(bytes);
  const header = parsed?.['header'];
  if (seal === undefined || parsed?.['sum'] !== checksum(JSON.stringify(header ?? null))) {
    throw corrupt(path, 'it is damaged or was cut off');
  }
  if (!isHeader(header)) throw corrupt(path, 'its header is not that of a container');
  if (header.format !== FORMAT) {
    throw storeError('ERR_STORE_UNAVAILABLE', path, `its format is ${header.format}: open it with a newer claviger`);
  }
  return { header, generation: parsed['generation'], entries: parsed['entries'], seal, sealed: bytes.subarray(0, end) };
}

/** @throws {@link ClavigerError} `ERR_STORE_CORRUPT` unless whoever holds the data key wrote exactly this. */
export function verifyContainer(path: string, unverified: UnverifiedContainer, sealKey: Buffer): Container {
  const { header, generation, entries, seal, sealed } = unverified;
  if (!timingSafeEqual(sealOf(sealed, sealKey), Buffer.from(seal, 'hex'))) {
    throw corrupt(path, 'its seal does not fit: it was changed by something else than claviger');
  }
  const indexed = indexEntries(entries as SealedEntry[]);
  if (typeof generation !== 'number' || indexed === undefined) throw corrupt(path, 'its entries do not fit together');
  return { header, generation, entries: indexed };
}

export function corrupt(path: string, what: string, backup = `${path}.bak`) {
  return storeError('ERR_STORE_CORRUPT', path, `${what}; the state before the last change is in ${backup}`);
}

/** In the order of the file, where a previous version follows its current one. */
function indexEntries(entries: readonly SealedEntry[]): Entries | undefined {
  const index = new Map<string, Versions<SealedEntry>>();
  for (const entry of entries) {
    const before = index.get(entry.name);
    if (before?.previous) return undefined;
    index.set(entry.name, before ? { current: before.current, previous: entry } : { current: entry });
  }
  return index;
}

/** Entries never change, and a write changes one of ten thousand: the others are not spelled out again. */
const knownLines = new WeakMap<SealedEntry, string>();

function lineOf(entry: SealedEntry): string {
  let line = knownLines.get(entry);
  if (line === undefined) knownLines.set(entry, (line = JSON.stringify(entry)));
  return line;
}

function parseObject(bytes: Buffer): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function isHeader(value: unknown): value is ContainerHeader {
  if (typeof value !== 'object' || value === null) return false;
  const { format, id, protection, dataKey } = value as Record<string, unknown>;
  return (
    typeof format === 'string' &&
    /^claviger-store\/\d+$/.test(format) &&
    typeof id === 'string' &&
    typeof dataKey === 'string' &&
    typeof protection === 'object' &&
    protection !== null &&
    'kind' in protection
  );
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function sealOf(bytes: Buffer, sealKey: Buffer): Buffer {
  return createHmac('sha256', sealKey).update(bytes).digest();
}
