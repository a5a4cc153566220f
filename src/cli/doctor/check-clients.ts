import { createRedactor } from '../../index.js';
import { Scan } from '../scan-files.js';
import type { Check, Finding } from './check.js';

/** Whether keys still stand in plain text where they usually do: what `claviger scan` finds without a path. */
export const checkClients: Check = {
  name: 'plaintext',
  run: async ({ context }) => {
    const redactor = createRedactor();
    context.terminal.conceal((text) => redactor.text(text));
    const onKey = ({ secret }: Parameters<Parameters<typeof Scan.start>[1]['onKey']>[0]) => redactor.add(secret);
    const scan = await Scan.start(context, { stored: undefined, onFile: () => undefined, onKey });
    await scan.usual();
    const { keys, files } = scan.result;
    const sure = keys.filter(({ unsure }) => !unsure);
    const places = new Map(sure.map(({ file, client }) => [file, client]));
    if (places.size === 0) {
      return [
        { name: 'plaintext', status: 'ok', message: `no key stands in plain text in the usual places (${files} read)` },
      ];
    }
    return [...places].map(([file, client]): Finding => {
      const count = sure.filter((key) => key.file === file).length;
      const message = `${count} ${count === 1 ? 'key stands' : 'keys stand'} in plain text in ${file}`;
      return { name: `plaintext:${client ?? 'file'}`, status: 'warn', message, fix: remedy(client) };
    });
  },
};

/** Settings of MCP clients can be taken over; in other files a key is replaced by hand. */
function remedy(client: string | undefined): string {
  if (client !== undefined) return `claviger mcp import --client ${client}`;
  return 'claviger scan tells where; store the key with claviger add, and take it out there';
}
