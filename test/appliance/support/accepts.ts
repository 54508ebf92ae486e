import { connect } from 'node:net';

/** Whether somebody accepts connections on a Unix socket: it is there a moment before its server listens on it. */
export function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket, () => {
      connection.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}
