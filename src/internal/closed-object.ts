import * as z from 'zod/mini';
import { didYouMean } from './near-names.js';

/** An object that takes no unknown key, and says which one was probably meant. */
export function closedObject<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return undefined;
      const keys = (issue as unknown as { keys: string[] }).keys;
      return keys.map((key) => `unknown key "${key}"${didYouMean(key, Object.keys(shape))}`).join(', ');
    },
  });
}
