/** The part of an answer to `tools/list` that matters here. */
export interface ToolPage {
  readonly tools?: unknown;
  readonly nextCursor?: unknown;
}

/** Against a server that never comes to an end. */
const maxPages = 1000;

/** Asks for one page of tools after the other. A cursor that comes back ends it. */
export async function* toolPages<P extends ToolPage>(
  ask: (params: { cursor?: string }) => Promise<P>,
): AsyncGenerator<P> {
  const seen = new Set<unknown>();
  let cursor: unknown;
  do {
    seen.add(cursor);
    const page = await ask(typeof cursor === 'string' ? { cursor } : {});
    yield page;
    cursor = page.nextCursor;
  } while (typeof cursor === 'string' && !seen.has(cursor) && seen.size < maxPages);
}
