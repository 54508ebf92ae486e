import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReplicationResult } from '../../domain/replication-state';
import { startSourceServer } from '../../stack/source-server';
import { demoApplianceId } from '../../stack/local-stack';
import { localSite } from '../../stack/state-folder';
import type { CommandRun, TestStack } from './stack';

const MIB = 1_048_576;

/** A VM that can be replicated: real images, served over NBD, and its request. */
export interface SourceVm {
  readonly id: string;
  readonly disks: readonly { readonly key: number; readonly path: string; readonly sizeBytes: number }[];
  request(changes?: Record<string, unknown>): Record<string, unknown>;
  /** Writes a request to a file; its path. */
  write(request: Record<string, unknown>): Promise<string>;
  /** `diskferry replicate --wait --json`, to its end. */
  replicate(changes?: Record<string, unknown>): Promise<CommandRun>;
  stop(): Promise<void>;
}

/**
 * Makes a VM with `count` disks of one GiB and a bit each (or `sizeMib`, at least 110): random data at the start, in the middle and up to the last byte, holes
 * between, so that a swapped, torn or blank disk has another hash.
 *
 * @param dataMib - how much random data each disk holds, in MiB
 */
export async function sourceVm(
  stack: TestStack,
  count: number,
  options: { readonly dataMib?: number; readonly sizeMib?: number; readonly readDelayMs?: number } = {},
): Promise<SourceVm> {
  const id = randomUUID();
  const folder = stack.folder.path(`v-${id.slice(0, 8)}`);
  await mkdir(folder, { recursive: true });
  const disks = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const sizeBytes = (options.sizeMib ?? 1024 + 64) * MIB + index * 512;
      const path = join(folder, `${String(index)}.raw`);
      const file = await open(path, 'w');
      await file.truncate(sizeBytes);
      await file.write(randomBytes(MIB), 0, MIB, 0);
      for (let mib = 0; mib < (options.dataMib ?? 4); mib += 1)
        await file.write(randomBytes(MIB), 0, MIB, (100 + mib) * MIB);
      await file.write(randomBytes(4096), 0, 4096, sizeBytes - 4096);
      await file.close();
      return { key: 2000 + index, path, sizeBytes };
    }),
  );
  const server = await startSourceServer({
    folder: join(folder, 'served'),
    images: Object.fromEntries(disks.map((disk) => [`d${String(disk.key)}`, disk.path])),
    address: { socket: join(folder, 's') },
    logFile: join(folder, 'source.log'),
    ...(options.readDelayMs === undefined ? {} : { readDelayMs: options.readDelayMs }),
  });
  const request = (changes: Record<string, unknown> = {}) => ({
    schemaVersion: 1,
    site: localSite,
    source: { id: 'vcenter-qc', vm: id, name: `vm-${id.slice(0, 8)}` },
    appliance: demoApplianceId,
    disks: disks.map((disk, index) => ({
      key: disk.key,
      ...(index === 0 ? { boot: true } : {}),
      sizeBytes: disk.sizeBytes,
      source: { kind: 'nbd', uri: server.uris[`d${String(disk.key)}`] },
    })),
    budgets: { stepPause: '200ms', provisioningPause: '200ms' },
    ...changes,
  });
  const write = async (content: Record<string, unknown>): Promise<string> => {
    const path = join(folder, `${randomUUID().slice(0, 8)}.json`);
    await writeFile(path, JSON.stringify(content));
    return path;
  };
  return {
    id,
    disks,
    request,
    write,
    replicate: async (changes) => await stack.diskferry('replicate', await write(request(changes)), '--wait', '--json'),
    stop: () => server.process.stop(),
  };
}

/** The result that `replicate --wait --json` printed last. */
export function resultOf(run: CommandRun): ReplicationResult & { workflowId: string; runId: string } {
  const last = run.json().at(-1);
  if (run.exitCode !== 0) throw new Error(`exit ${String(run.exitCode)}: ${run.stdout}${run.stderr}`);
  return last as ReplicationResult & { workflowId: string; runId: string };
}

/** The failure that a command printed with `--json`. */
export function errorOf(run: CommandRun): { code: string; message: string; next: string } {
  const last = run.json().at(-1) as { error?: { code: string; message: string; next: string } };
  if (last.error === undefined) throw new Error(`no error: ${run.stdout}${run.stderr}`);
  return last.error;
}
