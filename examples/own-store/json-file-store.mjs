// A store of your own: an object with a `kind`, `get` and `list`; `set` and `delete` if it can be written. This one keeps
// secrets in a JSON file, UNENCRYPTED: it shows the shape, and is not for keys that matter.
import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { ClavigerError, Secret } from 'claviger';

export function jsonFileStore(path) {
  // "Not here" is undefined and nothing else; what can't answer throws.
  const read = async () => {
    try {
      return new Map(JSON.parse(await readFile(path, 'utf8')));
    } catch (error) {
      if (error.code === 'ENOENT') return new Map();
      throw new ClavigerError('ERR_STORE_UNAVAILABLE', `json store: can't read ${path}`, { store: 'json' });
    }
  };
  const write = async (entries) => {
    await writeFile(`${path}.new`, JSON.stringify([...entries]), { mode: 0o600 });
    await rename(`${path}.new`, path);
  };
  // Writers of this process take turns, so that none is lost.
  let last = Promise.resolve();
  const inTurn = (work) => {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
  const details = ({ value: _value, expiresAt, ...rest }) => ({
    ...rest,
    ...(expiresAt && { expiresAt: new Date(expiresAt) }),
  });

  return {
    kind: 'json',
    async get(name, { account, version, signal } = {}) {
      signal?.throwIfAborted();
      const key = account === undefined ? name : `${name}@${encodeURIComponent(account)}`;
      const found = (await read()).get(key);
      if (found === undefined || (version !== undefined && version !== found.version)) return undefined;
      return { secret: Secret.from(found.value), ...details(found) };
    },
    async list() {
      return Array.from(await read(), ([name, found]) => ({
        name,
        ...details(found),
        fingerprint: Secret.from(found.value).fingerprint(),
      }));
    },
    set: (name, secret, metadata = {}) =>
      inTurn(async () => {
        if (name === '') throw new ClavigerError('ERR_CONFIG_INVALID', 'json store: a name must not be empty');
        const entry = { ...structuredClone(metadata), version: randomUUID(), value: secret.reveal() };
        const stored = JSON.parse(JSON.stringify(entry));
        await write((await read()).set(name, stored));
        return { name, ...details(stored), fingerprint: secret.fingerprint() };
      }),
    delete: (name) =>
      inTurn(async () => {
        const entries = await read();
        const was = entries.delete(name);
        if (was) await write(entries);
        return was;
      }),
  };
}
