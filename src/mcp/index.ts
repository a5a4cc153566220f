export { createStdioToolset } from './stdio-toolset.js';
export type { CallToolOptions, RequestLimits, StdioToolset, StdioToolsetOptions, Toolset } from './stdio-toolset.js';
export type { Connection } from './server.js';
export type { Injection } from '../process/injection.js';
export { createStdioLauncher } from './stdio-launcher.js';
export type { StdioLauncher, StdioLauncherOptions } from './stdio-launcher.js';
