import type { Redactor } from '../../redaction/redactor.js';

/** What a context can send with, and how many of the leading arguments hold what is sent. */
const senders: Readonly<Record<string, number>> = {
  sendNotification: 1,
  sendRequest: 1,
  send: 1,
  notify: 1,
  log: 3,
  elicitInput: 1,
  requestSampling: 1,
};

/**
 * The context of a request, so that nothing that is sent with it holds a secret: log messages, progress, questions to the user or
 * the model. A copy; everything else in it is what the server gave.
 */
export function redactedContext<C>(context: C, redactor: Redactor): C {
  if (typeof context !== 'object' || context === null) return context;
  const own = redactedSenders(context, redactor);
  const { mcpReq } = context as { mcpReq?: unknown }; // the second version of the SDK
  if (typeof mcpReq === 'object' && mcpReq !== null) own['mcpReq'] = valueOf(copyWith(mcpReq, redactor));
  return Object.create(Object.getPrototypeOf(context) as object, {
    ...Object.getOwnPropertyDescriptors(context),
    ...own,
  }) as C;
}

function copyWith(object: object, redactor: Redactor): object {
  return Object.create(Object.getPrototypeOf(object) as object, {
    ...Object.getOwnPropertyDescriptors(object),
    ...redactedSenders(object, redactor),
  }) as object;
}

function redactedSenders(object: object, redactor: Redactor): Record<string, PropertyDescriptor> {
  const entries = Object.entries(senders).flatMap(([name, count]) => {
    const send = (object as Record<string, unknown>)[name];
    if (typeof send !== 'function') return [];
    const redacted = (...args: unknown[]): unknown => {
      const sent = args.map((argument, index) => (index < count ? redactor.value(argument) : argument));
      return Reflect.apply(send, object, sent);
    };
    return [[name, valueOf(redacted)] as const];
  });
  return Object.fromEntries(entries);
}

function valueOf(value: unknown): PropertyDescriptor {
  return { value, enumerable: true, configurable: true, writable: true };
}
