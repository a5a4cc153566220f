import type { ToolCredential } from '../tool-credential.js';

/** Where the SDK keeps the span that runs now, for all copies of it in a process (since 0.8). */
const storage = Symbol.for('openai.agents.core.asyncLocalStorage');

interface Span {
  readonly error?: unknown;
  setError(error: unknown): void;
}

/**
 * Takes the key out of what the SDK has noted in the tool's span: a tool that formats its own errors has them noted before we
 * see them. Spans are exported when they end, which this one does after its tool.
 */
export async function redactCurrentSpan(credential: ToolCredential): Promise<void> {
  const span = currentSpan();
  if (span?.error === undefined || span.error === null) return;
  const redactor = await credential.redactor();
  const redacted: unknown = redactor?.value(span.error);
  if (redacted !== undefined && redacted !== span.error) span.setError(redacted);
}

function currentSpan(): Span | undefined {
  const { [storage]: store } = globalThis as { [storage]?: { getStore?: () => { span?: Partial<Span> } | undefined } };
  const span = store?.getStore?.()?.span;
  return typeof span?.setError === 'function' ? (span as Span) : undefined;
}
