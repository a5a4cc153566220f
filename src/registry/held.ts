import type { Credential } from '../credential.js';
import type { Destination } from '../destination/destination.js';

/** A fetched credential, with what rests beside the secret and is nobody else's business. */
export interface Held {
  readonly credential: Credential;
  /** Destinations that were stored with the secret; they bind whatever the definition says. */
  readonly destinations: readonly Destination[] | undefined;
}
