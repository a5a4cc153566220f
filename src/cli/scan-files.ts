import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import {
  readIgnored,
  scanBytes,
  scanFile,
  stagedFiles,
  usualFiles,
  walkFiles,
  type FoundKey,
  type Ignored,
  type ScannedFile,
  type StoredValues,
} from '../scan/index.js';
import { CommandError } from './command-error.js';
import type { Context } from './context.js';
import { looksLikeValue } from './looks-like-value.js';

/** A key, and the file that it stands in. */
export interface FileKey extends FoundKey {
  readonly file: string;
  readonly client?: string;
}

export interface ScanResult {
  readonly keys: readonly FileKey[];
  /** How many files were read. */
  readonly files: number;
  /** How many keys a comment or the ignore file leaves out. */
  readonly silenced: number;
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
  /** Things that could not be read. */
  readonly failures: readonly { readonly file: string; readonly code: string }[];
  readonly notes: readonly { readonly file: string; readonly note: string }[];
}

interface ScanOptions {
  readonly stored: StoredValues | undefined;
  readonly onFile: (file: string) => void;
  /** Hears every key as it is found, before anything is said of it. */
  readonly onKey: (key: FoundKey) => void;
}

/** One scan, which takes down what it comes across. */
export class Scan {
  readonly #context: Context;
  readonly #options: ScanOptions;
  readonly #ignored: Ignored;
  readonly #result = {
    keys: [] as FileKey[],
    files: 0,
    silenced: 0,
    skipped: [] as { file: string; reason: string }[],
    failures: [] as { file: string; code: string }[],
    notes: [] as { file: string; note: string }[],
  };

  private constructor(context: Context, options: ScanOptions, ignored: Ignored) {
    this.#context = context;
    this.#options = options;
    this.#ignored = ignored;
  }

  static async start(context: Context, options: ScanOptions): Promise<Scan> {
    return new Scan(context, options, await readIgnored(context.cwd));
  }

  get result(): ScanResult {
    return this.#result;
  }

  /** Files and folders that were named. */
  async paths(paths: readonly string[]): Promise<void> {
    for (const given of paths) {
      for await (const { path, skipped, error } of walkFiles(resolve(this.#context.cwd, given))) {
        if (error !== undefined) this.#fail(path, error);
        else if (skipped !== undefined) this.#result.skipped.push({ file: this.#shown(path), reason: skipped });
        else await this.#file(path, () => scanFile(path, this.#scanOptions()));
      }
    }
  }

  /** Where keys usually stand; a place without a file is none. Links are followed: many keep these files elsewhere. */
  async usual(): Promise<void> {
    const { env, cwd } = this.#context;
    const waiting: { path: string; client?: string; format?: 'jsonc' | 'toml' | 'yaml' }[] = usualFiles({ env, cwd });
    const seen = new Set<string>();
    for (const { path, client, format } of waiting) {
      if (seen.has(path)) continue;
      seen.add(path);
      const options = { ...this.#scanOptions(), settings: true, ...(format !== undefined && { format }) };
      const scanned = await this.#file(path, () => scanFile(path, options), { client, optional: true });
      for (const envFile of scanned?.envFiles ?? []) {
        const known = this.#envFile(envFile, path);
        if (known !== undefined) waiting.push({ path: known, ...(client !== undefined && { client }) });
      }
    }
  }

  /** What the next commit adds or changes. */
  async staged(): Promise<void> {
    let files;
    try {
      files = await stagedFiles(this.#context.cwd);
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      throw new CommandError(missing ? '--staged needs git' : '--staged works in a git repository only');
    }
    for (const file of files) {
      const { path } = file;
      await this.#file(path, async () => scanBytes(path, await file.read(), this.#scanOptions()));
    }
  }

  #scanOptions(): { stored?: StoredValues } {
    const { stored } = this.#options;
    return stored === undefined ? {} : { stored };
  }

  async #file(
    path: string,
    scan: () => Promise<ScannedFile>,
    { client, optional = false }: { client?: string | undefined; optional?: boolean } = {},
  ): Promise<ScannedFile | undefined> {
    const file = this.#shown(path);
    if (this.#ignored.file(path)) {
      this.#result.skipped.push({ file, reason: 'ignored' });
      return undefined;
    }
    this.#options.onFile(file);
    let scanned: ScannedFile;
    try {
      scanned = await scan();
    } catch (error) {
      if (optional && /^(?:ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? '')) return undefined;
      this.#fail(path, error as NodeJS.ErrnoException);
      return undefined;
    }
    this.#take(path, file, scanned, client);
    return scanned;
  }

  #take(path: string, file: string, scanned: ScannedFile, client: string | undefined): void {
    const result = this.#result;
    if (scanned.skipped === undefined) result.files += 1;
    else result.skipped.push({ file, reason: scanned.skipped });
    result.silenced += scanned.silenced;
    for (const note of scanned.notes) result.notes.push({ file, note });
    for (const key of scanned.keys) {
      if (this.#ignored.key(path, key.secret.fingerprint())) result.silenced += 1;
      else {
        this.#options.onKey(key);
        result.keys.push({ ...key, file, ...(client !== undefined && { client }) });
      }
    }
  }

  #fail(path: string, { code = 'ERR_FAILED' }: NodeJS.ErrnoException): void {
    const file = looksLikeValue(basename(path)) ? 'a path that looks like a key' : this.#shown(path);
    this.#result.failures.push({ file, code });
  }

  /** A file of variables that a client's entry names, where the name says enough. */
  #envFile(written: string, from: string): string | undefined {
    const path = written
      .replace(/^\$\{workspaceFolder\}/, this.#context.cwd)
      .replace(/^(?:\$\{userHome\}|~)(?=[/\\])/, this.#context.env['HOME'] ?? homedir());
    return /[$%{]/.test(path) ? undefined : resolve(dirname(from), path);
  }

  #shown(path: string): string {
    const below = relative(this.#context.cwd, path);
    return below === '' || below.startsWith(`..${sep}`) || below === '..' || isAbsolute(below) ? path : below;
  }
}
