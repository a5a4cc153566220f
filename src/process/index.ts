export { runProcess } from './run-process.js';
export type { RunProcessOptions } from './run-process.js';
export type { BaseUrlInjection, Injection } from './injection.js';
export { exitCodeOf, spawnExitCode } from './exit-status.js';
export type { ExitStatus } from './exit-status.js';
