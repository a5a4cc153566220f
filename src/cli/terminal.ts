import { visibleJson, visibleLines, visibleText } from './visible-text.js';

/** The streams of a process, as `process` itself has them. */
export interface Streams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/**
 * Where the command line speaks: answers to stdout, everything else to stderr, plain text without colour. Nothing goes
 * out as it came in: what could steer a terminal stands there escaped, and values that were read are replaced.
 */
export class Terminal {
  readonly streams: Streams;
  readonly #concealers: ((text: string) => string)[] = [];

  constructor(streams: Streams) {
    this.streams = streams;
  }

  /** Whether a person can be asked. */
  get interactive(): boolean {
    return this.streams.stdin.isTTY && this.streams.stderr.isTTY;
  }

  /** From now on, what this changes is said in its changed form: a redactor's `text`. */
  conceal(concealer: (text: string) => string): void {
    this.#concealers.push(concealer);
  }

  /** A line of the answer. */
  answer(line = ''): void {
    this.streams.stdout.write(`${this.#safe(visibleText(line))}\n`);
  }

  /** The answer for programs. */
  answerJson(value: object): void {
    this.streams.stdout.write(`${this.#safe(visibleJson({ schema: 1, ...value }))}\n`);
  }

  /** One of many answers for programs, in a line of its own. */
  answerJsonLine(value: object): void {
    this.streams.stdout.write(`${this.#safe(visibleJson(value, 0))}\n`);
  }

  /** A line beside the answer: what was done, a warning, an error. */
  note(line = ''): void {
    this.streams.stderr.write(`${this.#safe(visibleText(line))}\n`);
  }

  /** Text of several lines beside the answer. */
  noteLines(text: string): void {
    this.streams.stderr.write(`${this.#safe(visibleLines(text))}\n`);
  }

  /** Columns as wide as their widest cell, two blanks between them. */
  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    const cells = [head, ...rows].map((row) => row.map(visibleText));
    const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
    for (const row of cells) {
      const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
      this.streams.stdout.write(`${this.#safe(line.trimEnd())}\n`);
    }
  }

  #safe(text: string): string {
    return this.#concealers.reduce((rest, concealer) => concealer(rest), text);
  }
}
