import { Agent, Client, interceptors, request, type Dispatcher } from 'undici';
import { Agent as Agent8, interceptors as interceptors8 } from 'undici8';
import type { Auth, Registry } from '../../src/index.js';
import { createAgent, createFetch, credentialInterceptor } from '../../src/http/index.js';

declare const auth: Auth;
declare const registry: Registry;

const like: typeof fetch = createFetch({ auth });
void like('https://api.example.com/', { method: 'POST', body: 'x' });
void createFetch({ registry, consumer: () => undefined });
void createFetch({ auth }, { dispatcher: new Agent(), redact: false, maxRedirections: 3 });
void createFetch({ auth }, { dispatcher: new Agent8() });
void createFetch({ auth }, { dispatcher: createAgent({ auth }) });
// @ts-expect-error neither auth nor registry
createFetch({});
// @ts-expect-error not a dispatcher
createFetch({ auth }, { dispatcher: {} });
// @ts-expect-error unknown option
createFetch({ auth }, { redirects: 3 });

const agent = createAgent({ auth }, { maxRedirections: 3, connections: 10, connect: { ca: 'x', timeout: 1000 } });
const asDispatcher: Dispatcher = agent;
void asDispatcher;
void fetch('https://api.example.com/', { dispatcher: agent });
void request('https://api.example.com/', { dispatcher: agent });
void agent.close();
// @ts-expect-error certificates are verified
createAgent({ auth }, { connect: { checkServerIdentity: () => undefined } });
// @ts-expect-error a connection goes where its request says
createAgent({ auth }, { socketPath: '/run/socket' });

new Agent().compose(credentialInterceptor({ auth }), interceptors.retry(), interceptors.redirect());
new Agent().compose([credentialInterceptor({ registry, redact: false })]);
new Client('https://api.example.com').compose(credentialInterceptor({ auth }));
new Agent8().compose(credentialInterceptor({ auth }), interceptors8.retry(), interceptors8.redirect());
// @ts-expect-error one of both
credentialInterceptor({ auth, registry });
