/** How often: a fixed window begins with the first use, and its next with the first use after it. */
export interface Quota {
  limit: number;
  interval: number;
  /** A month is a calendar month: from the 31st to the last day of a shorter one. */
  unit: 'second' | 'minute' | 'hour' | 'day' | 'month';
}

/** What may be used together: which providers, on which paths, with which methods and how often. Empty lists allow nothing. */
export interface Product {
  name: string;
  /** Names of credential providers; of one's own API where a guard stands before that. */
  providers: string[];
  /** Path patterns, by the path rule of destinations: `/v1/users/*`, `/v1/**`; `/` and `/**` are every path. */
  resources: string[];
  /** Absent = all. GET brings HEAD with it. */
  methods?: string[];
  scopes?: string[];
  /** Counted for each app, however many keys it has. */
  quota?: Quota;
  /** `'manual'`: a new key has to be approved for it first. Default `'auto'`. */
  approval?: 'auto' | 'manual';
}

/** A person or team; all of its apps are refused while it is inactive. */
export interface Developer {
  name: string;
  status?: 'active' | 'inactive';
}

/** A tool, an agent or a program that uses credentials. */
export interface App {
  name: string;
  developer?: string;
  status?: 'approved' | 'revoked';
  keys?: ConsumerKeyRecord[];
}

export type KeyStatus = 'approved' | 'pending' | 'revoked';

/** What is kept of a consumer key. */
export interface ConsumerKeyRecord {
  id: string;
  /** Lower-case hex SHA-256 of the consumer key. */
  sha256: string;
  /** The same of its secret; without one it gets no access tokens. */
  secretSha256?: string;
  status?: KeyStatus;
  /** ISO 8601; expired exactly then. */
  expiresAt?: string;
  /** In the order in which they are tried. */
  products: { name: string; status?: KeyStatus }[];
}

/** Products, developers and apps as one file holds them. */
export interface AccessDefinitions {
  products?: Product[];
  developers?: Developer[];
  apps?: App[];
}
