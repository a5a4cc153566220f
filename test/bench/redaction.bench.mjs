/**
 * How fast clean text passes the redactor, beside what one would write without it. Run after `npm run build`; another build of
 * the root entry can be named as argument. Compare the figures of one run only.
 */
import { randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';

const entry = process.argv[2] ? pathToFileURL(process.argv[2]) : new URL('../../dist/index.js', import.meta.url);
const { createRedactor } = await import(entry);

/** The fastest of many short rounds, in nanoseconds a call: what else runs on the machine disturbs some, but not all. */
function measure(...runs) {
  const calls = runs.map((run) => {
    let count = 0;
    for (const start = performance.now(); performance.now() - start < 60; count++) run();
    return Math.max(1, Math.round(count / 20));
  });
  const best = runs.map(() => Infinity);
  for (let round = 0; round < 80; round++) {
    runs.forEach((run, index) => {
      const start = performance.now();
      for (let call = 0; call < calls[index]; call++) run();
      best[index] = Math.min(best[index], ((performance.now() - start) * 1e6) / calls[index]);
    });
  }
  return best;
}

/** JSON as APIs send it, the same in every run. */
function cleanText(length) {
  let seed = 7;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  const words = 'the quick brown fox jumps over a lazy dog status response error message created updated user'.split(
    ' ',
  );
  const word = () => words[Math.floor(random() * words.length)];
  const parts = [];
  for (let size = 0; size < length; size += parts.at(-1).length) {
    const id = Math.floor(random() * 1e9);
    const date = new Date(1.7e12 + id).toISOString();
    parts.push(`{"id":${id},"name":"${word()} ${word()}","text":"${word()} ${word()} ${word()}.","at":"${date}"},`);
  }
  return Buffer.from(parts.join('')).toString('latin1').slice(0, length);
}

const keys = Array.from({ length: 100 }, () => `sk-${randomBytes(24).toString('base64url')}`);
const redactorOf = (count) => {
  const redactor = createRedactor();
  for (const key of keys.slice(0, count)) redactor.add(key);
  return redactor;
};
const long = cleanText(2 << 20);
const bytes = Buffer.from(long);
const short = cleanText(2048);
const object = { status: 200, ok: true, body: short };
const small = { status: 200, body: 'short' };

const rates = (name, run) =>
  console.log(`${name.padEnd(44)}${(long.length / measure(run)[0]).toFixed(2).padStart(8)} GB/s`);
const times = (name, run) => console.log(`${name.padEnd(44)}${measure(run)[0].toFixed(0).padStart(8)} ns`);

console.log(`node ${process.version}, ${(long.length / 2 ** 20).toFixed(0)} MB of clean JSON`);
const one = redactorOf(1);
const hundred = redactorOf(100);
for (const [name, input, method] of [
  ['text', long, 'text'],
  ['bytes', bytes, 'bytes'],
]) {
  const [first, all] = measure(...[one, hundred].map((redactor) => () => redactor[method](input)));
  const rate = (time) => `${(long.length / time).toFixed(2).padStart(8)} GB/s`;
  console.log(`${name}, 1 secret in all forms`.padEnd(44) + rate(first));
  console.log(
    `${name}, 100 secrets in all forms`.padEnd(44) + `${rate(all)}   ${(all / first).toFixed(2)} x the time of 1`,
  );
}
const pattern = new RegExp(keys.map((key) => key.replace(/[^A-Za-z0-9]/g, '\\$&')).join('|'), 'g');
rates('RegExp of 100 secrets, plain form only', () => long.replace(pattern, ''));
rates('replaceAll of 100 secrets, plain form only', () => keys.reduce((text, key) => text.replaceAll(key, ''), long));
times('2 KB string, 100 secrets', () => hundred.text(short));
times('2 KB in an object, 100 secrets', () => hundred.value(object));
times('{ status: 200, body: "short" }, 100 secrets', () => hundred.value(small));
const scanner = hundred.scanner();
const event = Buffer.from(`data: ${short.slice(0, 120)}\n\n`);
times('one event of a stream, 100 secrets', () => scanner.push(event));
const start = performance.now();
const many = createRedactor();
for (let index = 0; index < 10_000; index++) many.add(`key-${index}-${randomBytes(24).toString('base64url')}`);
console.log(`${'adding 10 000 secrets'.padEnd(44)}${(performance.now() - start).toFixed(0).padStart(8)} ms`);
rates('text, 10 000 secrets in all forms', () => many.text(long));
