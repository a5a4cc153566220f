import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { redactingHooks } from '../../src/adapters/opentelemetry.js';
import { createRegistry } from '../../src/index.js';

new UndiciInstrumentation(redactingHooks());
new HttpInstrumentation({ ...redactingHooks(createRegistry({ providers: [] })), serverName: 'api' });
// @ts-expect-error a registry, not its name
redactingHooks('default');
