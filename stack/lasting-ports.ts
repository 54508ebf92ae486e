import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Ports that are kept for years must not come from the range that the kernel gives to outgoing connections (32768 and up on
 * Linux): one of those would be taken by somebody's connection while the stack is down.
 */
const LOWEST = 15_000;
const HIGHEST = 32_000;

/** Different TCP ports of 127.0.0.1 that nobody listens on now, fit to be written down and used again after restarts. */
export async function chooseLastingPorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(LOWEST, HIGHEST);
    if (await isPortFree(port)) ports.add(port);
  }
  return [...ports];
}

/** Whether nobody listens on that TCP port of 127.0.0.1. */
export async function isPortFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.on('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
