/**
 * What a wrapped function costs once its credential is cached, beside what one would write without it and beside other
 * packages. Run after `npm run build`; another build of the root entry can be named as argument. Compare the figures of one
 * run only.
 *
 * Target: little more than an `await`, a shallow copy, a look at the clock and a walk of a small result: under 300 ns on
 * Node 20 and 220 on Node 24, on a machine where an `await` and a copy cost 124 and 113.
 */
import { pathToFileURL } from 'node:url';
import { measureAsync } from './measure.mjs';
import { measurePeers } from './peers.mjs';

const entry = process.argv[2] ? pathToFileURL(process.argv[2]) : new URL('../../dist/index.js', import.meta.url);
const { createRegistry, header, withCredential } = await import(entry);

const key = 'sk-live-0123456789abcdef0123456789abcdef';
const url = 'https://api.example.com/v1/users/123';
const provider = { name: 'api', baseUrl: 'https://api.example.com/v1', source: () => key };
const registry = createRegistry({ providers: [{ ...provider, placement: header('x-api-key') }] });
const audited = createRegistry({ providers: [provider], audit: () => undefined });

const args = { id: 123, query: 'status' };
const short = { status: 200, body: 'short' };
const user = { id: 123, name: 'Ada', roles: ['admin', 'owner'] };
const named = (result) => async (input) => (input.apiKey === key ? result : undefined);
const second = async (_input, apiKey) => (apiKey === key ? short : undefined);
const fetchLike = async (_url, init) => (new Headers(init.headers).get('x-api-key') === key ? short : undefined);

const wrap = (fn, options) => withCredential(fn, { auth: registry.auth('api'), into: 'apiKey', ...options });
const bare = named(short);
const byHand = copied(bare);
const watchedShort = watched(named(short));
const watchedUser = watched(named(user));
const ours = {
  short: wrap(named(short)),
  user: wrap(named(user)),
  unredacted: wrap(named(short), { redact: false }),
  position: wrap(second, { into: 1 }),
  audited: wrap(named(short), { auth: audited.auth('api') }),
  request: wrap(fetchLike, { into: header('x-api-key') }),
};
const keyed = { ...args, apiKey: key };

const rows = {
  'await fn(args)': () => bare(keyed),
  '… and a shallow copy': () => byHand(args),
  '… and a lifetime, and a walk of { status, body }': () => watchedShort(args),
  '… and a lifetime, and a walk of { id, name, roles }': () => watchedUser(args),
  'withCredential, result { status, body }': () => ours.short(args),
  'withCredential, result { id, name, roles: […] }': () => ours.user(args),
  'withCredential, redact: false': () => ours.unredacted(args),
  'withCredential, a position': () => ours.position(args),
  'withCredential, audited': () => ours.audited(args),
  'fetch-like(url, { headers }) by hand': () => fetchLike(url, { headers: { 'x-api-key': key } }),
  'withCredential, header of a fetch-like function': () => ours.request(url),
};
for (const [name, run] of Object.entries(rows)) if ((await run()) === undefined) throw new Error(`no key: ${name}`);

const times = await measureAsync(...Object.values(rows));
console.log(`${''.padEnd(54)}ns a call   of a copy`);
for (const [index, name] of Object.keys(rows).entries()) report(name, times[index], times[1]);
for (const peer of await measurePeers()) {
  if (peer.skipped === undefined) report(peer.name, peer.ns, peer.copyNs, peer.does);
  else console.log(`${peer.name}: skipped, ${peer.skipped}`);
}

function report(name, ns, copyNs, note = '') {
  console.log(`${name.padEnd(54)}${ns.toFixed(0).padStart(9)}   ${(ns / copyNs).toFixed(2).padStart(9)}   ${note}`);
}

function copied(fn) {
  return async (input) => {
    const copy = Object.assign({}, input);
    copy.apiKey = key;
    return fn(copy);
  };
}

/** What nobody can leave out who keeps a key for a while and looks at what comes back. */
function watched(fn) {
  const call = copied(fn);
  let freshUntil = Date.now() + 300_000;
  return async (input) => {
    if (Date.now() >= freshUntil) freshUntil = Date.now() + 300_000;
    const result = await call(input);
    return holdsKey(result) ? undefined : result;
  };
}

function holdsKey(value) {
  if (typeof value === 'string') return value.includes(key);
  if (typeof value !== 'object' || value === null) return false;
  for (const name in value) if (holdsKey(value[name])) return true;
  return false;
}
