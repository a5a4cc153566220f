import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { isClavigerError, type ClavigerError } from '../errors.js';
import type { Auth } from '../registry/registry-contract.js';
import type { HttpTransport } from './http-transport.js';
import type { Carrier, ClientSide } from './launcher.js';
import { readBatch, readEnvelope, type Envelope } from './message-line.js';
import { cancelledRequest } from './open-http-request.js';
import { openHttpTransport } from './open-http-transport.js';
import { isJson } from './redact-line.js';
import { messageIn } from './stand-ins.js';

interface HttpRelayOptions extends ClientSide {
  /** The credential of every request; decided on before the first. */
  readonly auth: () => Promise<Auth>;
  readonly url: URL;
  readonly headers: Record<string, string>;
}

/** What may be on its way to the server before no more is read from the client. */
const maxSendingBytes = 16 * 1024 * 1024;

/** Carries the lines of one MCP session between a client over stdio and a server over Streamable HTTP. */
export class HttpRelay implements Carrier {
  readonly #options: HttpRelayOptions;
  #opening: Promise<HttpTransport> | undefined;
  /** The requests of the client that wait for their answers, with their ids as JSON and their methods. */
  readonly #waiting = new Map<string, string>();
  #whenIdle: (() => void)[] = [];
  /** The handshake, in whose middle nothing else can be said. */
  #handshake: Promise<void> = Promise.resolve();
  #answered: () => void = () => undefined;
  #sendingBytes = 0;
  readonly #paused = new Gate();
  readonly #crowded = new Gate();
  #closed: ClavigerError | undefined;

  constructor(options: HttpRelayOptions) {
    this.#options = options;
  }

  /** So that the first message need not wait for it; that tells of a failure. */
  start(): void {
    void this.#transport().catch(() => undefined);
  }

  receive(line: Buffer): void {
    const envelope = readEnvelope(line);
    if (envelope !== undefined) return void this.#send(line, envelope);
    const batch = readBatch(line);
    if (batch !== undefined) for (const message of batch) this.receive(message);
    else this.#refuse(line);
  }

  get backlog(): Promise<void> | undefined {
    return this.#crowded.opened();
  }

  setPaused(paused: boolean): void {
    this.#paused.set(paused);
  }

