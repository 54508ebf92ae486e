/**
 * Has a command end quietly when nobody reads its output any more (`| head`), instead of dying of EPIPE. What listens for Ctrl-C is
 * told that, so that it stops in order; any other command ends here: runs go on without it.
 */
export function endWithReader(streams: readonly NodeJS.WriteStream[]): void {
  let gone = false;
  for (const stream of streams) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (gone) return;
      gone = true;
      if (process.listenerCount('SIGINT') > 0) process.emit('SIGINT');
      // Whatever it still waits for would be for nobody. Not at once: a command that is at its end anyway sets its exit code first.
      else setImmediate(() => process.exit());
    });
  }
}
