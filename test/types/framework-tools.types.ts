import { withCredentialTool as adkTool, toolsFrom as adkTools } from '../../src/adapters/google-adk.js';
import { withCredentialTool as mastraTool, toolsFrom as mastraTools } from '../../src/adapters/mastra.js';
import { header, parameter, type Auth } from '../../src/index.js';
import type { Toolset } from '../../src/mcp/index.js';

declare const auth: Auth;
declare const toolset: Toolset;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const assert = <T extends true>(): T | undefined => undefined;

// Google's ADK: a tool of the same class
declare class FunctionTool<P> {
  readonly name: string;
  readonly parameters: P;
  runAsync(request: { args: Record<string, unknown>; toolContext: Date }): Promise<unknown>;
}
declare const own: FunctionTool<{ apiKey: string }>;
const wrapped = adkTool(own, { auth, into: 'apiKey' });
assert<Equal<typeof wrapped, typeof own>>();
void adkTool(own, { auth, into: parameter('apiKey') });
// @ts-expect-error -- not a tool
void adkTool({ name: 'x' }, { auth, into: 'apiKey' });
// @ts-expect-error -- a tool's credential goes into a parameter
void adkTool(own, { auth, into: header('x-api-key') });
// @ts-expect-error -- an auth is needed
void adkTool(own, { into: 'apiKey' });
const forAgent: Promise<FunctionTool<object>[]> = adkTools(toolset);
void forAgent;
// @ts-expect-error -- not a toolset
void adkTools(own);

// Mastra: a tool whose execute needs no credential any more
interface Weather {
  id: 'weather';
  inputSchema?: { parse(value: unknown): unknown };
  outputSchema?: string;
  execute?: (
    input: { city: string; apiKey: string },
    context: { abortSignal?: AbortSignal },
  ) => Promise<{ sunny: boolean }>;
}
declare const weather: Weather;
const hidden = mastraTool(weather, { auth, into: 'apiKey' });
assert<Equal<typeof hidden.id, 'weather'>>();
assert<Equal<typeof hidden.outputSchema, string | undefined>>();
void hidden.execute?.({ city: 'Ulm' }, {}).then(({ sunny }) => sunny);
// @ts-expect-error -- the parameter is gone
void hidden.execute?.({ city: 'Ulm', apiKey: 'x' }, {});
// @ts-expect-error -- the others stay
void hidden.execute?.({}, {});
// @ts-expect-error -- not a tool
void mastraTool({ inputSchema: {} }, { auth, into: 'apiKey' });
// @ts-expect-error -- a tool's credential goes into a parameter
void mastraTool(weather, { auth, into: header('x-api-key') });
void mastraTools(toolset).then(({ search }) => search);
// @ts-expect-error -- not a toolset
void mastraTools(weather);
