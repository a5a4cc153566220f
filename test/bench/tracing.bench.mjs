/**
 * What spans cost a warm call: nothing without OpenTelemetry, nothing with its API and no SDK, and with an SDK what its own
 * spans cost. Run after `npm run build`; another build of the root entry, an older one for instance, can be named as argument
 * to stand beside. The last figures come last, as an SDK's `AsyncLocalStorage` slows every promise of its process.
 *
 * Target: without an SDK no difference that can be told from noise.
 */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { measureAsync } from './measure.mjs';

const require = createRequire(import.meta.url);
const result = { status: 200, body: 'short' };
const args = { id: 123, query: 'status' };
const named = async (input) => (input.apiKey === undefined ? undefined : result);

const ours = await wrapped(new URL('../../dist/index.js', import.meta.url));
const other = process.argv[2] ? await wrapped(pathToFileURL(process.argv[2])) : undefined;

await report('without OpenTelemetry');
const { trace } = require('@opentelemetry/api');
await report('with its API alone');
const { AlwaysOffSampler, NodeTracerProvider } = require('@opentelemetry/sdk-trace-node');
new NodeTracerProvider({ sampler: new AlwaysOffSampler() }).register();
await report('with its SDK, not sampled');
trace.disable();
new NodeTracerProvider().register();
await report('with its SDK, sampled');

async function wrapped(entry) {
  const { createRegistry, withCredential } = await import(entry);
  const registry = createRegistry({ providers: [{ name: 'api', source: () => 'sk-live-0123456789abcdef' }] });
  const call = withCredential(named, { auth: registry.auth('api'), into: 'apiKey' });
  return () => call(args);
}

async function report(when) {
  const calls = other === undefined ? [ours] : [ours, other];
  const times = (await measureAsync(...calls)).map((ns) => `${ns.toFixed(0).padStart(6)} ns`);
  console.log(`a wrapped function, ${when.padEnd(28)}${times.join('   beside ')}`);
}
