import { context, propagation, trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { ReadableSpan, Sampler, SpanProcessor } from '@opentelemetry/sdk-trace-node';
import { onTestFinished } from 'vitest';

export interface Tracing {
  /** What ended so far, in that order. */
  spans(): ReadableSpan[];
  /** The one span of that name. */
  span(name: string): ReadableSpan;
  /** Runs inside a span of the program's own. */
  inside<R>(name: string, run: () => Promise<R>): Promise<R>;
}

/** OpenTelemetry's own SDK for the length of one test, with a memory for an exporter. */
export function tracing(options: { sampler?: Sampler; processors?: SpanProcessor[] } = {}): Tracing {
  const { sampler, processors = [] } = options;
  const exporter = new InMemorySpanExporter();
  const spanProcessors = [new SimpleSpanProcessor(exporter), ...processors];
  const provider = new NodeTracerProvider({ spanProcessors, ...(sampler === undefined ? {} : { sampler }) });
  provider.register();
  onTestFinished(async () => {
    await provider.shutdown();
    for (const api of [trace, context, propagation]) api.disable();
  });
  const spans = () => exporter.getFinishedSpans();
  return {
    spans,
    span(name) {
      const [found, ...more] = spans().filter((span) => span.name === name);
      if (found !== undefined && more.length === 0) return found;
      const names = spans().map((span) => span.name);
      throw new Error(`${names.filter((each) => each === name).length} spans are named "${name}", of ${names.join()}`);
    },
    inside: (name, run) => trace.getTracer('test').startActiveSpan(name, (span) => run().finally(() => span.end())),
  };
}

/** The id of the span that this one stands below. */
export function parentOf(span: ReadableSpan): string | undefined {
  return span.parentSpanContext?.spanId;
}
