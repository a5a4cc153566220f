import type { StandardSchemaV1 } from '@standard-schema/spec';
import { type } from 'arktype';
import * as v from 'valibot';
import { z } from 'zod';
import * as mini from 'zod/mini';
import { z as z3 } from 'zod3';
import { hideParameter } from '../../src/tools/hide-parameter.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(): T | undefined => undefined;

const json = hideParameter(
  {
    type: 'object',
    properties: { q: { type: 'string' }, apiKey: { type: 'string' } },
    required: ['q', 'apiKey'],
    allOf: [{ properties: { apiKey: {}, page: { type: 'integer' } } }],
  },
  'apiKey',
);
holds<Equal<keyof typeof json.properties, 'q'>>();
holds<Equal<(typeof json.required)[number], 'q'>>();
holds<Equal<typeof json.type, 'object'>>();
holds<Equal<keyof (typeof json.allOf)[0]['properties'], 'page'>>();
// @ts-expect-error the parameter is gone
void json.properties.apiKey;

const object = hideParameter(z.object({ q: z.string(), limit: z.number().optional(), apiKey: z.string() }), 'apiKey');
holds<Equal<z.infer<typeof object>, { q: string; limit?: number | undefined }>>();
holds<Equal<keyof typeof object.shape, 'q' | 'limit'>>();
object.extend({ more: z.string() }).parse({});
// @ts-expect-error the parameter is gone
void object.shape.apiKey;

const strict = hideParameter(z.strictObject({ q: z.string(), apiKey: z.string() }), 'apiKey');
holds<Equal<z.infer<typeof strict>, { q: string }>>();
const loose = hideParameter(z.looseObject({ q: z.string(), apiKey: z.string() }), 'apiKey');
holds<Equal<z.infer<typeof loose>, { [key: string]: unknown; q: string }>>();

const small = hideParameter(mini.object({ q: mini.string(), apiKey: mini.string() }), 'apiKey');
holds<Equal<z.infer<typeof small>, { q: string }>>();

const older = hideParameter(z3.object({ q: z3.string(), apiKey: z3.string() }), 'apiKey');
holds<Equal<StandardSchemaV1.InferOutput<typeof older>, { q: string }>>();

const effect = hideParameter(
  z.object({ q: z.string(), apiKey: z.string() }).transform(({ q }) => q.length),
  'apiKey',
);
holds<Equal<StandardSchemaV1.InferInput<typeof effect>, { q: string }>>();
holds<Equal<StandardSchemaV1.InferOutput<typeof effect>, number>>();

const ark = hideParameter(type({ q: 'string', 'page?': 'number', apiKey: 'string' }), 'apiKey');
holds<Equal<typeof ark.infer, { q: string; page?: number }>>();

const valibot = hideParameter(v.object({ q: v.string(), page: v.optional(v.number()), apiKey: v.string() }), 'apiKey');
holds<Equal<StandardSchemaV1.InferInput<typeof valibot>, { q: string; page?: number | undefined }>>();
const standard: StandardSchemaV1<{ q: string; page?: number | undefined }> = valibot;
void standard;

// A schema whose type is not written out stays usable.
const unknownSchema: Record<string, unknown> = { type: 'object', properties: { apiKey: {} } };
const stillJson: Record<string, unknown> = hideParameter(unknownSchema, 'apiKey');
void stillJson;

// @ts-expect-error a schema is an object
hideParameter('string', 'apiKey');
// @ts-expect-error a parameter has a name
hideParameter({}, 0);
