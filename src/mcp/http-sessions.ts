import type { HttpSession } from './http-session.js';
import type { HttpOutgoing } from './open-http-request.js';

type Session = HttpSession<HttpOutgoing>;

interface HttpSessionsOptions {
  /** A session that is not begun yet. */
  readonly open: () => Session;
  /** Brings a new one to where the one before was. */
  readonly takeUp: (session: Session) => Promise<void>;
  /** Whether an answer may still come in it. */
  readonly isInUse: (session: Session) => boolean;
}

/** The session with a server, and the next one when the server has forgotten it. */
export class HttpSessions {
  readonly #options: HttpSessionsOptions;
  #current: Session;
  /** The one that is to take its place. */
  #next: Session | undefined;
  /** Those that the server has forgotten, whose last answers are still coming. */
  readonly #lost = new Set<Session>();
  #renewing: Promise<Session> | undefined;

  constructor(options: HttpSessionsOptions) {
    this.#options = options;
    this.#current = options.open();
  }

  get current(): Session {
    return this.#current;
  }

  /** The one after that, which is begun once for all who ask. */
  after(lost: Session): Promise<Session> {
    if (this.#current !== lost) return Promise.resolve(this.#current);
    this.#renewing ??= this.#renew(lost).finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** Those that are lost end with the last answer that may still come in them. */
  letGo(): void {
    for (const lost of this.#lost) {
      if (this.#options.isInUse(lost)) continue;
      this.#lost.delete(lost);
      void lost.idle().then(() => lost.close());
    }
  }

  async end(): Promise<void> {
    const known = [this.#current, ...(this.#next === undefined ? [] : [this.#next])];
    const lost = [...this.#lost];
    await Promise.all([...known.map((session) => session.end()), ...lost.map((session) => session.close())]);
  }

  async #renew(lost: Session): Promise<Session> {
    const session = this.#options.open();
    this.#next = session;
    try {
      await session.http.start();
      await this.#options.takeUp(session);
    } catch (error) {
      await session.end();
      throw error;
    } finally {
      this.#next = undefined;
    }
    this.#current = session;
    this.#lost.add(lost);
    this.letGo();
    return session;
  }
}
