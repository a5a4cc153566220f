import type { ContextManager, TextMapPropagator, Tracer, TracerProvider } from '@opentelemetry/api';

/**
 * Where every copy of OpenTelemetry's API 1.x in a process finds what the program has registered. What is read there are
 * that API's own interfaces, so nothing is imported, whichever copy it is.
 */
const api = Symbol.for('opentelemetry.js.api.1');

/** Each is there once an SDK was registered for it. */
interface Registered {
  readonly trace?: TracerProvider;
  readonly context?: ContextManager;
  readonly propagation?: TextMapPropagator;
}

const global = globalThis as { [api]?: Registered };

/** As the instrumentation scope of our spans. */
const scope = 'claviger';

let provider: TracerProvider | undefined;
let tracer: Tracer | undefined;

/**
 * The tracer, where the program has registered an OpenTelemetry SDK; asked for at each use, so that it may be registered
 * before or after anything of ours is made. Without one this reads a property and no more.
 */
export function currentTracer(): Tracer | undefined {
  const registered = global[api]?.trace;
  if (registered === undefined) return undefined;
  if (registered !== provider) {
    provider = registered;
    tracer = registered.getTracer(scope);
  }
  return tracer;
}

/** What MCP reserves in `_meta` for W3C Trace Context and Baggage (specification 2026-07-28, `_meta`). */
const carried = new Set(['traceparent', 'tracestate', 'baggage']);

/** The active trace as `_meta` of an MCP request carries it; undefined outside one. */
export function traceContext(): Record<string, string> | undefined {
  const { context, propagation } = global[api] ?? {};
  if (context === undefined || propagation === undefined) return undefined;
  const meta: Record<string, string> = {};
  propagation.inject(context.active(), meta, {
    set: (_carrier, name, value) => {
      if (carried.has(name)) meta[name] = value;
    },
  });
  return Object.keys(meta).length === 0 ? undefined : meta;
}
