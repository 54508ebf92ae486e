import { servers } from './servers';

export default async function globalTeardown(): Promise<void> {
  await servers.stopAll();
}
