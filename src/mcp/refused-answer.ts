import { statusOf } from '../internal/status-of.js';

/** A longer answer is the result of work. */
const refusalBytes = 64 * 1024;
const saysRefused = /\b401\b|\bunauthori[sz]ed\b/i;
/** How an upstream's body, passed on as a result that is no error, tells its status. */
const hasStatus = /"(?:status|statusCode|status_code|code)"\s*:\s*"?401\b/;

/**
 * Whether an answer tells that an upstream refused the credential. Servers have no common way to say so: it is in the code, the
 * data or the message of the error, or in the text of a result. To be wrong costs one look into the store.
 */
export function tellsOfRefusal(answer: Buffer): boolean {
  if (answer.length > refusalBytes || !(answer.includes('401') || answer.includes('nauthori'))) return false;
  try {
    const { error, result } = JSON.parse(answer.toString()) as { error?: unknown; result?: unknown };
    return isRefusedError(error) || isRefusedResult(result);
  } catch {
    return false;
  }
}

function isRefusedError(error: unknown): boolean {
  const { code, message, data } = (error ?? {}) as { code?: unknown; message?: unknown; data?: unknown };
  return code === 401 || statusOf(data) === 401 || (typeof message === 'string' && saysRefused.test(message));
}

/** The same of the result of a tool call. */
export function isRefusedResult(result: unknown): boolean {
  const { content, structuredContent, isError } = (result ?? {}) as Record<string, unknown>;
  if (statusOf(structuredContent) === 401) return true;
  const pattern = isError === true ? saysRefused : hasStatus;
  return Array.isArray(content) && content.some((item) => pattern.test(textOf(item)));
}

function textOf(item: unknown): string {
  const { text } = (item ?? {}) as { text?: unknown };
  return typeof text === 'string' ? text : '';
}
