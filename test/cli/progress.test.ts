import { describe, expect, it, vi } from 'vitest';
import { withProgress } from '../../src/cli/progress.js';
import { fakeTerminal } from '../support/in-process.js';

describe('progress', () => {
  it('of what is done within a second is not shown', async () => {
    const { terminal, written } = fakeTerminal({ tty: true });
    expect(await withProgress(terminal, 'asking github', async () => 1)).toBe(1);
    expect(written.stderr).toBe('');
  });

  it('of what takes longer is a line on stderr that is gone in the end', async () => {
    vi.useFakeTimers();
    try {
      const { terminal, written } = fakeTerminal({ tty: true });
      let resolve = () => {};
      const promise = new Promise<void>((done) => (resolve = done));
      const done = withProgress(terminal, 'asking github', async (tell) => {
        tell('asking gitlab');
        await promise;
      });
      await vi.advanceTimersByTimeAsync(2100);
      expect(written.stderr).toContain('asking gitlab … 2 s');
      resolve();
      await done;
      expect(written.stderr.endsWith('\r\u001b[2K')).toBe(true);
      expect(written.stdout).toBe('');
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['a pipe', { tty: false }],
    ['a dumb terminal', { tty: true, env: { TERM: 'dumb' } }],
  ])('writes nothing into %s', async (_, options) => {
    const { terminal, written } = fakeTerminal(options);
    terminal.status('asking github … 2 s');
    expect(written.stderr).toBe('');
  });

  it('makes way for everything else that is said, and for a question', async () => {
    const { terminal, written } = fakeTerminal({ tty: true });
    terminal.status('asking github');
    terminal.note('warning: slow');
    expect(written.stderr).toBe('\r\u001b[2Kasking github\r\u001b[2Kwarning: slow\n');
    await terminal.asking(async () => terminal.status('asking github'));
    expect(written.stderr).toBe('\r\u001b[2Kasking github\r\u001b[2Kwarning: slow\n');
  });

  it('shows what comes from elsewhere escaped, on one line (L9)', () => {
    const { terminal, written } = fakeTerminal({ tty: true, columns: 20 });
    terminal.status(`\u001b]0;title\u0007${'x'.repeat(50)}`);
    expect(written.stderr).toBe(`\r\u001b[2K\\x1b]0;title\\x07${'x'.repeat(3)}`);
  });
});
