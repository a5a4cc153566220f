import { paint, plain, wantsColour, type Line } from './colour.js';
import { visibleJson, visibleLines, visibleText } from './visible-text.js';

/** The streams of a process, as `process` itself has them. */
export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** Back to the start of the line, and all of it erased. */
const ERASE_LINE = '\r\u001b[2K';

/**
 * Where the command line speaks: answers to stdout, everything else to stderr. Nothing goes out as it came in: what could
 * steer a terminal stands there escaped, and values that were read are replaced. Colour is for terminals only.
 */
export class Terminal {
  readonly streams: Streams;
  readonly env: NodeJS.ProcessEnv;
  readonly #concealers: ((text: string) => string)[] = [];
  #status = '';
  #asking = 0;

  constructor(streams: Streams, env: NodeJS.ProcessEnv = process.env) {
    this.streams = streams;
    this.env = env;
  }

  /** Whether a person can be asked. */
  get interactive(): boolean {
    return this.streams.stdin.isTTY && this.streams.stderr.isTTY;
  }

  /** Whether somebody watches who can be shown a line that changes. */
  get watched(): boolean {
    return this.streams.stderr.isTTY && this.env['TERM'] !== 'dumb';
  }

  /** How many characters fit on a line of the answer; a pipe gets as many as a usual terminal has. */
  get width(): number {
    return Math.min(Math.max(this.streams.stdout.columns || 80, 40), 100);
  }

  /** From now on, what this changes is said in its changed form: a redactor's `text`. */
  conceal(concealer: (text: string) => string): void {
    this.#concealers.push(concealer);
  }

  /** A line of the answer. */
  answer(line: Line = ''): void {
    this.#write(this.streams.stdout, this.#rendered(line, this.streams.stdout));
  }

  /** The answer for programs. */
  answerJson(value: object): void {
    this.#write(this.streams.stdout, this.#safe(visibleJson({ schema: 1, ...value })));
  }

  /** One of many answers for programs, in a line of its own. */
  answerJsonLine(value: object): void {
    this.streams.stdout.write(`${this.#safe(visibleJson(value, 0))}\n`);
  }

  /** A line beside the answer: what was done, a warning, an error. */
  note(line: Line = ''): void {
    this.#write(this.streams.stderr, this.#rendered(line, this.streams.stderr));
  }

  /** Text of several lines beside the answer. */
  noteLines(text: string): void {
    this.#write(this.streams.stderr, this.#safe(visibleLines(text)));
  }

  /** Columns as wide as their widest cell, two blanks between them. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const cells = [head, ...rows].map((row) => row.map(visibleText));
    const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
    cells.forEach((row, index) => {
      const line = row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd();
      this.answer(index === 0 ? [{ style: 'bold', text: line }] : line);
    });
  }

  /** The line at the bottom that tells what is going on; gone with an empty one, and whenever something else is said. */
  status(text: string): void {
    if (!this.watched || this.#asking > 0) return;
    const line = this.#safe(visibleText(text)).slice(0, (this.streams.stderr.columns || 80) - 1);
    if (line === this.#status) return;
    this.streams.stderr.write(`${ERASE_LINE}${line}`);
    this.#status = line;
  }

  /** Asks somebody something; no status disturbs that. */
  async asking<T>(work: () => Promise<T>): Promise<T> {
    this.status('');
    this.#asking++;
    try {
      return await work();
    } finally {
      this.#asking--;
    }
  }

  #write(stream: NodeJS.WriteStream, text: string): void {
    this.status('');
    stream.write(`${text}\n`);
  }

  #rendered(line: Line, stream: NodeJS.WriteStream): string {
    const text = visibleText(plain(line));
    const safe = this.#safe(text);
    // A value may lie across pieces: then they are one.
    if (typeof line === 'string' || safe !== text || !wantsColour(stream, this.env)) return safe;
    return line
      .map((piece) =>
        typeof piece === 'string' ? visibleText(piece) : paint({ ...piece, text: visibleText(piece.text) }),
      )
      .join('');
  }

  #safe(text: string): string {
    return this.#concealers.reduce((rest, concealer) => concealer(rest), text);
  }
}
