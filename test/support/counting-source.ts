import type { SourceRequest, SourceResult } from '../../src/index.js';

/** A source that a test can steer: what it answers next, and what it was asked. */
export interface CountingSource {
  (request: SourceRequest): Promise<SourceResult | string | undefined>;
  asked: SourceRequest[];
  answer: SourceResult | string | undefined | (() => never);
}

export function countingSource(answer: CountingSource['answer']): CountingSource {
  const source: CountingSource = Object.assign(
    async (request: SourceRequest) => {
      source.asked.push(request);
      await Promise.resolve();
      return typeof source.answer === 'function' ? source.answer() : source.answer;
    },
    { asked: [] as SourceRequest[], answer },
  );
  return source;
}

export function down(): never {
  throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
}
