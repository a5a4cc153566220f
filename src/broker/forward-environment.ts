import type { ChildFiles } from './child-files.js';
import type { BrokerSession } from './session.js';

/** The variables that send a child's requests through the proxy and let it trust what answers there. */
export function forwardEnvironment(session: BrokerSession, proxy: string, files: ChildFiles): Record<string, string> {
  const isPlain = session.grantees.some(({ provider }) =>
    (provider.destinations ?? []).some(({ protocol }) => protocol === 'http:'),
  );
  return {
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    // Only where the session has something there: a child's own services on loopback are none of our business.
    ...(isPlain ? { HTTP_PROXY: proxy, http_proxy: proxy } : {}),
    NO_PROXY: '',
    no_proxy: '',
    NODE_USE_ENV_PROXY: '1',
    NODE_OPTIONS: /\s/.test(files.preload)
      ? `--require=${JSON.stringify(files.preload)}`
      : `--require=${files.preload}`,
    NODE_EXTRA_CA_CERTS: files.certificate,
    DENO_CERT: files.certificate,
    SSL_CERT_FILE: files.bundle,
    CURL_CA_BUNDLE: files.bundle,
    REQUESTS_CA_BUNDLE: files.bundle,
    GIT_SSL_CAINFO: files.bundle,
    AWS_CA_BUNDLE: files.bundle,
    CARGO_HTTP_CAINFO: files.bundle,
  };
}
