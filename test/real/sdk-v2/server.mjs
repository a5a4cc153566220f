// A stdio server of the SDK's second version, for both eras of the protocol: `node server.mjs <folder of its packages>`.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.argv[2], 'package.json'));
const { McpServer, inputRequired, acceptedContent } = require('@modelcontextprotocol/server');
const { serveStdio } = require('@modelcontextprotocol/server/stdio');
const { z } = require('zod');

const text = (value) => ({ content: [{ type: 'text', text: value }] });

serveStdio(() => {
  const server = new McpServer(
    { name: 'v2', version: '1' },
    { capabilities: { tools: { listChanged: true }, logging: {} } },
  );
  server.registerTool('pid', { inputSchema: z.object({}) }, () => text(String(process.pid)));
  server.registerTool('whoami', { inputSchema: z.object({}) }, () => text(`key: ${process.env.API_KEY}`));
  server.registerTool('keyed', { inputSchema: z.object({ q: z.string(), api_key: z.string() }) }, ({ q, api_key }) =>
    text(`${q} with ${api_key}`),
  );
  server.registerTool('asks', { inputSchema: z.object({ api_key: z.string() }) }, ({ api_key }, { mcpReq }) => {
    const name = acceptedContent(mcpReq.inputResponses, 'name')?.name;
    if (name !== undefined) return text(`${name} with ${api_key}`);
    const requestedSchema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
    return inputRequired({ inputRequests: { name: inputRequired.elicit({ message: 'Who?', requestedSchema }) } });
  });
  server.registerTool('grow', { inputSchema: z.object({}) }, () => {
    server.registerTool('grown', { inputSchema: z.object({}) }, () => text('grown'));
    return text('done');
  });
  return server;
});
