import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { ClavigerError } from '../../errors.js';
import { storeFailure } from '../store-failure.js';
import type { KeychainCall, KeychainReply } from './call.js';
import { withSessionBus } from './session-bus.js';

export interface KeychainOptions {
  readonly service: string;
  readonly timeoutMs: number;
  /** The most bytes that the system keeps in one entry. */
  readonly entryBytes: number;
  readonly env: () => Record<string, string | undefined>;
  readonly busSocket: string | undefined;
}

/** Tells a locked keychain from one that holds no such entry: keytar gives `null` for both. */
const SENTINEL = 'claviger:sentinel';
/** After a call that took too long nobody else waits for the same. */
const BREAKER_MS = 5_000;
/** The process is ended when nobody has asked for so long. */
const IDLE_MS = 5_000;

/**
 * The keychain of the operating system, at arm's length: in a process of its own, one call at a time, each within a deadline.
 *
 * A process and not a thread: a call to a service that hangs can't be taken back. In a thread it holds a place in libuv's
 * pool, keeps the program from ending for half a minute and then aborts it; a process can be killed.
 */
export class Keychain {
  readonly #options: KeychainOptions;
  #child: ChildProcess | undefined;
  #idle: NodeJS.Timeout | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closedUntil = 0;

  constructor(options: KeychainOptions) {
    this.#options = options;
  }

