import { accessCoreOf, type Access, type AccessCore, type Judgement } from '../access/access.js';
import type { Consumer } from '../access/consumer.js';
import { accessDenied } from '../access/fault.js';
import type { Counting, Unit } from '../access/quota.js';
import type { CanonicalUrl } from '../destination/canonical-url.js';
import { ClavigerError } from '../errors.js';
import type { Redactor } from '../redaction/redactor.js';

export type { Counting, Unit };

/** Where a credential is to go; without a URL it is handed over whole, whatever the method. */
export interface AdmittedUse {
  readonly provider: string;
  readonly method?: string | undefined;
  readonly url?: CanonicalUrl | undefined;
}

/** A registry's access rules: who asks is judged anew at each use. */
export class Admission {
  readonly #core: AccessCore;
  readonly #redactor: Redactor;
  readonly #unwatch: () => void;

  /** @throws ClavigerError `ERR_CONFIG_INVALID` for anything that `createAccess` did not make */
  constructor(access: Access, redactor: Redactor) {
    const core = accessCoreOf(access);
    if (core === undefined) {
      const issues = [{ path: 'access', message: 'must come from createAccess()' }];
      throw new ClavigerError('ERR_CONFIG_INVALID', 'the registry is invalid: access must come from createAccess()', {
        issues,
      });
    }
    this.#core = core;
    this.#redactor = redactor;
    this.#unwatch = core.onSecret((secret) => redactor.add(secret));
  }

  /** The judgement, whichever it is. The redactor then knows the key or token, unless it is nobody's. */
  async judge(consumer: Consumer | undefined, use: AdmittedUse, counting: Counting): Promise<Judgement> {
    const { provider, method, url } = use;
    const whole = url === undefined;
    const judgement = await this.#core.admit(
      consumer,
      whole ? { provider } : { provider, method, path: url.path },
      counting,
    );
    // What is nobody's could come from outside, without end.
    if (judgement.keyId !== undefined && consumer !== undefined) {
      this.#redactor.add('consumerKey' in consumer ? consumer.consumerKey : consumer.accessToken);
    }
    return judgement;
  }

  close(): void {
    this.#unwatch();
  }
}

/** Who asks, at this moment. */
export function consumerOf({
  consumer,
}: {
  readonly consumer?: Consumer | (() => Consumer | undefined) | undefined;
}): Consumer | undefined {
  return typeof consumer === 'function' ? consumer() : consumer;
}

/** @throws ClavigerError `ERR_ACCESS_DENIED`, whose message ends with the code of the fault */
export function assertAdmitted({ verification }: Judgement, provider: string): void {
  if (verification.ok) return;
  throw accessDenied(`the consumer may not use provider "${provider}"`, verification.fault, provider);
}
