import type { Redactor } from '../../redaction/redactor.js';
import { isObject, withRedactedSenders, type Senders } from '../redacted-senders.js';

/** What both versions of the SDK let a callback send with. */
const senders: Senders = {
  sendNotification: [0],
  sendRequest: [0],
  send: [0],
  notify: [0],
  log: [0, 1, 2],
  elicitInput: [0],
  requestSampling: [0],
};

/**
 * The context of a request, so that nothing that is sent with it holds a secret: log messages, progress, questions to the user or
 * the model. A copy; everything else in it is what the server gave.
 */
export function redactedContext<C>(context: C, redactor: Redactor): C {
  if (!isObject(context)) return context;
  const { mcpReq } = context as { mcpReq?: unknown }; // the second version of the SDK
  const changes = isObject(mcpReq) ? { mcpReq: withRedactedSenders(mcpReq, senders, redactor) } : {};
  return withRedactedSenders(context, senders, redactor, changes);
}
