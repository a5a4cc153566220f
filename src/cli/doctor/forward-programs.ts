/** What a program does with the variables of a session in forward mode (`src/broker/forward-environment.ts`). */
export interface ForwardProgram {
  /** The variable that makes it trust the broker's certificate authority; undefined where none does. */
  readonly trust?: string;
  /** The variable that sends it through the proxy; undefined where none does. */
  readonly proxy?: string;
  /** What is left to say: libraries and platforms where that is not so. */
  readonly but?: string;
}

const reverse = 'use --reverse, where it takes a base URL';
const ca = 'SSL_CERT_FILE';
const proxy = 'HTTPS_PROXY';

/** Go's own verifier reads a file only where there is no other of the system. */
function go(platform: NodeJS.Platform): ForwardProgram {
  return platform === 'darwin' || platform === 'win32'
    ? { proxy, but: 'Go trusts only what this system trusts' }
    : { trust: ca, proxy };
}

/** By the name of the program on the PATH. */
export function forwardPrograms(platform: NodeJS.Platform): Readonly<Record<string, ForwardProgram>> {
  return {
    node: { trust: 'NODE_EXTRA_CA_CERTS', proxy: 'NODE_OPTIONS' },
    npx: { trust: 'NODE_EXTRA_CA_CERTS', proxy: 'NODE_OPTIONS' },
    bun: { trust: 'NODE_EXTRA_CA_CERTS', proxy },
    deno: { trust: 'DENO_CERT', proxy },
    curl: { trust: 'CURL_CA_BUNDLE', proxy },
    wget: { proxy: 'https_proxy', but: `one built with GnuTLS does not read ${ca}` },
    git: { trust: 'GIT_SSL_CAINFO', proxy: 'https_proxy' },
    python3: {
      trust: 'REQUESTS_CA_BUNDLE',
      proxy,
      but: 'a library that loads certifi by itself, or aiohttp without trust_env, goes round the broker or distrusts it',
    },
    uv: { trust: ca, proxy },
    cargo: { trust: 'CARGO_HTTP_CAINFO', proxy },
    ruby: { trust: ca, proxy: 'https_proxy' },
    php: { proxy: 'https_proxy', but: 'its curl trusts what php.ini names, and its streams know no proxy' },
    dotnet: platform === 'linux' ? { trust: ca, proxy } : { proxy, but: '.NET trusts only what this system trusts' },
    java: { but: 'Java reads neither: it takes -Dhttps.proxyHost and a trust store' },
    go: go(platform),
    gh: go(platform),
    kubectl: go(platform),
    terraform: go(platform),
    docker: { but: 'its daemon makes the requests, not the command' },
    aws: { trust: 'AWS_CA_BUNDLE', proxy },
    az: { trust: 'REQUESTS_CA_BUNDLE', proxy },
    gcloud: { proxy, but: 'it trusts only its own list, or what core/custom_ca_certs_file names' },
  };
}

export { reverse as insteadOfForward };
