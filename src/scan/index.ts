export { readIgnored, type Ignored } from './ignore-file.js';
export { scanBytes, scanFile, type ScannedFile } from './scan-file.js';
export type { FoundKey } from './scan-text.js';
export { stagedFiles } from './staged-files.js';
export { storedValues, type StoredValues } from './stored-values.js';
export { usualFiles } from './usual-files.js';
export { walkFiles } from './walk-files.js';
