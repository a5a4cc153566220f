import { ClavigerError } from '../errors.js';
import { hideInValue } from './hide-in-keyword.js';
import { rewriteEntries, withoutKey } from './keep-identity.js';
import { isMirroredIntoHeader } from './mirrored-parameter.js';
import { isJsonObject } from './schema-keywords.js';
import { tolerantCheck, type ZodCheck } from './tolerant-check.js';
import { isStandardSchema, type StandardSchema } from './standard-schema.js';

interface ZodDef {
  readonly type: string;
  readonly shape?: Record<string, unknown>;
  readonly checks?: readonly ZodCheck[];
  readonly [key: string]: unknown;
}

/** What is used of a zod 4 schema, classic or mini: `_zod.def` is zod's published ground for libraries. */
interface Zod4 extends StandardSchema {
  readonly _zod: { readonly def: ZodDef };
  clone(def: ZodDef): Zod4;
  meta?(): Record<string, unknown> | undefined;
  meta?(metadata: Record<string, unknown>): Zod4;
}

interface Zod3Object extends StandardSchema {
  readonly shape: Record<string, unknown>;
  omit(mask: Record<string, true>): StandardSchema;
}

export interface HiddenInZod {
  /** `undefined` if nothing was removed. */
  readonly schema: StandardSchema | undefined;
  /** The properties of the objects that were looked at. */
  readonly declared: readonly string[];
}

/**
 * A zod schema without one property of its object. Unknown-key policy, checks and metadata stay. In zod 4 also through
 * `optional`, `default`, `pipe`, `transform`, unions, intersections and `lazy`; zod 3 knows the plain object only.
 *
 * zod's own `omit` refuses objects with refinements. Here they stay; one that reads the parameter can't be judged
 * without it and is skipped, and issues that a refinement reports at the parameter are dropped.
 */
export function hideInZod(schema: StandardSchema, name: string): HiddenInZod {
  if (isZod4(schema)) return hideInZod4(schema, name);
  if (!isZod3Object(schema)) return { schema: undefined, declared: [] };
  const hidden = Object.hasOwn(schema.shape, name) ? schema.omit({ [name]: true }) : undefined;
  return { schema: hidden, declared: Object.keys(schema.shape) };
}

function hideInZod4(root: Zod4, name: string): HiddenInZod {
  const declared = new Set<string>();
  const known = new Map<Zod4, Zod4>();

  const hide = (schema: Zod4): Zod4 => {
    const before = known.get(schema);
    if (before !== undefined) return before;
    known.set(schema, schema);
    const { def } = schema._zod;
    const changes = def.type === 'object' ? hideInShape(def) : def.type === 'lazy' ? hideInLazy(def) : hideInParts(def);
    const hidden = changes === undefined ? schema : described(schema, schema.clone({ ...def, ...changes }), name);
    known.set(schema, hidden);
    return hidden;
  };

  function hideInShape({ shape = {}, checks }: ZodDef): Partial<ZodDef> | undefined {
    for (const key of Object.keys(shape)) declared.add(key);
    if (!Object.hasOwn(shape, name)) return undefined;
    assertNotMirrored(shape[name], name);
    return {
      shape: withoutKey(shape, name),
      ...(checks === undefined ? {} : { checks: checks.map((check) => tolerantCheck(check, name)) }),
    };
  }

  function hideInLazy(def: ZodDef): Partial<ZodDef> | undefined {
    const inner = (def['getter'] as () => unknown)();
    const hidden = isZod4(inner) ? hide(inner) : inner;
    return hidden === inner ? undefined : { getter: () => hidden };
  }

  function hideInParts(def: ZodDef): Partial<ZodDef> | undefined {
    const changes: Record<string, unknown> = {};
    for (const key of ['innerType', 'in', 'out', 'left', 'right']) {
      const part = def[key];
      const hidden = isZod4(part) ? hide(part) : part;
      if (hidden !== part) changes[key] = hidden;
    }
    const options = Array.isArray(def['options']) ? (def['options'] as unknown[]) : [];
    const hidden = options.map((option) => (isZod4(option) ? hide(option) : option));
    if (hidden.some((option, index) => option !== options[index])) changes['options'] = hidden;
    if (Object.keys(changes).length === 0) return undefined;
    if (def['discriminator'] === name) {
      throw new ClavigerError(
        'ERR_PLACEMENT_INVALID',
        `parameter "${name}" can't be hidden: it tells the union's members apart`,
      );
    }
    const preset = def['defaultValue'];
    if (isJsonObject(preset)) changes['defaultValue'] = withoutKey(preset, name);
    return changes;
  }

  const hidden = hide(root);
  return { schema: hidden === root ? undefined : hidden, declared: [...declared] };
}

/** The copy with the original's metadata, but for its `id`, which is unique, and the parameter in examples. */
function described(original: Zod4, copy: Zod4, name: string): Zod4 {
  const metadata = original.meta?.();
  if (metadata === undefined || copy.meta === undefined) return copy;
  return copy.meta(rewriteEntries(withoutKey(metadata, 'id'), (key, value) => [key, hideInValue(key, value, name)]));
}

/** @throws ClavigerError `ERR_PLACEMENT_INVALID` for the schema of a parameter whose value MCP clients copy into an HTTP header */
export function assertNotMirrored(property: unknown, name: string): void {
  const converter = isStandardSchema(property) ? property['~standard'].jsonSchema : undefined;
  let schema: object;
  try {
    schema = converter?.input({ target: 'draft-2020-12' }) ?? {};
  } catch {
    return; // a type that JSON Schema can't express has no annotations in one either
  }
  if (!isMirroredIntoHeader(schema)) return;
  const why = 'it is marked to be mirrored into an HTTP header (x-mcp-header)';
  throw new ClavigerError('ERR_PLACEMENT_INVALID', `parameter "${name}" can't be hidden: ${why}`);
}

function isZod4(value: unknown): value is Zod4 {
  return isStandardSchema(value) && '_zod' in value && 'clone' in value;
}

function isZod3Object(schema: StandardSchema): schema is Zod3Object {
  return 'omit' in schema && typeof schema.omit === 'function' && 'shape' in schema && typeof schema.shape === 'object';
}
