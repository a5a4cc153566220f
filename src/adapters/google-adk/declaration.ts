import { hideInJsonSchema, parametersOf } from '../../tools/hide-in-json-schema.js';
import { nothingToHide } from '../../tools/nothing-to-hide.js';

/** What a model is told of a tool: its parameters are a schema of Gemini's, or JSON Schema. */
export interface Declaration {
  readonly parameters?: object;
  readonly parametersJsonSchema?: unknown;
}

/**
 * A tool's declaration without one parameter.
 *
 * @throws ClavigerError `ERR_PLACEMENT_INVALID` if it declares no such parameter, or it can't be hidden
 */
export function hideInDeclaration(declaration: Declaration | undefined, name: string): Declaration {
  const hidden: Record<string, object> = {};
  const declared: string[] = [];
  for (const key of ['parameters', 'parametersJsonSchema'] as const) {
    const schema = declaration?.[key];
    if (typeof schema !== 'object' || schema === null) continue;
    declared.push(...parametersOf(schema));
    const found = hideInSchema(schema, name);
    if (found !== undefined) hidden[key] = found;
  }
  if (Object.keys(hidden).length === 0) throw nothingToHide(name, declared);
  return { ...declaration, ...hidden };
}

/** Of a schema that declares no such parameter, undefined. Gemini's schemas give the order of the parameters as well. */
export function hideInSchema(schema: object, name: string): object | undefined {
  const { schema: hidden, removed } = hideInJsonSchema(schema, name);
  if (!removed) return undefined;
  const { propertyOrdering: order } = hidden as { propertyOrdering?: unknown };
  if (!Array.isArray(order)) return hidden;
  return { ...hidden, propertyOrdering: order.filter((each) => each !== name) };
}
