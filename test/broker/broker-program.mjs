/** A broker in a process of its own, as users have it: its memory and its file descriptors can be told from those of a test. */
import { createRegistry, header } from 'claviger';
import { createBroker } from 'claviger/broker';

const { UPSTREAM: baseUrl, SOURCE_VALUE: secret } = process.env;
const registry = createRegistry({
  providers: [{ name: 'api', source: () => secret, baseUrl, placement: header('x-api-key') }],
});
const broker = await createBroker({ registry });
const session = await broker.openSession({ providers: ['api'] });
process.send({ url: session.baseUrl('api'), placeholder: session.placeholder('api') });
