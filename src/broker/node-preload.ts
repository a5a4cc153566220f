/**
 * What a Node that knows nothing of proxies is told to load first: its `fetch` and `https` then go through the proxy of the
 * environment. It is CommonJS without anything new, as it has to load in whatever Node a child runs.
 *
 * @param undici The path of the undici whose agents Node's own `fetch` takes.
 */
export function nodePreload(undici: string): string {
  return `'use strict';
const version = process.versions.node.split('.').map(Number);
const knowsProxies = version[0] > 24 || (version[0] === 24 && version[1] >= 5) || (version[0] === 22 && version[1] >= 21);
const proxy = process.env.HTTPS_PROXY || process.env.https_proxy;
const httpProxy = process.env.HTTP_PROXY || process.env.http_proxy;
if (!knowsProxies && proxy && version[0] >= 18) {
  let agents;
  const agentFor = (origin) => {
    if (agents === undefined) {
      const undici = require(${JSON.stringify(undici)});
      const http = httpProxy ? new undici.ProxyAgent(httpProxy) : new undici.Agent();
      agents = { http, https: new undici.ProxyAgent(proxy) };
    }
    return String(origin).startsWith('https:') ? agents.https : agents.http;
  };
  const dispatcher = {
    dispatch: (options, handler) => agentFor(options.origin).dispatch(options, handler),
    close: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  };
  const key = Symbol.for('undici.globalDispatcher.1');
  if (globalThis[key] === undefined) Object.defineProperty(globalThis, key, { value: dispatcher, writable: true });
  const http = require('http');
  const https = require('https');
  const tls = require('tls');
  const to = new URL(proxy);
  const login = Buffer.from(decodeURIComponent(to.username) + ':' + decodeURIComponent(to.password)).toString('base64');
  class ProxiedAgent extends https.Agent {
    createConnection(options, done) {
      const target = (options.host.includes(':') ? '[' + options.host + ']' : options.host) + ':' + options.port;
      const headers = { host: target, 'proxy-authorization': 'Basic ' + login };
      const request = http.request({ host: to.hostname, port: to.port, method: 'CONNECT', path: target, headers, agent: false });
      request.once('error', done);
      request.once('connect', (response, socket) => {
        if (response.statusCode === 200) done(null, tls.connect(Object.assign({}, options, { socket })));
        else {
          socket.destroy();
          done(new Error('the proxy refused the tunnel with ' + response.statusCode));
        }
      });
      request.end();
    }
  }
  https.globalAgent = new ProxiedAgent({ keepAlive: true, timeout: 5000 });
}
`;
}
