import type { Provider } from '../registry/provider.js';
import type { Unit } from '../registry/admission.js';
import type { Asked, Grant } from '../registry/use.js';
import type { Redactor } from '../redaction/redactor.js';

/** What is remembered of one call from hop to hop. */
export class Journey {
  /** The providers whose credentials it has carried so far. */
  readonly carried: Provider[] = [];
  redactor: Redactor | undefined;
  /** Whose call it is. */
  readonly asked: Asked = {};
  #unit: Unit | 'skip' | undefined;

  constructor(unit?: Unit | 'skip') {
    this.#unit = unit;
  }

  /** Of quota: its hops are counted once. `'skip'`: not at all. */
  get unit(): Unit | 'skip' {
    this.#unit ??= new Map();
    return this.#unit;
  }

  /** Whether a hop before this one had a credential. */
  get isUnderWay(): boolean {
    return this.carried.length > 0;
  }

  carry({ provider, companions, redactor }: Grant): void {
    this.redactor = redactor;
    this.#add(provider);
    for (const companion of companions) this.#add(companion.provider);
  }

  #add(provider: Provider): void {
    if (!this.carried.includes(provider)) this.carried.push(provider);
  }
}
