import { describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { runTool, streamTool, ToolError } from '../../appliance/processes';
import { redact } from '../../domain/redact';

describe('a tool', () => {
  test('gives back its output, whole', async () => {
    expect(await runTool({ tool: 'seq', args: ['1', '200000'] })).toHaveLength(1_288_895);
  });

  test('that fails says its status and the end of its words, without user info', async () => {
    const call = { tool: 'sh', args: ['-c', 'echo "cannot open nbd://bob:secret@host/x" >&2; exit 3'] };
    const error: unknown = await runTool(call).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ToolError);
    expect(error).toMatchObject({ status: 'exit status 3', stderr: 'cannot open nbd://***@host/x' });
  });

  test('that is not there is said to be missing', async () => {
    await expect(runTool({ tool: 'no-such-tool', args: [] })).rejects.toThrow(/no-such-tool: not found/);
  });

  test('that takes too long is ended', async () => {
    await expect(runTool({ tool: 'sleep', args: ['60'], timeoutMs: 50 })).rejects.toThrow(/no answer within 50 ms/);
  });

  test('is ended by its signal, with all that it started, and fails with the reason', async () => {
    const stop = new AbortController();
    const reason = new Error('cancelled');
    const call = { tool: 'sh', args: ['-c', 'sleep 61 & echo $!; wait'], signal: stop.signal };
    let grandchild = 0;
    const run = streamTool(call, (chunk) => {
      grandchild = Number(chunk.toString());
      stop.abort(reason);
    });
    await expect(run).rejects.toBe(reason);
    // dead, though nobody may have taken note of its end yet
    const state = await readFile(`/proc/${String(grandchild)}/stat`, 'utf8').catch(() => ') X ');
    expect(state).toMatch(/\) [XZ] /);
    await expect(runTool(call)).rejects.toBe(reason);
  });

  test('ends when nobody can take its output', async () => {
    const refused = new Error('disk full');
    const run = streamTool({ tool: 'yes', args: [] }, () => {
      throw refused;
    });
    await expect(run).rejects.toBe(refused);
  });

  test('sees nothing of the worker’s environment but what tools need', async () => {
    process.env['DISKFERRY_TEST_SECRET'] = 'hidden';
    const seen = await runTool({ tool: 'env', args: [] });
    delete process.env['DISKFERRY_TEST_SECRET'];
    expect(seen).not.toContain('hidden');
    expect(seen).toContain('PATH=');
  });
});

test.each([
  ['nbd://user:pw@host/e', 'nbd://***@host/e'],
  ['nbds+unix://user@/e?socket=/s', 'nbds+unix://***@/e?socket=/s'],
  ['nbd://host/e?password=x&tls=1', 'nbd://host/e?password=***&tls=1'],
  ['nbd://host/a@b', 'nbd://host/a@b'],
])('%s is shown as %s', (text, shown) => {
  expect(redact(text)).toBe(shown);
});
