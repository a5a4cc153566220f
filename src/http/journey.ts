import type { Provider } from '../registry/provider.js';
import type { Grant } from '../registry/use.js';
import type { Redactor } from '../redaction/redactor.js';

/** What is remembered of one call from hop to hop. */
export class Journey {
  /** The providers whose credentials it has carried so far. */
  readonly carried: Provider[] = [];
  redactor: Redactor | undefined;

  /** Whether a hop before this one had a credential. */
  get isUnderWay(): boolean {
    return this.carried.length > 0;
  }

  carry({ provider, companions, redactor }: Grant): void {
    this.redactor = redactor;
    for (const each of [provider, ...companions.map((part) => part.provider)]) {
      if (!this.carried.includes(each)) this.carried.push(each);
    }
  }
}