  async idle(): Promise<void> {
    if (this.#waiting.size > 0 || this.#sendingBytes > 0)
      await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  kill(): void {
    // the end of the session is all that there is
  }

  async close(error: ClavigerError): Promise<void> {
    this.#closed = error;
    const transport = await this.#opening?.catch(() => undefined);
    await transport?.end(error);
    for (const id of [...this.#waiting.keys()]) this.#fail(id, error);
  }

  async #send(line: Buffer, envelope: Envelope): Promise<void> {
    const id = envelope.kind === 'notification' ? undefined : envelope.id;
    const method = envelope.kind === 'response' ? undefined : envelope.method;
    if (envelope.kind === 'request') this.#waiting.set(envelope.id, envelope.method);
    this.#count(line.length);
    try {
      await this.#inTurn(method, async () => {
        const transport = await this.#transport();
        const message = messageIn(line);
        const cancelled = cancelledRequest(message);
        if (cancelled !== undefined) this.#settle(cancelled); // it is not answered any more
        await transport.sendText(message, { text: line.toString(), key: id ?? 'null' });
      });
    } catch (error) {
      if (envelope.kind === 'request') this.#fail(envelope.id, error as Error);
      else if (this.#closed === undefined)
        this.#say(`a ${method ?? 'response'} was not delivered: ${(error as Error).message}`);
    } finally {
      this.#count(-line.length);
    }
  }

  /** What follows `initialize` waits for its answer, and what follows `initialized` until that has arrived. */
  async #inTurn(method: string | undefined, send: () => Promise<void>): Promise<void> {
    const before = this.#handshake;
    let done: () => void = () => undefined;
    if (method === 'initialize' || method === 'notifications/initialized') {
      this.#handshake = new Promise((resolve) => (done = resolve));
      if (method === 'initialize') this.#answered = done;
    }
    await before;
    if (this.#closed !== undefined) throw this.#closed;
    try {
      await send();
    } catch (error) {
      done();
      throw error;
    }
    if (method !== 'initialize') done();
  }

  #transport(): Promise<HttpTransport> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined; // the next message tries again
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<HttpTransport> {
    const { url, headers } = this.#options;
    const auth = await this.#options.auth();
    const transport = await openHttpTransport(
      { auth, url, headers },
      {
        onLine: (line, message) => this.#receiveLine(line, message),
        onFailure: (id, error) => this.#fail(id, error),
        backlog: () => this.#paused.opened(),
      },
    );
    transport.onerror = (error) => {
      // what became of a message is told with that
      if (!isClavigerError(error) && !error.message.includes('Error POSTing')) this.#say(error.message);
    };
    await transport.start();
    if (this.#closed !== undefined) await transport.end(this.#closed);
    return transport;
  }

  #receiveLine(line: Buffer, message: JSONRPCMessage): void {
    this.#options.deliver(line);
    const envelope = 'method' in message ? undefined : readEnvelope(line);
    if (envelope?.kind !== 'response') return;
    if (this.#waiting.get(envelope.id) === 'initialize') void this.#begun(message);
    this.#settle(envelope.id);
  }

  /** Every request says from now on which version was agreed on. */
  async #begun(message: JSONRPCMessage): Promise<void> {
    const version = 'result' in message ? message.result['protocolVersion'] : undefined;
    if (typeof version === 'string') (await this.#transport()).setProtocolVersion(version);
    this.#answered();
  }

  #fail(id: string, error: Error): void {
    if (!this.#waiting.has(id)) return;
    if (this.#waiting.get(id) === 'initialize') this.#answered();
    this.#settle(id);
    this.#options.fail(id, explained(error, this.#options.url));
  }

  #settle(id: string): void {
    this.#waiting.delete(id);
    this.#lookIdle();
  }

  #count(bytes: number): void {
    this.#sendingBytes += bytes;
    this.#crowded.set(this.#sendingBytes > maxSendingBytes);
    this.#lookIdle();
  }

  #lookIdle(): void {
    if (this.#waiting.size > 0 || this.#sendingBytes > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** JSON-RPC 2.0 §5.1. */
  #refuse(line: Buffer): void {
    const error = isJson(line)
      ? { code: -32600, message: 'Invalid Request' }
      : { code: -32700, message: 'Parse error' };
    this.#options.deliver(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: null, error })));
  }

  #say(message: string): void {
    this.#options.say(Buffer.from(`claviger: ${message}\n`));
  }
}

/** Closed for as long as it is set. */
class Gate {
  #opened: Promise<void> | undefined;
  #open: () => void = () => undefined;

  set(isClosed: boolean): void {
    if (isClosed) this.#opened ??= new Promise((resolve) => (this.#open = resolve));
    else if (this.#opened !== undefined) {
      this.#opened = undefined;
      this.#open();
    }
  }

  opened(): Promise<void> | undefined {
    return this.#opened;
  }
}

const longestReason = 500;

/** What an HTTP status says in words; the answer of a server as far as one would read it. */
function explained(error: Error, { host }: URL): Error {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'number' || code < 100) return error;
  const reason = error.message.slice(0, longestReason);
  if (code === 401 || code === 403)
    return new Error(`the MCP server at ${host} refused the credential (HTTP ${code}): ${reason}`);
  if (code !== 404 && code !== 405) return new Error(`the MCP server at ${host} answered HTTP ${code}: ${reason}`);
  const hint = 'is that the path of its Streamable HTTP endpoint? The older HTTP+SSE is not spoken here';
  return new Error(`the MCP server at ${host} answered HTTP ${code}: ${hint}: ${reason}`);
}
