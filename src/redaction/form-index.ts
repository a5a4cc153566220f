import { Buffer } from 'node:buffer';
import { ShiftTable } from './shift-table.js';

/** Text and bytes are searched alike: unit by unit. */
export type Units = string | Uint8Array;

export interface Found {
  /** Start and end of each span that forms cover, in turn: ascending, disjoint. */
  readonly spans: readonly number[];
  /** Where the longest tail begins that may be the beginning of a form; the source's length if there is none. */
  readonly live: number;
}

/**
 * Short forms have a table of their own, so that they don't take the long strides from all others. A table's window is as long
 * as its shortest form, within these bounds; with every form of a longer window come more entries.
 */
const LONG = { least: 16, most: 32 };
const SHORT = { least: 8, most: 15 };

/** Forms are told apart by this many of their first units. */
const HEAD = 4;
const HEAD_MASK = (1 << 16) - 1;

/** Strings are searched as bytes, piece by piece: reading their characters one by one is several times slower. */
const scratch = Buffer.allocUnsafeSlow(1 << 16);

/** Finds all known forms at once. Forms can be added at any time; nothing is compiled. */
export class FormIndex {
  readonly #tables: ShiftTable[] = [];
  /** Whether a form may start like this: by the hash of its head, or of as much of it as there is. */
  readonly #isHead = new Uint8Array(HEAD_MASK + 1);
  /** The forms by the hash of their head. */
  readonly #byHead = new Map<number, string[]>();
  /** The lists that got forms since they were last sorted: many secrets may come before one is looked for. */
  readonly #unsorted = new Set<number>();
  /** What can be seen of a form when less than its head is there. */
  readonly #cutHeads = new Set<string>();
  /** Nothing shorter can hold a form: none is shorter than its secret, and shorter secrets are no matter of ours. */
  readonly shortest = SHORT.least;
  /** Whether some form is a number, so that numbers have to be looked at too. */
  hasNumbers = false;

  /** A form under 8 units is not searched for. */
  add(form: string): void {
    if (form.length < this.shortest) return;
    const head = headAt(form, 0, HEAD);
    const forms = this.#byHead.get(head);
    if (forms === undefined) this.#byHead.set(head, [form]);
    else forms.push(form);
    this.#unsorted.add(head);
    this.#isHead[head] = 1;
    for (let length = 1; length < HEAD; length++) {
      this.#isHead[headAt(form, 0, length)] = 1;
      this.#cutHeads.add(form.slice(0, length));
    }
    this.hasNumbers ||= /^\d+$/.test(form);
    this.#addToTable(form);
  }

  /** The spans that forms cover in a whole text; `undefined` if there are none. */
  find(source: Units): readonly number[] | undefined {
    const starts = this.#candidates(source);
    if (starts.length === 0) return undefined;
    const { spans } = this.#verify(source, starts);
    return spans.length === 0 ? undefined : spans;
  }

