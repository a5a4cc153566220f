// A store of your own over a service, here etcd and its JSON gateway (`/v3/kv`). It differs from `json-file-store.mjs` by what a
// network adds: a deadline, failures that are not "not here", and a prefix of one's own. etcd keeps values as they are: let it
// speak TLS, with client certificates, and encrypt its disk.
import { ClavigerError, Secret } from 'claviger';

export function etcdStore({ endpoint, prefix = 'claviger/', timeoutMs = 5000 }) {
  const unavailable = (reason) =>
    new ClavigerError('ERR_STORE_UNAVAILABLE', `etcd store: ${endpoint} ${reason}`, { store: 'etcd' });

  const ask = async (operation, body, signal) => {
    signal?.throwIfAborted();
    const deadline = AbortSignal.timeout(timeoutMs);
    let answer;
    try {
      const response = await fetch(`${endpoint}/v3/kv/${operation}`, {
        method: 'POST',
        body: JSON.stringify(body),
        redirect: 'error',
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      });
      if (!response.ok) throw new Error(`answered ${response.status}`);
      answer = await response.json();
    } catch (error) {
      signal?.throwIfAborted();
      const own = /^answered \d+$/.test(error.message);
      throw unavailable(own ? error.message : `can't be asked (${error.cause?.code ?? error.name})`);
    }
    return answer;
  };

  const encode = (text) => Buffer.from(text).toString('base64');
  const decode = (text) => Buffer.from(text, 'base64').toString('utf8');
  const entryOf = ({ key, value, mod_revision: version }) => {
    const { secret, expiresAt, ...rest } = JSON.parse(decode(value));
    const details = { version, ...rest, ...(expiresAt && { expiresAt: new Date(expiresAt) }) };
    return { name: decode(key).slice(prefix.length), secret: Secret.from(secret), details };
  };

  return {
    kind: 'etcd',
    async get(name, { account, version, signal } = {}) {
      const full = account === undefined ? name : `${name}@${encodeURIComponent(account)}`;
      const { kvs: [found] = [] } = await ask('range', { key: encode(prefix + full) }, signal);
      if (found === undefined || (version !== undefined && version !== found.mod_revision)) return undefined;
      const { secret, details } = entryOf(found);
      return { secret, ...details };
    },
    async list() {
      const end = prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
      const { kvs = [] } = await ask('range', { key: encode(prefix), range_end: encode(end) });
      return kvs
        .map(entryOf)
        .map(({ name, secret, details }) => ({ name, ...details, fingerprint: secret.fingerprint() }));
    },
    async set(name, secret, metadata = {}) {
      if (name === '') throw new ClavigerError('ERR_CONFIG_INVALID', 'etcd store: a name must not be empty');
      const value = encode(JSON.stringify({ ...metadata, secret: secret.reveal() }));
      const { header } = await ask('put', { key: encode(prefix + name), value });
      return { name, version: header.revision, ...metadata, fingerprint: secret.fingerprint() };
    },
    async delete(name) {
      const { deleted = '0' } = await ask('deleterange', { key: encode(prefix + name) });
      return deleted !== '0';
    },
  };
}
