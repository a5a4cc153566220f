import type { ErrorCode } from '../errors.js';

/** Through which surface a credential was used. */
export type Surface = 'function' | 'http' | 'broker' | 'mcp' | 'process' | 'registry' | 'cli';

/** What was used, where, for whom and with which outcome. Names only: no value, no query string. */
export interface AuditEvent {
  /** Milliseconds since the epoch, or what the registry's `now` gives. */
  time: number;
  type: 'use' | 'refuse' | 'refresh' | 'change';
  /** Empty where the broker refused a request that named none. */
  provider: string;
  surface: Surface;
  /** The id of the consumer key. */
  consumer?: string;
  /** The app that it belongs to. */
  app?: string;
  method?: string;
  host?: string;
  /** The path without the query. */
  path?: string;
  tool?: string;
  /** `ok`, one of this package's codes, or `error` where the called code failed by itself. */
  outcome: 'ok' | 'error' | ErrorCode;
  /** With `ERR_ACCESS_DENIED`: Apigee's fault code. */
  fault?: string;
  /** The HTTP status, where there was one. */
  status?: number;
  /** The version of the credential that was used; never the value. */
  version?: string;
  /** Whether the call was repeated with a newer credential. */
  repeated?: boolean;
}

/** Takes audit events. A failing sink never fails the call. */
export type AuditSink = (event: AuditEvent) => void | Promise<void>;
