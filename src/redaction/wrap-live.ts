import type { Readable } from 'node:stream';
import { types } from 'node:util';
import type { Redaction } from './item-redaction.js';
import {
  isBlob,
  isFormWithFiles,
  isIterator,
  isNodeReadable,
  isReadableStream,
  isRequest,
  isResponse,
  isTransform,
  typeName,
} from './value-kinds.js';
import { redactRequest } from './redact-atom.js';
import { wrapInstance } from './wrap-instance.js';
import { RedactedAsyncIterator, RedactedIterator } from './wrap-iterator.js';
import { wrapResponse } from './wrap-response.js';
import { wrapNodeReadable, wrapReadableStream } from './wrap-stream.js';

/** What redacts the content of a value that gives it later. */
export function wrapLive(redaction: Redaction, source: object): unknown {
  if (types.isPromise(source)) return wrapPromise(source, redaction);
  if (isResponse(source)) return wrapResponse(source as Response, redaction);
  if (isRequest(source)) return wrapRequest(source, redaction);
  if (isReadableStream(source)) return wrapReadableStream(source as ReadableStream, redaction);
  if (isNodeReadable(source)) return wrapNodeReadable(source as Readable, redaction);
  if (isFormWithFiles(source)) return wrapForm(source, redaction);
  if (isBlob(source)) return wrapBlob(source as Blob, redaction);
  if (isTransform(source)) return wrapInstance(source, redaction);
  if (!(Symbol.asyncIterator in source)) return new RedactedIterator(source as Iterator<unknown>, redaction);
  if (!isIterator(source) && !('next' in source)) return wrapInstance(source, redaction);
  return new RedactedAsyncIterator(source as unknown as AsyncIterator<unknown>, redaction);
}

function wrapPromise(source: Promise<unknown>, redaction: Redaction): Promise<unknown> {
  return source.then(
    (value) => redaction.value(value),
    (error: unknown) => {
      throw redaction.error(error);
    },
  );
}

function wrapRequest(source: Request, redaction: Redaction): unknown {
  const body = source.bodyUsed ? undefined : wrapReadableStream(source.body as ReadableStream, redaction);
  try {
    return redactRequest(redaction.forms, source, body as globalThis.ReadableStream);
  } catch {
    // `[secret]` may stand where a URL can't have it.
    return typeName(source);
  }
}

/** A form's parts are texts and files. */
function wrapForm(source: FormData, redaction: Redaction): FormData {
  const wrapper = new (source.constructor as new () => FormData)();
  for (const [name, part] of source) {
    wrapper.append(redaction.value(name), redaction.value(part));
  }
  return wrapper;
}

function wrapBlob(source: Blob, redaction: Redaction): Blob {
  const stream = () => wrapReadableStream(source.stream() as ReadableStream, redaction) as ReadableStream<Uint8Array>;
  const content = () => new Response(stream() as never);
  const { type } = source;
  const file = 'lastModified' in source ? (source as File) : undefined;
  const wrapper = file === undefined ? new Blob([], { type }) : new File([], redaction.value(file.name), { type });
  const methods = {
    stream,
    text: () => content().text(),
    arrayBuffer: () => content().arrayBuffer(),
    bytes: async () => new Uint8Array(await content().arrayBuffer()),
    slice: (...range: [number?, number?, string?]) => wrapBlob(source.slice(...range), redaction),
  };
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(wrapper, name, { value, configurable: true });
  return wrapper;
}
