import {
  apiKeyAuth,
  argument,
  basic,
  bearer,
  ClavigerError,
  cookie,
  createRedactor,
  createRegistry,
  env,
  envStore,
  file,
  findClavigerError,
  header,
  hideParameter,
  isClavigerError,
  loadConfig,
  loadRegistry,
  memoryStore,
  parameter,
  query,
  Secret,
  setDefaultRegistry,
  type AuditEvent,
  type Auth,
  type Consumer,
  type Credential,
  type ErrorCode,
  type Placement,
  type ProviderDefinition,
  type Redactor,
  type Registry,
  type Source,
  type Store,
  type StoredSecret,
} from '../../src/index.js';

// secrets
const secret: Secret = Secret.from('value');
const text: string = secret.reveal() + secret.fingerprint();
const same: boolean = secret.equals(Secret.from(text));
// @ts-expect-error -- only `from` makes one
new Secret('value');
// @ts-expect-error -- a secret is no string
const leaked: string = secret;
void [same, leaked];

// errors
const code: ErrorCode = new ClavigerError('ERR_STORE_LOCKED', 'locked', { store: 'file' }).code;
// @ts-expect-error -- codes are a closed list
new ClavigerError('ERR_SOMETHING', 'message');
declare const unknownError: unknown;
if (isClavigerError(unknownError)) void unknownError.code;
const found: ClavigerError | undefined = findClavigerError(unknownError);
void [code, found];

// placements are data
const placements: Placement[] = [
  header('X', { prefix: 'Token ' }),
  bearer(),
  query('key'),
  cookie('c'),
  basic({ secretAs: 'username' }),
  parameter('p'),
  parameter(2),
  env('VAR', { template: 'a:{}' }),
  file('VAR_FILE'),
  argument('--key={}'),
];
const two: 2 = parameter(2).name;
// @ts-expect-error -- the secret is the password or the user name
basic({ secretAs: 'header' });
void [placements, two];

// definitions
const source: Source = ({ name, account, rejectedVersion, signal }) => {
  void [account, rejectedVersion, signal?.aborted];
  return name === 'x'
    ? undefined
    : { secret: 'value', version: '1', expiresAt: new Date(), username: 'u', revoked: false };
};
const definition: ProviderDefinition = {
  name: 'p',
  source,
  placement: [bearer()],
  destinations: ['GET https://a.example/**'],
};
// @ts-expect-error -- unknown keys are errors in types too
const misspelt: ProviderDefinition = { name: 'p', destinatons: [] };
void misspelt;

// registry
const registry: Registry = createRegistry({
  providers: [definition],
  stores: { default: memoryStore({ a: 'value', b: secret }), env: envStore({ prefix: 'APP_' }) },
  audit: (event: AuditEvent) => void event.outcome,
  cache: { ttlMs: 1, staleIfErrorMs: 1, negativeTtlMs: 1 },
  resolveTimeoutMs: 1,
  now: () => 0,
});
createRegistry({ providers: [], cache: false });
// @ts-expect-error -- a registry needs providers
createRegistry({});
const auth: Auth = registry.auth('p', { account: () => 'a' });
const other: Auth = apiKeyAuth({
  providerName: 'p',
  registry,
  account: 'a',
  consumer: (): Consumer | undefined => undefined,
});
const credential: Promise<Credential> = registry.resolve('p', {
  destination: { method: 'GET', url: new URL('https://a.example') },
});
const newer: Promise<Credential | undefined> = credential.then((rejected) => registry.refresh(rejected));
// @ts-expect-error -- a credential can't be changed
void credential.then((one) => (one.version = '2'));
const redactor: Redactor = createRedactor();
redactor.add(secret);
const stream: TransformStream<Uint8Array, Uint8Array> = registry.redactor.stream();
setDefaultRegistry(undefined);
const loaded: Promise<Registry> = loadRegistry({ configFile: 'x', cwd: '.', env: {} });
const config = loadConfig({ trusted: ({ path, sha256 }) => path === sha256 });
void [auth, other, newer, stream, loaded, config];
await using disposable = registry;
void disposable;

// stores
const readOnly: Store = {
  kind: 'mine',
  get: (name): Promise<StoredSecret | undefined> => Promise.resolve({ secret, version: name }),
  list: () => Promise.resolve([{ name: 'a', version: '1', fingerprint: secret.fingerprint() }]),
};
// @ts-expect-error -- writing is optional by absence of the method
void readOnly.set('a', secret);
// @ts-expect-error -- a list holds no secrets
void readOnly.list().then(([first]) => first?.secret);

// schemas
const hidden = hideParameter(
  { type: 'object', properties: { q: { type: 'string' }, key: { type: 'string' } } } as const,
  'key',
);
void hidden.properties.q;
