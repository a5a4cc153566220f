import type { StandardSchema } from './standard-schema.js';

/** What is used of an ArkType `Type`; its instances are functions. */
interface ArkType extends StandardSchema {
  readonly expression: string;
  omit(name: string): ArkType;
  or(other: ArkType): ArkType;
  distribute(branch: (type: ArkType) => ArkType, join: (branches: ArkType[]) => ArkType): ArkType;
}

/**
 * An ArkType type without one property, in each branch of a union that has it; `undefined` if there is none to remove or
 * the type is no object (a morph). ArkType's own `omit` drops predicates (`narrow`) of the whole object.
 */
export function hideInArkType(schema: StandardSchema, name: string): StandardSchema | undefined {
  if (!('omit' in schema) || typeof schema.omit !== 'function') return undefined;
  const type = schema as ArkType;
  const omit = (branch: ArkType): ArkType => {
    try {
      return branch.omit(name);
    } catch {
      return branch;
    }
  };
  const hidden = type.distribute(omit, (branches) => branches.reduce((left, right) => left.or(right)));
  return hidden.expression === type.expression ? undefined : hidden;
}
