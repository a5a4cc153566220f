import { ClavigerError } from '../errors.js';

/** Apigee's codes, in the order of the checks: those of consumer keys, then those of access tokens alone. */
export const faults = {
  none: 'oauth.v2.FailedToResolveAPIKey',
  unknown: 'oauth.v2.InvalidApiKey',
  notApproved: 'oauth.v2.ApiKeyNotApproved',
  expired: 'keymanagement.service.consumer_key_expired',
  appNotApproved: 'keymanagement.service.invalid_client-app_not_approved',
  developerNotActive: 'keymanagement.service.DeveloperStatusNotActive',
  noProduct: 'oauth.v2.InvalidApiKeyForGivenResource',
  quota: 'policies.ratelimit.QuotaViolation',
  badToken: 'keymanagement.service.invalid_access_token',
  tokenExpired: 'keymanagement.service.access_token_expired',
  noProductForToken: 'keymanagement.service.InvalidAPICallAsNoApiProductMatchFound',
  scope: 'steps.oauth.v2.InsufficientScope',
  badClient: 'oauth.v2.InvalidClientIdentifier',
} as const;

export type FaultName = keyof typeof faults;

/** What the holder of a key or token is told, and no more. */
const messages: Record<FaultName, string> = {
  none: 'no consumer key or access token was given',
  unknown: 'the consumer key is not known',
  notApproved: 'the consumer key is not approved',
  expired: 'the consumer key has expired',
  appNotApproved: 'the app is not approved',
  developerNotActive: 'the developer of the app is not active',
  noProduct: 'no product of the consumer key covers this use',
  quota: 'the quota is used up',
  badToken: 'the access token is not valid',
  tokenExpired: 'the access token has expired',
  noProductForToken: 'no product of the access token covers this use',
  scope: 'the access token lacks a scope',
  badClient: 'the consumer key or its secret is wrong',
};

export interface Fault {
  readonly code: string;
  readonly message: string;
}

export function faultOf(name: FaultName, message = messages[name]): Fault {
  return { code: faults[name], message };
}

export function statusOfFault(name: FaultName): 401 | 403 | 429 {
  if (name === 'quota') return 429;
  return name === 'scope' ? 403 : 401;
}

/** A refusal as an error; its message ends with the code of the fault. */
export function accessDenied(what: string, { code, message }: Fault, provider?: string): ClavigerError {
  return new ClavigerError('ERR_ACCESS_DENIED', `${what}: ${message}: ${code}`, { provider, fault: code });
}
