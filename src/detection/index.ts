export type { Certainty, Finding, ValueContext } from './finding.js';
export { judgeValue } from './judge-value.js';
export { isPlaceholder } from './placeholder.js';
export { isReference } from './reference.js';
