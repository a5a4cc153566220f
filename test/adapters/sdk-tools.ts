import { vi } from 'vitest';
import { z } from 'zod';
import { withCredentialTool, type CredentialToolOptions } from '../../src/adapters/ai-sdk.js';
import { rig } from '../support/serve.js';

export const schemaMark = Symbol.for('vercel.ai.schema');

/** What the SDK's `jsonSchema()` gives. */
export function jsonSchema(schema: unknown, validate?: (value: any) => unknown) {
  return { [schemaMark]: true, _type: undefined, jsonSchema: schema, validate };
}

/** Parses what a model sent as the SDK does. */
export async function parsed(schema: any, sent: unknown): Promise<any> {
  if (typeof schema === 'function' && !('~standard' in schema)) return parsed(schema(), sent);
  const value: unknown = JSON.parse(JSON.stringify(sent));
  if (schema[schemaMark] === true) {
    const result = (await schema.validate?.(value)) ?? { success: true, value };
    if (result.success !== true) throw result.error;
    return result.value;
  }
  if ('safeParseAsync' in schema) return schema.parseAsync(value);
  const { issues, value: output } = await schema['~standard'].validate(value);
  if (issues) throw new Error(issues.map(({ message }: Error) => message).join());
  return output;
}

interface SdkTool {
  inputSchema: unknown;
  execute?: (input: any, options: any) => unknown;
}

/** Runs a tool as the SDK does, with a parsed input: an iterable is told from a promise at once. */
export async function run(tool: SdkTool, input: unknown, options: object = {}): Promise<unknown[]> {
  const result = tool.execute?.(input, options) as AsyncIterable<unknown> | Promise<unknown>;
  const outputs: unknown[] = [];
  if (Symbol.asyncIterator in result) for await (const output of result) outputs.push(output);
  else outputs.push(await result);
  return outputs;
}

export const send = async (tool: SdkTool, sent: unknown, options?: object) =>
  run(tool, await parsed(tool.inputSchema, sent), options);

/** What a thing throws or rejects with. */
export const errorOf = async (act: () => unknown): Promise<any> => {
  try {
    await act();
  } catch (error) {
    return error;
  }
  return undefined;
};

export const zod = z.object({ city: z.string(), limit: z.number().default(5), apiKey: z.string().min(8) });
export const json = {
  type: 'object',
  properties: { city: { type: 'string' }, limit: { type: 'number' }, apiKey: { type: 'string' } },
  required: ['city', 'apiKey'],
};

/** A tool that keeps what it got, and one like it with its key from a provider. */
export function weatherTool(
  inputSchema: unknown = zod,
  more: Partial<CredentialToolOptions> = {},
  definition: object = {},
) {
  const { key, registry, events, asked } = rig(definition);
  const got: any[] = [];
  const execute = vi.fn(async (input: any, _options: any): Promise<unknown> => {
    got.push(input);
    return { echo: input };
  });
  const own = { description: 'The weather', inputSchema, execute };
  const tool = withCredentialTool(own, { auth: registry.auth('api'), into: 'apiKey', ...more }) as SdkTool;
  return { key, registry, events, asked, own, tool, got, execute };
}
