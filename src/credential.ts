import type { Secret } from './secret.js';

/** A secret plus what is needed to use it. */
export interface Credential {
  readonly provider: string;
  readonly secret: Secret;
  /** Opaque; differs when the secret does. */
  readonly version: string;
  /** For Basic, where the store keeps one. */
  readonly username?: string;
  readonly expiresAt?: Date;
}

/** What a source is asked for. */
export interface SourceRequest {
  /** The provider's `secretName`, else its name. */
  readonly name: string;
  readonly account?: string;
  /** A version that the upstream has just refused: answer with a newer one if there is one. */
  readonly rejectedVersion?: string;
  readonly signal?: AbortSignal;
}

export interface SourceResult {
  secret: Secret | string;
  version?: string;
  expiresAt?: Date;
  username?: string;
  revoked?: boolean;
}

/** Where a credential comes from. `undefined` means "not here"; a throw means "can't answer". */
export type Source = (
  request: SourceRequest,
) => SourceResult | Secret | string | undefined | Promise<SourceResult | Secret | string | undefined>;
