/** So many units are looked up at once: the hex and base64 forms of a hundred secrets hold too many of the shorter ones. */
const BLOCK = 4;

const HASH_BITS = 18;

/**
 * Says how far a window over the text can move on without passing over a form (Wu and Manber): a block of units under its end
 * is looked up, and only where the answer is "nowhere" a form may stand.
 */
export class ShiftTable {
  /** Every form is at least this long; the longer, the longer the strides. */
  readonly window: number;
  readonly #shifts: Uint8Array;

  constructor(window: number) {
    this.window = window;
    this.#shifts = new Uint8Array(1 << HASH_BITS).fill(window - BLOCK + 1);
  }

  add(form: string): void {
    const unit = (index: number) => form.charCodeAt(index) & 0xff;
    for (let end = BLOCK - 1; end < this.window; end++) {
      const hash = blockHash(unit(end - 3), unit(end - 2), unit(end - 1), unit(end));
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
  const hash = blockHash(
    bytes[end - 3] as number,
    bytes[end - 2] as number,
    bytes[end - 1] as number,
    bytes[end] as number,
  );
  return shifts[hash] as number;
}

/** Multiplication by a prime near the golden ratio, after Knuth: it spreads also what differs in few bits. */
function blockHash(first: number, second: number, third: number, fourth: number): number {
  return Math.imul(first | (second << 8) | (third << 16) | (fourth << 24), 0x9e3779b1) >>> (32 - HASH_BITS);
}
