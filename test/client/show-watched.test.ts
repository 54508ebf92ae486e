import { expect, test } from '@jest/globals';
import { commandContext } from '../../client/command-context';
import { showWatched } from '../../client/show-watched';

test('a watched view is shown when it is other than before, until it is ended', async () => {
  let stdout = '';
  const stream = { write: (text: string) => ((stdout += text), true) };
  const context = commandContext({ stdout: stream, stderr: stream, env: {}, patienceMs: 0 }, { json: true });
  const looks = ['a', 'a', 'b'];
  const look = () => {
    const seen = looks.shift();
    return seen === undefined
      ? Promise.reject(new Error('Ctrl-C'))
      : Promise.resolve({ lines: [seen], json: { seen } });
  };
  await expect(showWatched(context, { watch: true, every: 0 }, look)).rejects.toThrow('Ctrl-C');
  expect(stdout).toBe('{"seen":"a"}\n{"seen":"b"}\n');
});
