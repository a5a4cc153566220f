import type { AuditEvent } from '../../index.js';
import { auditEvents } from '../audit-log.js';
import { CommandError } from '../command-error.js';
import { defineCommand } from '../command.js';
import { openConfig } from '../configuration.js';

export const audit = defineCommand({
  usage: ['claviger audit [--app NAME] [--provider NAME] [--follow]'],
  summary: 'tell what was used: when, by which app, on which path, with which outcome',
  details: [
    'Events are written if the config file says where: "audit": { "file": "audit.jsonl" }. They hold names and outcomes, no ' +
      'value and no query.',
    'With --json and --follow each event is a line of its own.',
  ],
  examples: [
    ['claviger audit --app report-agent', 'what one app used'],
    ['claviger audit --provider github --refused', 'what was refused'],
    ['claviger audit --follow --json', 'goes on until it is stopped'],
  ],
  options: {
    app: { type: 'string', value: 'NAME', help: 'only uses by this app' },
    consumer: { type: 'string', value: 'KEY_ID', help: 'only uses with this consumer key' },
    provider: { type: 'string', value: 'NAME', help: 'only uses of this provider' },
    refused: { type: 'boolean', help: 'only what did not end well' },
    follow: { type: 'boolean', short: 'f', help: 'go on with what comes' },
  },
  async run(context, { values }) {
    const { terminal, json } = context;
    const { auditFile } = await openConfig(context);
    if (auditFile === undefined) {
      throw new CommandError('nothing is written down: add "audit": { "file": "audit.jsonl" } to the config file');
    }
    const { app, consumer, provider, refused, follow } = values;
    const isWanted = (event: AuditEvent) =>
      (app === undefined || event.app === app) &&
      (consumer === undefined || event.consumer === consumer) &&
      (provider === undefined || event.provider === provider) &&
      (!refused || event.outcome !== 'ok');
    const collected: AuditEvent[] = [];
    for await (const event of auditEvents(auditFile, follow)) {
      if (!isWanted(event)) continue;
      if (!json) terminal.answer(lineOf(event));
      else if (follow) terminal.answerJsonLine(event);
      else collected.push(event);
    }
    if (json) terminal.answerJson({ events: collected });
    return 0;
  },
});

function lineOf(event: AuditEvent): string {
  const { time, type, provider, surface, outcome, fault, status, method, host, path, tool, consumer, app } = event;
  const who = app === undefined ? (consumer ?? '-') : `${app}/${consumer ?? '-'}`;
  const where = host === undefined ? (tool ?? surface) : `${method ?? ''} ${host}${path ?? ''}`.trim();
  const how = fault ?? (status === undefined ? outcome : `${outcome} ${status}`);
  return [new Date(time).toISOString(), type, provider, who, where, how].join('  ');
}
