/** The command has said everything itself; only its exit code is left. */
export class EndedWith extends Error {
  override readonly name = 'EndedWith';

  constructor(readonly exitCode: 1 | 3 | 4 | 5) {
    super(`the command ended with exit code ${String(exitCode)}`);
  }
}
