import type { Attributes, Span, Tracer } from '@opentelemetry/api';
import type { AuditEvent, Surface } from '../audit/event.js';
import type { CanonicalUrl } from '../destination/canonical-url.js';
import { findClavigerError } from '../errors.js';
import type { Redactor } from '../redaction/redactor.js';

/** `SpanStatusCode.ERROR` of OpenTelemetry's API. */
const ERROR = 2;

/**
 * Carries out one use inside a span of its own, which is active meanwhile: what the store and the call ask of the network
 * stands below it.
 */
export function inSpan<R>(
  tracer: Tracer,
  { provider, surface }: { readonly provider: string; readonly surface: Surface },
  run: (span: UseSpan | undefined) => Promise<R>,
): Promise<R> {
  const attributes = { 'claviger.provider': provider, 'claviger.surface': surface };
  return tracer.startActiveSpan(`inject ${provider}`, { attributes }, (span) => {
    if (!span.isRecording()) return run(undefined);
    const pending = run(new UseSpan(span));
    pending.catch((error: unknown) => {
      // It failed before there was a registry, and nobody has ended it.
      if (span.isRecording()) endWith(span, findClavigerError(error)?.code ?? 'error', {});
    });
    return pending;
  });
}

/** The span of one use. It tells names, never a value, a path or a query. */
export class UseSpan {
  readonly #span: Span;
  #cache: 'miss' | 'stale' | undefined;

  constructor(span: Span) {
    this.#span = span;
  }

  /** The credential was not in the cache: it is fetched for this use, or was served stale as its store failed. */
  came(cache: 'miss' | 'stale'): void {
    this.#cache = cache;
  }

  end(
    { consumer, app, fault, outcome, status, repeated }: AuditEvent,
    { url, isFetched, redactor }: { url: CanonicalUrl | undefined; isFetched: boolean; redactor: Redactor },
  ): void {
    const cache = this.#cache ?? (isFetched ? 'hit' : undefined);
    const attributes: Attributes = {
      ...(consumer === undefined ? {} : { 'claviger.consumer': consumer }),
      ...(app === undefined ? {} : { 'claviger.app': app }),
      ...(fault === undefined ? {} : { 'claviger.fault': fault }),
      ...(cache === undefined ? {} : { 'claviger.cache': cache }),
      ...(repeated === undefined ? {} : { 'claviger.repeated': repeated }),
      ...(url === undefined ? {} : { 'server.address': url.hostname, 'server.port': url.port }),
      ...(status === undefined ? {} : { 'http.response.status_code': status }),
    };
    // A host below a wildcard may hold what only the redactor knows to be a secret.
    endWith(this.#span, outcome, redactor.value(attributes));
  }
}

/** The status has no message: that of somebody else's error may hold anything. */
function endWith(span: Span, outcome: AuditEvent['outcome'], attributes: Attributes): void {
  span.setAttributes({ ...attributes, 'claviger.outcome': outcome });
  if (outcome !== 'ok') {
    span.setAttribute('error.type', outcome === 'error' ? '_OTHER' : outcome); // what is not known, by OpenTelemetry's conventions
    span.setStatus({ code: ERROR });
  }
  span.end();
}
