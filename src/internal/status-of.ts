/**
 * The HTTP status of what a call gave: `status`, `statusCode` or `response.status`, on a result and on an error alike
 * (fetch, undici, got, axios and their relatives). What can't be read has none.
 */
export function statusOf(outcome: unknown): number | undefined {
  if (typeof outcome !== 'object' || outcome === null) return undefined;
  try {
    return readStatus(outcome);
  } catch {
    return undefined; // what a getter throws could hold a secret
  }
}

function readStatus(outcome: object): number | undefined {
  const { status, statusCode, response } = outcome as { status?: unknown; statusCode?: unknown; response?: unknown };
  if (typeof status === 'number') return status;
  if (typeof statusCode === 'number') return statusCode;
  if (typeof response !== 'object' || response === null) return undefined;
  const nested = response as { status?: unknown; statusCode?: unknown };
  if (typeof nested.status === 'number') return nested.status;
  return typeof nested.statusCode === 'number' ? nested.statusCode : undefined;
}
