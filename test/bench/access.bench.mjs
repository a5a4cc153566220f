/**
 * What a verification costs: by consumer key, and by access token once its signature has been checked. Run after
 * `npm run build`. Beside it: the hash that nobody can leave out.
 *
 * Targets: verifyApiKey at 200 000 a second with 10 000 apps and 1 000 products, and no slower than with 10 of each;
 * verifyAccessToken bounded by one check of its signature, and cached after.
 */
import { createHash, hash, randomBytes } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { measureAsync } from './measure.mjs';

const entry = process.argv[2] ? pathToFileURL(process.argv[2]) : new URL('../../dist/access/index.js', import.meta.url);
const { createAccess } = await import(entry);

const sha256 = (text) => createHash('sha256').update(text).digest('hex');

/** Apps with a key each, for three products in turn; every other product has a quota that is never used up. */
function rules(apps, products, quota) {
  const keys = Array.from({ length: apps }, () => `clvk_${randomBytes(32).toString('base64url')}`);
  const secret = 'secret-of-all-of-them';
  const name = (index) => `product-${index % products}`;
  const access = createAccess({
    products: Array.from({ length: products }, (_, index) => ({
      name: name(index),
      providers: [`api-${index % 50}`, 'api'],
      resources: [`/v${index}/**`, '/v1/users/*'],
      methods: ['GET', 'POST'],
      ...(quota && { quota: { limit: 1e9, interval: 1, unit: 'day' } }),
    })),
    developers: [{ name: 'ada' }],
    apps: keys.map((key, index) => ({
      name: `app-${index}`,
      developer: 'ada',
      keys: [
        {
          id: `k${index}`,
          sha256: sha256(key),
          secretSha256: sha256(secret),
          products: [index, index + 1, index + 2].map((each) => ({ name: name(each) })),
        },
      ],
    })),
  });
  let turn = 0;
  const next = () => keys[(turn = (turn + 1) % keys.length)];
  return { access, keys, secret, next };
}

const use = { provider: 'api', method: 'GET', path: '/v1/users/123' };
const few = rules(10, 10);
const many = rules(10_000, 1000);
const counted = rules(10_000, 1000, true);
const { access_token: accessToken } = await many.access.issueAccessToken({
  consumerKey: many.keys[0],
  consumerSecret: many.secret,
});
const parts = accessToken.split('.');

const rows = {
  'a SHA-256 of a key': async () => hash('sha256', many.next()),
  'verifyApiKey, 10 apps and products': () => few.access.verifyApiKey({ ...use, consumerKey: few.next() }),
  'verifyApiKey, 10 000 apps, 1 000 products': () => many.access.verifyApiKey({ ...use, consumerKey: many.next() }),
  '… counted, quotas in memory': () => counted.access.verifyApiKey({ ...use, consumerKey: counted.next() }),
  '… of an unknown key': () => many.access.verifyApiKey({ ...use, consumerKey: `${many.next()}x` }),
  'verifyAccessToken, verified before': () => many.access.verifyAccessToken({ ...use, accessToken }),
};
const expected = ['string', true, true, true, false, true];
for (const [index, run] of Object.values(rows).entries()) {
  const result = await run();
  if ((result.ok ?? typeof result) !== expected[index]) throw new Error(`row ${index} gave ${JSON.stringify(result)}`);
}

const times = await measureAsync(...Object.values(rows));
console.log(`${''.padEnd(48)}ns a call   a second`);
for (const [index, name] of Object.keys(rows).entries()) report(name, times[index]);

// A token that was never seen: another signature each time, so that none is remembered.
const start = performance.now();
const ROUNDS = 2000;
for (let round = 0; round < ROUNDS; round++) {
  const forged = `${parts[0]}.${parts[1]}.${createHash('sha256').update(String(round)).digest('base64url')}`;
  if ((await many.access.verifyAccessToken({ ...use, accessToken: forged })).ok)
    throw new Error('a forged token passed');
}
report('verifyAccessToken, one check of a signature', ((performance.now() - start) * 1e6) / ROUNDS);

const perSecond = 1e9 / times[2];
if (perSecond < 200_000) console.log(`below the target of 200 000 a second: ${perSecond.toFixed(0)}`);

function report(name, ns) {
  console.log(
    `${name.padEnd(48)}${ns.toFixed(0).padStart(9)}   ${Math.round(1e9 / ns)
      .toString()
      .padStart(8)}`,
  );
}
