import { unlink } from 'node:fs/promises';
import { readBootId } from '../appliance/device-resolver';
import { exportLayout } from '../appliance/export-layout';
import { greet, prepareExportFolders } from '../appliance/export-links';
import { type GuardedProcess, ProcessStartError, startGuarded, waitUntilReady } from './guarded-process';

/** sun_path holds 108 bytes, the last one a zero (unix(7)). */
const LONGEST_SOCKET_PATH = 107;

/**
 * Command of an appliance's local export server, as systemd runs it (docs/appliance.md) and as `up`, demo and tests start it.
 * Its umask must be 0077: whoever may open the socket may write every volume.
 */
export function exportServerCommand(exportsDirectory: string): readonly [string, ...string[]] {
  const layout = exportLayout(exportsDirectory);
  return ['nbdkit', '--foreground', '--unix', layout.socket, 'file', `dir=${layout.links}`];
}

/**
 * Starts an appliance's local export server and waits until it answers. It ends with the process that started it, and is
 * nobody's copier: a worker that comes and goes leaves it alone.
 *
 * @throws ProcessStartError when the socket's path is too long, somebody listens there already, or nbdkit does not come up
 */
export async function startExportServer(options: {
  exportsDirectory: string;
  logFile: string;
}): Promise<GuardedProcess & { readonly pid: number }> {
  const { socket } = exportLayout(options.exportsDirectory);
  const length = Buffer.byteLength(socket);
  if (length > LONGEST_SOCKET_PATH) {
    throw new ProcessStartError(
      `nbdkit: the path of its socket, ${socket}, has ${String(length)} bytes; a Unix socket's may have ${String(LONGEST_SOCKET_PATH)}: choose a shorter folder`,
    );
  }
  await prepareExportFolders(exportLayout(options.exportsDirectory), readBootId);
  await removeStaleSocket(socket);
  const server = await startGuarded({
    name: 'nbdkit',
    // nbdkit makes its socket with the umask it inherits, and Node can change only its own
    command: 'sh',
    args: ['-c', 'umask 077; exec "$@"', 'sh', ...exportServerCommand(options.exportsDirectory)],
    logFile: options.logFile,
  });
  await waitUntilReady(server, () => answers(socket), 10_000);
  return {
    ...server,
    pid: server.processId,
    get running() {
      return server.running;
    },
    stop: async () => {
      await server.stop();
      await removeStaleSocket(socket);
    },
  };
}

/** A dead nbdkit leaves its socket, and the next one then fails with "Address already in use" (reference/storage.md). */
async function removeStaleSocket(socket: string): Promise<void> {
  const evidence = await greet(socket).then(
    () => 'an NBD server answers there',
    (error: unknown) => (error as Error).message,
  );
  if (evidence.includes('ENOENT')) return;
  if (!evidence.includes('ECONNREFUSED')) throw new ProcessStartError(`nbdkit: ${socket} is in use: ${evidence}`);
  await unlink(socket);
}

function answers(socket: string): Promise<boolean> {
  return greet(socket).then(
    () => true,
    () => false,
  );
}