  /** The same for a text of which more may come. */
  findSoFar(source: Units): Found {
    const { spans, live } = this.#verify(source, this.#candidates(source));
    return { spans, live: Math.min(live, this.#liveTail(source)) };
  }

  #addToTable(form: string): void {
    const { least, most } = boundsOf(form);
    const place = this.#tables.findIndex(({ window }) => window >= least && window <= most);
    let table = this.#tables[place];
    if (table === undefined || form.length < table.window) {
      table = new ShiftTable(Math.min(form.length, most));
      this.#tables.splice(Math.max(0, place), place < 0 ? 0 : 1, table);
      for (const known of [...this.#byHead.values()].flat()) if (boundsOf(known).least === least) table.add(known);
    }
    table.add(form);
  }

  /** Where a form may start, in ascending order. */
  #candidates(source: Units): number[] {
    const starts: number[] = [];
    for (const table of this.#tables) {
      if (source.length < table.window) continue;
      if (typeof source !== 'string') this.#scan(table, source, source.length, 0, starts);
      else if (source.length <= scratch.length)
        this.#scan(table, scratch, scratch.write(source, 0, 'latin1'), 0, starts);
      else this.#scanPieces(table, source, starts);
    }
    return starts.length > 1 ? starts.sort((a, b) => a - b) : starts;
  }

  #scanPieces(table: ShiftTable, source: string, starts: number[]): void {
    for (let from = 0; from + table.window <= source.length; from += scratch.length - table.window + 1) {
      const length = scratch.write(source.slice(from, from + scratch.length), 0, 'latin1');
      this.#scan(table, scratch, length, from, starts);
    }
  }

  #scan(table: ShiftTable, bytes: Uint8Array, length: number, offset: number, starts: number[]): void {
    table.scan(bytes, length, (start) => {
      if (this.#isHead[headAt(bytes, start, HEAD)] === 1) starts.push(start + offset);
    });
  }

  #verify(source: Units, starts: readonly number[]): { spans: number[]; live: number } {
    const spans: number[] = [];
    let live = source.length;
    for (const start of starts) {
      const { length, isCut } = this.#formAt(source, start);
      if (isCut) live = Math.min(live, start);
      if (length === 0) continue;
      const end = start + length;
      const last = spans.at(-1) ?? 0;
      if (start < last) spans[spans.length - 1] = Math.max(last, end);
      else spans.push(start, end);
    }
    return { spans, live };
  }

  /** Looks also where a whole window no longer fits. */
  #liveTail(source: Units): number {
    let unseen = 0;
    for (const { window } of this.#tables.values()) unseen = Math.max(unseen, window - 1);
    for (let start = Math.max(0, source.length - unseen); start < source.length; start++) {
      const left = Math.min(HEAD, source.length - start);
      if (this.#isHead[headAt(source, start, left)] !== 1) continue;
      const isCut = left < HEAD ? this.#cutHeads.has(textFrom(source, start)) : this.#formAt(source, start).isCut;
      if (isCut) return start;
    }
    return source.length;
  }

  #sortedForms(head: number): readonly string[] {
    let forms = this.#byHead.get(head) ?? [];
    if (this.#unsorted.delete(head)) {
      forms = [...new Set(forms)].sort((a, b) => (a < b ? -1 : 1));
      this.#byHead.set(head, forms);
    }
    return forms;
  }

  /** The length of the longest form that stands here, or 0, and whether the source ends inside a longer one. */
  #formAt(source: Units, start: number): { length: number; isCut: boolean } {
    const forms = this.#sortedForms(headAt(source, start, HEAD));
    let [first, end, length] = [0, forms.length, 0];
    for (let depth = 0; first < end; depth++) {
      if (forms[first]?.length === depth) {
        length = depth;
        if (++first === end) break;
      }
      if (start + depth === source.length) return { length, isCut: true };
      const unit = unitAt(source, start + depth);
      if (unitOf(forms[first], depth) === unit && unitOf(forms[end - 1], depth) === unit) continue;
      first = firstNot(forms, first, end, (form) => form.charCodeAt(depth) < unit);
      end = firstNot(forms, first, end, (form) => form.charCodeAt(depth) === unit);
    }
    return { length, isCut: false };
  }
}

function boundsOf(form: string): typeof LONG {
  return form.length >= LONG.least ? LONG : SHORT;
}

/** The place between `first` and `end` of the first form that is not `before`. */
function firstNot(forms: readonly string[], first: number, end: number, before: (form: string) => boolean): number {
  let [low, high] = [first, end];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (before(forms[middle] ?? '')) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The low bytes alone count, so that a text and its bytes have the same heads. */
function headAt(source: Units, start: number, length: number): number {
  let hash = length;
  for (let index = start; index < start + length; index++) hash = hash * 31 + (unitAt(source, index) & 0xff);
  return hash & HEAD_MASK;
}

function unitAt(source: Units, index: number): number {
  return typeof source === 'string' ? source.charCodeAt(index) : (source[index] ?? 0);
}

function unitOf(form: string | undefined, depth: number): number | undefined {
  return form?.charCodeAt(depth);
}

function textFrom(source: Units, start: number): string {
  return typeof source === 'string' ? source.slice(start) : String.fromCharCode(...source.subarray(start));
}
