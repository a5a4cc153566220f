import { randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { lstat, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { sweepTemporaryFiles, writeFileAtomic } from '../../internal/atomic-write.js';
import { withFileLock } from '../../internal/file-lock.js';
import type { FileLock } from '../../internal/file-lock.js';
import {
  corrupt,
  FORMAT,
  parseContainer,
  renderContainer,
  SEAL_LENGTH,
  sealText,
  verifyContainer,
} from './container.js';
import type { Container, ContainerHeader, Entries } from './container.js';
import { createDataKey, unwrapDataKey } from './keys.js';
import type { ContainerKeys } from './keys.js';
import { assertPrivate, readPrivateFile } from './private-file.js';
import { describeProtection, newProtection } from './protection.js';
import type { Protection, ProtectionKind } from './protection.js';
import { storeError, systemError } from './store-error.js';
import { createGeneratedKey, createKeychainKey, kindForNew, masterKeyFor } from './unlock.js';
import type { OutsideUnlocking, Unlocking } from './unlock.js';

/** A container and what opens and seals it. */
export interface UnlockedContainer {
  readonly container: Container;
  readonly keys: ContainerKeys;
}

/** One that was read from its file and verified, or written there. */
interface OpenContainer extends UnlockedContainer {
  readonly seal: string;
  readonly stats: BigIntStats;
}

export interface ContainerFileOptions {
  /** Absolute. */
  readonly path: string;
  readonly unlocking: Unlocking;
  readonly outside: () => OutsideUnlocking;
  readonly onNotice: ((text: string) => void) | undefined;
}

/** The newest state that this process has seen of a path. */
interface Mark {
  readonly id: string;
  readonly generation: number;
  readonly seal: string;
}

const marks = new Map<string, Mark>();

/** Two writes this close together may leave one and the same time stamp. */
const STAMP_MS = 100;

/**
 * The one file of a store: reads it when it has changed, verifies it whole, and writes it whole under a lock.
 */
export class ContainerFile {
  readonly #path: string;
  readonly #options: ContainerFileOptions;
  #opened: OpenContainer | undefined;
  /** Whether the stats of the opened file are old enough to tell it from every later one. */
  #settled = false;
  #opening: { readonly stats: BigIntStats; readonly result: Promise<OpenContainer> } | undefined;
  #unlocked: { readonly header: string; readonly keys: Promise<ContainerKeys> } | undefined;

  constructor(options: ContainerFileOptions) {
    this.#path = options.path;
    this.#options = options;
  }

  /** The container as it is now; undefined while there is none. */
  async read({ certain = false }: { certain?: boolean } = {}): Promise<UnlockedContainer | undefined> {
    const mark = marks.get(this.#path); // before the file is opened: what is read later can't be older
    const stats = await this.#stats();
    if (stats === undefined) {
      if (this.#opened === undefined) return undefined;
      throw storeError('ERR_STORE_UNAVAILABLE', this.#path, 'it is gone: bring it back, or start anew without it');
    }
    const opened = this.#opened;
    if (opened && isSameFile(opened.stats, stats) && ((this.#settled && !certain) || (await this.#stands(opened)))) {
      return opened;
    }
    if (!certain && this.#opening && isSameFile(this.#opening.stats, stats)) return this.#opening.result;
    const opening = { stats, result: this.#open(mark) };
    this.#opening = opening;
    try {
      return await opening.result;
    } finally {
      if (this.#opening === opening) this.#opening = undefined;
    }
  }

  /**
   * Changes the entries while nobody else can; the file comes into being with the first change.
   *
   * @param change Gives the new entries, or undefined to leave the file alone.
   * @returns Whether something was written. If so, it is on the disk.
   */
  async update(change: (now: UnlockedContainer) => Entries | undefined): Promise<boolean> {
    await this.read(); // a passphrase takes its time: not while others wait for the lock
    let created: ProtectionKind | undefined;
    const written = await this.#locked(async (lock) => {
      const existing = await this.read({ certain: true });
      const now = existing ?? (await this.#createBlank());
      const entries = change(now);
      if (entries === undefined) return false;
      await this.#commit(now, entries, lock);
      if (!existing) created = now.container.header.protection.kind;
      return true;
    });
    if (created === 'generated') this.#options.onNotice?.(describeProtection(this.#path, created));
    return written;
  }

  /** What protects the container, or will protect the new one. */
  async protectionKind(): Promise<ProtectionKind> {
    const { unlocking, outside } = this.#options;
    if ((await this.#stats()) === undefined) return kindForNew(unlocking, outside());
    return parseContainer(this.#path, (await this.#readFile()).bytes).header.protection.kind;
  }

  /** Forgets the keys and everything read; the next use opens the file anew. */
  forget(): void {
    this.#opened = undefined;
    this.#unlocked = undefined;
  }

  async #open(mark: Mark | undefined): Promise<OpenContainer> {
    const { bytes, stats } = await this.#readFile();
    const unverified = parseContainer(this.#path, bytes);
    const keys = await this.#unlock(unverified.header);
    const container = verifyContainer(this.#path, unverified, keys.seal);
    const opened = { container, keys, seal: unverified.seal, stats };
    this.#assertNotOlder(opened, mark);
    this.#remember(opened);
    return opened;
  }

  /** Refuses an earlier state of the container put back in place of the one that this process has seen. */
  #assertNotOlder({ container, seal }: OpenContainer, mark: Mark | undefined): void {
    const { header, generation } = container;
    const known = this.#opened?.container;
    if (known && known.header.id !== header.id) throw corrupt(this.#path, 'it was replaced by another container');
    if (mark?.id !== header.id) return;
    if (generation < mark.generation || (generation === mark.generation && seal !== mark.seal)) {
      throw corrupt(
        this.#path,
        `it was rolled back to change ${generation}, after ${mark.generation} had been seen; if you put it back yourself, start this program anew`,
      );
    }
  }

  #remember(opened: OpenContainer): void {
    const { header, generation } = opened.container;
    const mark = marks.get(this.#path);
    if (mark?.id !== header.id || mark.generation < generation) {
      marks.set(this.#path, { id: header.id, generation, seal: opened.seal });
    }
    if (this.#opened && this.#opened.container.generation > generation) return; // read before a write, done after it
    this.#opened = opened;
    this.#settled = isSettled(opened.stats);
  }

  /** Whether the file still ends with the seal that is known: right even where time stamps are too coarse to tell. */
  async #stands({ seal, stats }: OpenContainer): Promise<boolean> {
    const settled = isSettled(stats);
    const file = await open(this.#path, 'r').catch(() => undefined);
    if (file === undefined) return false;
    try {
      const end = Buffer.alloc(SEAL_LENGTH);
      await file.read(end, 0, SEAL_LENGTH, Number(stats.size) - SEAL_LENGTH);
      if (end.toString('latin1') !== sealText(seal)) return false;
    } finally {
      await file.close();
    }
    this.#settled ||= settled;
    return true;
  }

  #unlock(header: ContainerHeader): Promise<ContainerKeys> {
    const text = JSON.stringify(header);
    if (this.#unlocked?.header === text) return this.#unlocked.keys;
    const keys = this.#unwrap(header);
    this.#unlocked = { header: text, keys };
    keys.catch(() => {
      if (this.#unlocked?.keys === keys) this.#unlocked = undefined;
    });
    return keys;
  }

  async #unwrap({ id, protection, dataKey }: ContainerHeader): Promise<ContainerKeys> {
    const { unlocking, outside } = this.#options;
    const masterKey = await masterKeyFor(this.#path, { id, protection }, unlocking, outside());
    const keys = unwrapDataKey(masterKey, dataKey, headerBinding(id, protection));
    if (keys) return keys;
    const what = protection.kind === 'passphrase' ? 'passphrase' : 'key';
    throw storeError('ERR_STORE_LOCKED', this.#path, `this is not the ${what} that it was made with`);
  }

  async #createBlank(): Promise<UnlockedContainer> {
    const { unlocking, outside } = this.#options;
    const kind = kindForNew(unlocking, outside());
    const protection = newProtection(kind);
    const id = randomUUID();
    const masterKey = await this.#newMasterKey(id, protection);
    const { dataKey, keys } = createDataKey(masterKey, headerBinding(id, protection));
    const header = { format: FORMAT, id, protection, dataKey };
    this.#unlocked = { header: JSON.stringify(header), keys: Promise.resolve(keys) };
    return { container: { header, generation: 0, entries: new Map() }, keys };
  }

  #newMasterKey(id: string, protection: Protection): Promise<Buffer> {
    const { unlocking, outside } = this.#options;
    if (protection.kind === 'generated') return createGeneratedKey(this.#path);
    if (protection.kind === 'keychain') return createKeychainKey(this.#path, id, outside());
    return masterKeyFor(this.#path, { id, protection }, unlocking, outside());
  }

  async #commit({ container, keys }: UnlockedContainer, entries: Entries, lock: FileLock): Promise<void> {
    const next = { header: container.header, generation: container.generation + 1, entries };
    const { bytes, seal } = renderContainer(next, keys.seal);
    await sweepTemporaryFiles(this.#path);
    await writeFileAtomic(this.#path, bytes, {
      backupPath: `${this.#path}.bak`,
      beforeCommit: () => lock.assertHeld(),
    });
    this.#remember({ container: next, keys, seal, stats: await lstat(this.#path, { bigint: true }) });
  }

  async #locked<T>(work: (lock: FileLock) => Promise<T>): Promise<T> {
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      return await withFileLock(`${this.#path}.lock`, work);
    } catch (error) {
      throw systemError(this.#path, 'write it', error);
    }
  }

  /** Undefined where there is no file; it must be ours alone otherwise. */
  async #stats(): Promise<BigIntStats | undefined> {
    let stats: BigIntStats;
    try {
      stats = await lstat(this.#path, { bigint: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw systemError(this.#path, 'look at it', error);
    }
    assertPrivate(this.#path, this.#path, stats);
    return stats;
  }

  async #readFile() {
    try {
      return await readPrivateFile(this.#path, this.#path);
    } catch (error) {
      throw systemError(this.#path, 'read it', error);
    }
  }
}

function headerBinding(id: string, protection: Protection): string {
  return JSON.stringify([FORMAT, id, protection]);
}

function isSameFile(a: BigIntStats, b: BigIntStats): boolean {
  return a.ino === b.ino && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.size === b.size && a.dev === b.dev;
}

function isSettled(stats: BigIntStats): boolean {
  return Date.now() - Number(stats.ctimeMs) > STAMP_MS;
}
