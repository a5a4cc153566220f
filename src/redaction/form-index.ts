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

/** Short secrets get a table of their own, so that they don't take the long strides from all others. */
const WINDOWS = [16, 8];

/** The longest window: a tail shorter than it has not been looked at. */
const LONGEST_WINDOW = 16;

/** Forms are told apart by this many of their first units. */
const HEAD = 4;
const HEAD_MASK = (1 << 16) - 1;

/** Strings are searched as bytes, piece by piece: reading their characters one by one is several times slower. */
const scratch = Buffer.allocUnsafeSlow(1 << 16);

/** Finds all known forms at once. Forms can be added at any time; nothing is compiled. */
export class FormIndex {
  readonly #tables: ShiftTable[] = [];
  readonly #isHead = new Uint8Array(HEAD_MASK + 1);
  /** The forms by the hash of their head; each list is sorted. */
  readonly #byHead = new Map<number, string[]>();
  /** What can be seen of a form when less than its head is there. */
  readonly #cutHeads = new Set<string>();
  /** Nothing shorter than this can hold a form. */
  readonly shortest = Math.min(...WINDOWS);
  /** Whether some form is a number, so that numbers have to be looked at too. */
  hasNumbers = false;

  /** A form under 8 units is not searched for. */
  add(form: string): void {
    const window = WINDOWS.find((units) => form.length >= units);
    if (window === undefined) return;
    const head = headAt(form, 0);
    const forms = this.#byHead.get(head) ?? [];
    const place = firstNot(forms, 0, forms.length, (other) => other < form);
    if (forms[place] === form) return;
    forms.splice(place, 0, form);
    this.#byHead.set(head, forms);
    this.#isHead[head] = 1;
    this.hasNumbers ||= /^\d+$/.test(form);
    for (let length = 1; length < HEAD; length++) this.#cutHeads.add(form.slice(0, length));
    this.#tableOf(window).add(form);
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

  #tableOf(window: number): ShiftTable {
    let table = this.#tables.find((each) => each.window === window);
    if (table === undefined) this.#tables.push((table = new ShiftTable(window)));
    return table;
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
      if (this.#isHead[headAt(bytes, start)] === 1) starts.push(start + offset);
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

  #liveTail(source: Units): number {
    for (let start = Math.max(0, source.length - LONGEST_WINDOW + 1); start < source.length; start++) {
      const isCut =
        source.length - start < HEAD ? this.#cutHeads.has(textFrom(source, start)) : this.#formAt(source, start).isCut;
      if (isCut) return start;
    }
    return source.length;
  }

  /** The length of the longest form that stands here, or 0, and whether the source ends inside a longer one. */
  #formAt(source: Units, start: number): { length: number; isCut: boolean } {
    const forms = this.#byHead.get(headAt(source, start)) ?? [];
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
function headAt(source: Units, start: number): number {
  let hash = 0;
  for (let index = start; index < start + HEAD; index++) hash = hash * 31 + (unitAt(source, index) & 0xff);
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
