/** What the process that speaks to the keychain is asked, */
export interface KeychainCall {
  readonly operation: 'get' | 'set' | 'delete';
  readonly service: string;
  readonly account: string;
  readonly text?: string;
}

/** and what it answers: never a message of the system, which could hold anything. */
export interface KeychainReply {
  readonly text?: string | null;
  readonly deleted?: boolean;
  readonly failure?: 'locked' | 'denied' | 'unavailable';
  readonly missing?: 'package' | 'library';
}
