/** Blocks of three units are hashed into this many places: every pair of them apart, in ASCII. */
const HASH_MASK = (1 << 18) - 1;

/**
 * Says how far a window over the text can move on without passing over a form (Wu and Manber): three units under its end
 * are looked up, and only where the answer is "nowhere" a form may stand.
 */
export class ShiftTable {
  /** Every form is at least this long; the longer, the longer the strides. */
  readonly window: number;
  readonly #shifts: Uint8Array;

  constructor(window: number) {
    this.window = window;
    this.#shifts = new Uint8Array(HASH_MASK + 1).fill(window - 2);
  }

  add(form: string): void {
    const unit = (index: number) => form.charCodeAt(index) & 0xff;
    for (let end = 2; end < this.window; end++) {
      const hash = blockHash(unit(end - 2), unit(end - 1), unit(end));
      this.#shifts[hash] = Math.min(this.#shifts[hash] ?? 0, this.window - 1 - end);
    }
  }

  /** Calls `visit` for each place, in no order, where a form may start. */
  scan(bytes: Uint8Array, length: number, visit: (start: number) => void): void {
    const last = this.window - 1;
    const quarter = (length - last) >> 2;
    if (quarter < this.window) this.#scanOne(bytes, last, length, visit);
    else this.#scanFour(bytes, last, quarter, length, visit);
  }

  /** Four lanes at once: each waits most of the time for its own last look-up. */
  #scanFour(bytes: Uint8Array, first: number, quarter: number, length: number, visit: (start: number) => void): void {
    const shifts = this.#shifts;
    const endA = first + quarter;
    const endB = endA + quarter;
    const endC = endB + quarter;
    let [a, b, c, d] = [first, endA, endB, endC];
    while (a < endA && b < endB && c < endC && d < length) {
      const shiftA = shiftAt(shifts, bytes, a);
      const shiftB = shiftAt(shifts, bytes, b);
      const shiftC = shiftAt(shifts, bytes, c);
      const shiftD = shiftAt(shifts, bytes, d);
      if (shiftA === 0) visit(a++ - first);
      if (shiftB === 0) visit(b++ - first);
      if (shiftC === 0) visit(c++ - first);
      if (shiftD === 0) visit(d++ - first);
      a += shiftA;
      b += shiftB;
      c += shiftC;
      d += shiftD;
    }
    this.#scanOne(bytes, a, endA, visit);
    this.#scanOne(bytes, b, endB, visit);
    this.#scanOne(bytes, c, endC, visit);
    this.#scanOne(bytes, d, length, visit);
  }

  #scanOne(bytes: Uint8Array, from: number, length: number, visit: (start: number) => void): void {
    const shifts = this.#shifts;
    for (let end = from; end < length;) {
      const shift = shiftAt(shifts, bytes, end);
      if (shift === 0) visit(end++ - this.window + 1);
      end += shift;
    }
  }
}

function shiftAt(shifts: Uint8Array, bytes: Uint8Array, end: number): number {
  return shifts[blockHash(bytes[end - 2] as number, bytes[end - 1] as number, bytes[end] as number)] as number;
}

function blockHash(first: number, second: number, third: number): number {
  return (first ^ (second << 5) ^ (third << 11)) & HASH_MASK;
}
