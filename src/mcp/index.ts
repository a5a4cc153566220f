export { createStdioToolset } from './stdio-toolset.js';
export type { StdioToolset, StdioToolsetOptions } from './stdio-toolset.js';
export { createHttpToolset } from './http-toolset.js';
export type { HttpToolset, HttpToolsetOptions } from './http-toolset.js';
export type { CallToolOptions, RequestLimits, Toolset, ToolsetOptions } from './toolset.js';
export type { Connection } from './server.js';
export type { BaseUrlInjection, Injection } from '../process/injection.js';
export { createStdioLauncher } from './stdio-launcher.js';
export type { StdioLauncher, StdioLauncherOptions } from './stdio-launcher.js';
