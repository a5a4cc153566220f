import type { Socket } from 'node:net';
import { ClavigerError } from '../errors.js';
import { didYouMean } from '../internal/near-names.js';
import { encodedForms } from '../redaction/encoded-forms.js';
import { withStandIns, type Redactor } from '../redaction/redactor.js';
import type { Grant } from '../registry/use.js';
import type { Grantee } from './grantee.js';

/** A longer timer of Node's rings at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Secrets of one session that are shown as placeholders; after so many rotations older ones become `[secret]`. */
const MAX_VERSIONS = 64;

/** What a process may use through the broker, and for how long. */
export class BrokerSession {
  readonly grantees: readonly Grantee[];
  /** What the proxy of forward mode asks for; made when that is wanted. */
  proxyDigest: string | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #onEnd: (session: BrokerSession) => void;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #redactors = new Map<Redactor, Redactor>();
  /** Every form of a secret of this session, and the placeholder that the process knows instead. */
  readonly #standIns = new Map<string, string>();
  readonly #seen = new Set<string>();
  isLive = true;

  constructor(grantees: readonly Grantee[], ttlMs: number | undefined, onEnd: (session: BrokerSession) => void) {
    this.grantees = grantees;
    this.#onEnd = onEnd;
    if (ttlMs === undefined) return;
    this.#timer = setTimeout(() => this.end(), Math.min(ttlMs, MAX_TIMER_MS));
    this.#timer.unref();
  }

  /** @throws ClavigerError `ERR_PROVIDER_NOT_FOUND` for a provider that the session does not have */
  grantee(provider: string): Grantee {
    const found = this.grantees.find((each) => each.provider.name === provider);
    if (found !== undefined) return found;
    const near = didYouMean(
      provider,
      this.grantees.map((each) => each.provider.name),
    );
    const message = `this session was not opened for "${provider}"${near}: name it in providers`;
    throw new ClavigerError('ERR_PROVIDER_NOT_FOUND', message, { provider });
  }

  /** A connection that ends with the session. */
  attach(socket: Socket): void {
    if (!this.isLive) socket.destroy();
    if (this.#sockets.has(socket)) return;
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** What came back is shown to the process in its own terms: a secret of the session as its placeholder. */
  redactorFor({ redactor, provider, credential, companions }: Grant): Redactor {
    this.#learn(provider.name, credential.secret.reveal());
    for (const each of companions) this.#learn(each.provider.name, each.credential.secret.reveal());
    let view = this.#redactors.get(redactor);
    if (view === undefined) {
      view = withStandIns(redactor, (found) => this.#standIns.get(found));
      this.#redactors.set(redactor, view);
    }
    return view;
  }

  end(): void {
    if (!this.isLive) return;
    this.isLive = false;
    clearTimeout(this.#timer);
    this.#onEnd(this);
    for (const socket of this.#sockets) socket.destroy();
  }

  #learn(provider: string, secret: string): void {
    if (this.#seen.has(secret) || this.#seen.size >= MAX_VERSIONS) return;
    const grantee = this.grantees.find((each) => each.provider.name === provider);
    this.#seen.add(secret);
    if (grantee === undefined) return;
    for (const form of encodedForms(secret)) this.#standIns.set(form, grantee.placeholder);
  }
}
