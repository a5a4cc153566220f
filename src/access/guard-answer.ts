import type { Verification } from './access.js';
import type { Consumer } from './consumer.js';

/** What a refused caller is told. */
export interface GuardAnswer {
  readonly status: 401 | 403 | 429 | 503;
  readonly headers: Record<string, string>;
  readonly body: string;
}

export interface AnswerContext {
  readonly consumer: Consumer | undefined;
  readonly realm: string;
  readonly scope: string | undefined;
}

/** The answer to a refusal; to one that could not be decided (undefined), that it is tried again later. */
export function answerTo(verification: Verification | undefined, context: AnswerContext): GuardAnswer {
  if (verification === undefined || verification.ok) {
    return answer(503, 'access can not be verified at the moment', 'service.unavailable', { 'retry-after': '1' });
  }
  const { status, fault, quota } = verification;
  if (status === 429) {
    const seconds = quota === undefined ? 1 : Math.ceil((quota.resetsAt.getTime() - Date.now()) / 1000);
    return answer(status, 'the quota is used up', fault.code, { 'retry-after': String(Math.max(1, seconds)) });
  }
  return answer(status, fault.message, fault.code, { 'www-authenticate': challenge(status, fault.message, context) });
}

/** RFC 6750 §3: no error is named to who has shown nothing. */
function challenge(status: 401 | 403, message: string, { consumer, realm, scope }: AnswerContext): string {
  const parts = [`realm="${quoted(realm)}"`];
  if (consumer !== undefined) {
    parts.push(`error="${status === 403 ? 'insufficient_scope' : 'invalid_token'}"`);
    parts.push(`error_description="${quoted(message)}"`);
  }
  if (status === 403 && scope !== undefined) parts.push(`scope="${quoted(scope)}"`);
  return `Bearer ${parts.join(', ')}`;
}

function quoted(text: string): string {
  return text.replace(/[^ -~]/g, '?').replace(/["\\]/g, '\\$&');
}

function answer(
  status: GuardAnswer['status'],
  faultstring: string,
  errorcode: string,
  headers: Record<string, string>,
): GuardAnswer {
  const body = JSON.stringify({ fault: { faultstring, detail: { errorcode } } });
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json', 'cache-control': 'no-store' },
    body,
  };
}
