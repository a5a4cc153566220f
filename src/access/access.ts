import type { Consumer } from './consumer.js';
import type { AccessDefinitions, App, Developer, KeyStatus, Product } from './definitions.js';
import type { IntendedUse } from './compiled.js';
import type { Fault } from './fault.js';
import type { Counting, QuotaLeft } from './quota.js';

/** The answer to "may it?". */
export type Verification =
  | {
      readonly ok: true;
      readonly app: string;
      readonly developer?: string;
      /** The product that serves. */
      readonly product: string;
      readonly keyId: string;
      readonly quota?: QuotaLeft;
    }
  | {
      readonly ok: false;
      readonly status: 401 | 403 | 429;
      readonly fault: Fault;
      /** With a quota that is used up: when there is more. */
      readonly quota?: QuotaLeft;
    };

export interface VerifyApiKeyRequest {
  consumerKey?: string | undefined;
  provider: string;
  /** Absent: for every method. */
  method?: string | undefined;
  /** Without the query. Absent: for every path. */
  path?: string | undefined;
  /** Looks and takes nothing from the quota. */
  peek?: boolean | undefined;
}

export interface VerifyAccessTokenRequest extends Omit<VerifyApiKeyRequest, 'consumerKey'> {
  accessToken?: string | undefined;
  /** Scopes, parted by blanks, that the token and its product must have. */
  scope?: string | undefined;
}

/** A new consumer key. Nobody can be shown it again: only hashes are kept. */
export interface IssuedKey {
  readonly id: string;
  readonly consumerKey: string;
  readonly consumerSecret: string;
}

/** As an OAuth token endpoint answers (RFC 6749 §5.1). */
export interface IssuedToken {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** In seconds. */
  readonly expires_in: number;
  readonly scope: string;
}

/** Whose status is set: of a key (by its id), of a key for one product, of an app or of a developer. */
export type StatusTarget = { key: string; product?: string } | { app: string } | { developer: string };

/** One definition that `apply` adds, changes or removes. */
export interface DefinitionChange {
  readonly change: 'add' | 'change' | 'remove';
  readonly kind: 'product' | 'developer' | 'app' | 'key';
  readonly name: string;
}

/** What may be told of a consumer key: never the key, nor a hash of it. */
export interface KeyDescription {
  readonly id: string;
  readonly app: string;
  readonly status: KeyStatus;
  /** Whether a use of it is refused for itself, its app or its developer, and with which fault. */
  readonly fault?: string;
  readonly expiresAt?: string;
  readonly products: readonly { readonly name: string; readonly status: KeyStatus }[];
}

export interface AccessDescription {
  readonly products: readonly Product[];
  readonly developers: readonly Required<Developer>[];
  readonly apps: readonly (Omit<App, 'keys' | 'status'> & { readonly status: NonNullable<App['status']> })[];
  readonly keys: readonly KeyDescription[];
}

/** Decides which app may use which provider, on which paths, with which methods and how often. */
export interface Access {
  /**
   * A new key of an app, for products in the order in which they are to be tried. A product with manual approval has to
   * be approved for it first.
   *
   * @throws ClavigerError `ERR_CONFIG_INVALID` for an app or product that is not there
   */
  issueKey(options: { app: string; products: string[]; expiresAt?: Date }): Promise<IssuedKey>;
  /**
   * Approves, revokes, activates; every process that shares the state sees it.
   *
   * @throws ClavigerError `ERR_CONFIG_INVALID` for a target that is not there or can't have that status
   */
  setStatus(target: StatusTarget, status: KeyStatus | 'active' | 'inactive'): Promise<void>;
  /** Whether the holder of a consumer key may use a provider there; takes one unit of the quota. */
  verifyApiKey(request: VerifyApiKeyRequest): Promise<Verification>;
  /**
   * A short-lived token that stands for a key (OAuth client credentials). It is refused once the key, its app or its
   * developer is. Default 15 minutes, at most a day, never longer than the key; all scopes of its products unless some
   * are asked for.
   *
   * @throws ClavigerError `ERR_ACCESS_DENIED` with the fault
   */
  issueAccessToken(options: {
    consumerKey: string;
    consumerSecret: string;
    scope?: string;
    ttlMs?: number;
  }): Promise<IssuedToken>;
  /** As `verifyApiKey`, for the holder of an access token. */
  verifyAccessToken(request: VerifyAccessTokenRequest): Promise<Verification>;
  /** What is defined and issued; no key, no hash. */
  describe(): Promise<AccessDescription>;
  /**
   * Makes the definitions that rest in the state be these, and says what that changes. Those given to `createAccess` are
   * no part of it. Keys that were issued stay unless their app goes.
   *
   * @throws ClavigerError `ERR_CONFIG_INVALID`
   */
  apply(definitions: AccessDefinitions, options?: { dryRun?: boolean }): Promise<readonly DefinitionChange[]>;
}

/** A verification with what the audit may know. */
export interface Judgement {
  readonly verification: Verification;
  /** Known also where it is refused. */
  readonly keyId?: string | undefined;
  readonly app?: string | undefined;
}

/** What a registry needs of an access beyond its public face. */
export interface AccessCore {
  admit(consumer: Consumer | undefined, use: IntendedUse, counting: Counting): Judgement | Promise<Judgement>;
  /** Told of every key, secret and token that is handed out; gives a function that ends that. */
  onSecret(listener: (secret: string) => void): () => void;
}

/** Shared between copies of this package in one process. */
const core = Symbol.for('claviger.access.core');

export function attachAccessCore(access: Access, accessCore: AccessCore): void {
  Object.defineProperty(access, core, { value: accessCore });
}

/** Undefined for anything that `createAccess` did not make. */
export function accessCoreOf(access: Access): AccessCore | undefined {
  return (access as { [core]?: AccessCore } | undefined)?.[core];
}
