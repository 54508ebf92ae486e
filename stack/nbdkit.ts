import { chmod, unlink } from 'node:fs/promises';
import { readBootId } from '../appliance/device-resolver';
import { exportLayout } from '../appliance/export-layout';
import { greet, prepareExportFolders } from '../appliance/export-links';
import { type GuardedProcess, ProcessStartError, startGuarded, waitUntilReady } from './guarded-process';

/** sun_path holds 108 bytes, the last one a zero (unix(7)). */
const LONGEST_SOCKET_PATH = 107;

/**
 * Command of an appliance's local export server, as systemd runs it (docs/appliance.md) and as `up`, demo and tests start it.
 * Whoever may open its socket may write every volume, so the exports folder is 0700 and the socket becomes 0600.
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
  const before = await listener(socket);
  if (before !== undefined) throw new ProcessStartError(`nbdkit: ${socket} is in use: ${before}`);
  const [command, ...args] = exportServerCommand(options.exportsDirectory);
  const server = await startGuarded({
    name: 'nbdkit',
    command,
    args,
    logFile: options.logFile,
  });
  await waitUntilReady(server, () => answers(socket), 10_000);
  // nbdkit sets its own umask and makes the socket 0755, which lets only its owner connect; 0600 says so
  await chmod(socket, 0o600);
  return {
    ...server,
    pid: server.processId,
    get running() {
      return server.running;
    },
    stop: async () => {
      await server.stop();
      await listener(socket);
    },
  };
}

/**
 * Who listens on a socket; undefined when nobody does. Then the socket that a dead nbdkit left is removed, because the next one
 * would fail with "Address already in use" (reference/storage.md).
 */
async function listener(socket: string): Promise<string | undefined> {
  const evidence = await greet(socket).then(
    () => 'an NBD server answers there',
    (error: unknown) => (error as Error).message,
  );
  if (evidence.includes('ENOENT')) return undefined;
  if (!evidence.includes('ECONNREFUSED')) return evidence;
  await unlink(socket);
  return undefined;
}

function answers(socket: string): Promise<boolean> {
  return greet(socket).then(
    () => true,
    () => false,
  );
}