  /**
   * The text of an entry; undefined where there is none, and that for certain.
   *
   * @throws {@link ClavigerError} `ERR_STORE_LOCKED`, `ERR_STORE_DENIED`, `ERR_STORE_UNAVAILABLE`, `ERR_STORE_CORRUPT`,
   * `ERR_DEPENDENCY_MISSING`
   */
  async get(account: string): Promise<string | undefined> {
    const text = await this.#read(account);
    if (text !== undefined) return text;
    if ((await this.#read(SENTINEL)) !== undefined) return undefined;
    await this.#call('set', SENTINEL, 'claviger');
    return this.#read(account); // it may have been unlocked just now
  }

  async set(account: string, text: string): Promise<void> {
    const before = await this.#call('get', account);
    const bytes = Buffer.from(text);
    const { entryBytes } = this.#options;
    if (bytes.length <= entryBytes) {
      await this.#call('set', account, text);
    } else {
      const id = randomBytes(8).toString('hex');
      const parts = bytes.toString('base64').match(new RegExp(`.{1,${entryBytes}}`, 'g')) ?? [];
      for (const [index, part] of parts.entries()) await this.#call('set', partName(id, index), part);
      await this.#call('set', account, `claviger-parts/1 ${id} ${parts.length} ${digest(bytes)}`);
    }
    await this.#deleteParts(before.text);
  }

  async delete(account: string): Promise<boolean> {
    const before = await this.#call('get', account);
    const { deleted } = await this.#call('delete', account);
    await this.#deleteParts(before.text);
    return deleted === true;
  }

  close(): void {
    clearTimeout(this.#idle);
    if (this.#child?.connected) this.#child.disconnect();
    this.#child = undefined;
  }

  async #read(account: string): Promise<string | undefined> {
    const { text } = await this.#call('get', account);
    const head = partsOf(text);
    if (head === undefined) return text ?? undefined;
    let joined = '';
    for (let index = 0; index < head.count; index++) {
      joined += (await this.#call('get', partName(head.id, index))).text ?? '';
    }
    const bytes = Buffer.from(joined, 'base64');
    if (digest(bytes) === head.digest) return bytes.toString('utf8');
    throw storeFailure('ERR_STORE_CORRUPT', 'keychain', 'an entry that is kept in parts is not whole');
  }

  async #deleteParts(text: string | null | undefined): Promise<void> {
    const head = partsOf(text);
    for (let index = 0; index < (head?.count ?? 0); index++) {
      await this.#call('delete', partName(head?.id ?? '', index));
    }
  }

  async #call(operation: KeychainCall['operation'], account: string, text?: string): Promise<KeychainReply> {
    const { service } = this.#options;
    const call = { operation, service, account, ...(text !== undefined && { text }) };
    const turn = this.#last.then(() => this.#askTwice(call));
    this.#last = turn.catch(() => undefined);
    const reply = await turn;
    if (reply.missing === 'package') throw notInstalled();
    if (reply.missing === 'library') throw failure('ERR_STORE_UNAVAILABLE', noLibrary);
    if (reply.failure === 'locked')
      throw failure('ERR_STORE_LOCKED', 'it is locked: unlock the keychain of your session');
    if (reply.failure === 'denied') throw failure('ERR_STORE_DENIED', 'the operating system refused');
    if (reply.failure !== undefined) {
      throw failure('ERR_STORE_UNAVAILABLE', 'no keychain can be reached: is there a session with a Secret Service?');
    }
    return reply;
  }

  /** A service that was started anew since is known to a new process only. */
  async #askTwice(call: KeychainCall): Promise<KeychainReply> {
    const isNew = this.#child === undefined;
    const reply = await this.#ask(call);
    if (isNew || reply.failure !== 'unavailable') return reply;
    this.close();
    return this.#ask(call);
  }

  async #ask(call: KeychainCall): Promise<KeychainReply> {
    if (Date.now() < this.#closedUntil) {
      throw failure('ERR_STORE_UNAVAILABLE', 'it did not answer lately, and is not asked again for a few seconds');
    }
    if (this.#child?.connected === false) this.#child = undefined; // it ended while nobody asked
    const child = (this.#child ??= await this.#start());
    clearTimeout(this.#idle);
    child.channel?.ref();
    try {
      return await this.#answerOf(child, call);
    } finally {
      child.channel?.unref();
      this.#idle = setTimeout(() => this.close(), IDLE_MS).unref();
    }
  }

  #answerOf(child: ChildProcess, call: KeychainCall): Promise<KeychainReply> {
    const { timeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        child.removeAllListeners();
        child.on('error', () => undefined);
        act();
      };
      const giveUp = (what: string) => {
        if (this.#child === child) this.#child = undefined;
        child.kill('SIGKILL');
        settle(() => reject(failure('ERR_STORE_UNAVAILABLE', what)));
      };
      const timer = setTimeout(() => {
        this.#closedUntil = Date.now() + BREAKER_MS;
        giveUp(`it did not answer within ${timeoutMs} ms: it hangs, or waits for somebody to unlock it`);
      }, timeoutMs);
      child.once('message', (reply) => settle(() => resolve(reply as KeychainReply)));
      child.once('exit', () => giveUp('the process that speaks to it has ended'));
      child.once('error', () => giveUp("the process that speaks to it can't be started"));
      child.send(call, (error) => {
        if (error) giveUp("the process that speaks to it can't be reached");
      });
    });
  }

  async #start(): Promise<ChildProcess> {
    const [{ fork }, { SERVE, workerUrl }] = await Promise.all([import('node:child_process'), import('./worker.js')]);
    const { env, busSocket } = this.#options;
    const inherited = Object.entries(withSessionBus(env(), busSocket)).filter(
      ([name]) => !/^(CLAVIGER_.*|NODE_OPTIONS)$/i.test(name),
    );
    const child = fork(new URL(workerUrl), [SERVE], {
      env: Object.fromEntries(inherited),
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.unref();
    return child;
  }
}

function notInstalled(): ClavigerError {
  const message =
    'keychain store: the optional dependency keytar is not installed: npm install keytar@npm:@github/keytar';
  return new ClavigerError('ERR_DEPENDENCY_MISSING', message, { store: 'keychain' });
}

const noLibrary =
  process.platform === 'linux'
    ? 'keytar can not be loaded: install libsecret (Debian: libsecret-1-0)'
    : 'keytar can not be loaded on this platform';

function failure(code: 'ERR_STORE_UNAVAILABLE' | 'ERR_STORE_LOCKED' | 'ERR_STORE_DENIED', what: string) {
  return storeFailure(code, 'keychain', what);
}

function partName(id: string, index: number): string {
  return `claviger:part:${id}:${index}`;
}

function partsOf(text: string | null | undefined) {
  const [, id, count, sum] = /^claviger-parts\/1 ([0-9a-f]{16}) (\d{1,4}) ([0-9a-f]{64})$/.exec(text ?? '') ?? [];
  return id === undefined || sum === undefined ? undefined : { id, count: Number(count), digest: sum };
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
