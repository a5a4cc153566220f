import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditEvents } from '../../src/cli/audit-log.js';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'claviger-audit-'));
  path = join(directory, 'audit.jsonl');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const line = (provider: string) =>
  `${JSON.stringify({ time: 1, type: 'use', provider, surface: 'http', outcome: 'ok' })}\n`;

/** The providers of the events of a log that is followed, one after the other. */
function follow() {
  const events = auditEvents(path, true);
  const next = async (): Promise<string | undefined> => {
    const { value, done } = await events.next();
    return done === true ? undefined : value.provider;
  };
  return { next, end: () => events.return(undefined) };
}

describe('the events of an audit file', () => {
  it('are those that are whole, whatever else stands there', async () => {
    expect(await collected()).toEqual([]);
    writeFileSync(
      path,
      `${line('a')}broken\n\n{"time":"x"}\n${line('é'.repeat(50_000))}${line('b')}${line('cut').slice(0, 20)}`,
    );
    expect(await collected()).toEqual(['a', 'é'.repeat(50_000), 'b']);
  });

  async function collected(): Promise<string[]> {
    const found: string[] = [];
    for await (const { provider } of auditEvents(path, false)) found.push(provider);
    return found;
  }

  it('are followed from before there is a file, and through a line that comes in pieces', async () => {
    const log = follow();
    const first = log.next();
    writeFileSync(path, line('a').slice(0, 30));
    appendFileSync(path, line('a').slice(30));
    expect(await first).toBe('a');
    const second = log.next();
    appendFileSync(path, line('b') + line('c'));
    expect([await second, await log.next()]).toEqual(['b', 'c']);
    await log.end();
  });

  it('are followed into the next file, when this one was moved away, with what was written last', async () => {
    writeFileSync(path, line('a'));
    const log = follow();
    expect(await log.next()).toBe('a');
    const next = log.next();
    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, line('late'));
    writeFileSync(path, line('longer than the one before: new') + line('newer'));
    expect(await next).toBe('late');
    expect([await log.next(), await log.next()]).toEqual(['longer than the one before: new', 'newer']);
    await log.end();
  });

  it('are read anew from a file that was cut short', async () => {
    writeFileSync(path, line('a') + line('b'));
    const log = follow();
    expect([await log.next(), await log.next()]).toEqual(['a', 'b']);
    const next = log.next();
    truncateSync(path);
    appendFileSync(path, line('c'));
    expect(await next).toBe('c');
    await log.end();
  });

  it('can not be read from what is no file', async () => {
    await expect(auditEvents(directory, false).next()).rejects.toThrow(`can't read ${directory} (EISDIR)`);
  });
});
