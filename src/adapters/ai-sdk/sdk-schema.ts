/** How the AI SDK marks a schema of its own (`jsonSchema()`, `zodSchema()`), in all of its versions. */
const mark = Symbol.for('vercel.ai.schema');

/** What is used of such a schema. */
export interface SdkSchema {
  readonly jsonSchema: object | PromiseLike<object>;
  readonly validate?: ((value: unknown) => SdkValidation | PromiseLike<SdkValidation>) | undefined;
}

export type SdkValidation =
  { readonly success: true; readonly value: unknown } | { readonly success: false; readonly error: Error };

export function isSdkSchema(schema: unknown): schema is SdkSchema {
  return typeof schema === 'object' && schema !== null && (schema as Record<symbol, unknown>)[mark] === true;
}

export function sdkSchema(jsonSchema: object): SdkSchema {
  return { [mark]: true, _type: undefined, jsonSchema, validate: undefined } as SdkSchema;
}
