import { open } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import type { failBackRequestSchema, failoverRequestSchema, revertRequestSchema } from '../../domain/failover-request';
import type { SourceVmKey } from '../../domain/names';
import type { replicationRequestSchema } from '../../domain/request';
import { contentDigest } from '../../simulator/content-digest';
import type { DemoDisk, DemoVm } from '../../stack/demo-source';
import type { GuardedProcess } from '../../stack/guarded-process';
import { demoApplianceId } from '../../stack/local-stack';
import { startSourceServer } from '../../stack/source-server';
import { localSite, type StateFolder } from '../../stack/state-folder';

const MIB = 1_048_576;

/** One of the demo's source VMs: its disks, the server that gives them out, and the requests for it. */
export class Player {
  readonly name: string;
  readonly key: SourceVmKey;
  readonly disks: readonly DemoDisk[];
  readonly #vm: DemoVm;
  readonly #folder: StateFolder;
  #server: GuardedProcess | undefined;
  #uris: Readonly<Record<string, string>> = {};

  constructor(folder: StateFolder, vm: DemoVm, disks: readonly DemoDisk[]) {
    this.name = vm.name;
    this.key = { site: localSite, sourceId: vm.sourceId, sourceVmId: vm.id };
    this.disks = disks;
    this.#vm = vm;
    this.#folder = folder;
  }

  get boot(): DemoDisk {
    const boot = this.disks.find((disk) => disk.boot);
    if (boot === undefined) throw new Error(`${this.name} has no boot disk`);
    return boot;
  }

  /** Host names of its failover VMs. */
  vmName(kind: 'test' | 'live'): string {
    return kind === 'test' ? `${this.name}-test` : this.name;
  }

  /**
   * Gives the disks out, from now on.
   *
   * @param readDelayMs - milliseconds that each read takes, as of a busy source
   * @throws ProcessStartError
   */
  async serve(readDelayMs?: number): Promise<void> {
    await this.#server?.stop();
    const folder = this.#folder.path('source', this.name);
    const { process, uris } = await startSourceServer({
      folder,
      images: Object.fromEntries(this.disks.map(({ name, path }) => [name, path])),
      address: { socket: this.#folder.path('source', `${this.name}.sock`) },
      logFile: this.#folder.logFile(`source ${this.name}`),
      ...(readDelayMs !== undefined && { readDelayMs }),
    });
    this.#server = process;
    this.#uris = uris;
  }

  /** The source is gone, in the middle of whatever was read of it. */
  async die(): Promise<void> {
    await this.#server?.kill();
  }

  async close(): Promise<void> {
    await this.#server?.stop();
  }

  /**
   * The source VM goes on working: other bytes near the front of each disk, and on the boot disk near its end, so that one that is
   * half copied is neither what it was nor what it is.
   */
  async goOnWorking(): Promise<void> {
    for (const { path, sizeBytes, boot } of this.disks) {
      const image = await open(path, 'r+');
      try {
        await image.write(randomBytes(MIB), 0, MIB, 512 * MIB);
        const late = LATE_MIB * MIB;
        if (boot) await image.write(randomBytes(late), 0, late, sizeBytes - 2 * late);
      } finally {
        await image.close();
      }
    }
  }

  /** What its disks hold now, by disk key, in the simulator's measure. */
  async contents(): Promise<ReadonlyMap<number, string>> {
    const contents = await Promise.all(
      this.disks.map(async ({ key, path }) => [key, await contentDigest(path)] as const),
    );
    return new Map(contents);
  }

  replication(options: { overwrite: boolean; stepAttempts?: number }): z.input<typeof replicationRequestSchema> {
    const { overwrite, stepAttempts } = options;
    return {
      schemaVersion: 1,
      ...this.#source(),
      disks: this.disks.map(({ key, boot, name, sizeBytes }) => ({
        key,
        ...(boot && { boot }),
        sizeBytes,
        source: { kind: 'nbd', uri: this.#uris[name] ?? '' },
      })),
      ...(overwrite && { overwrite }),
      ...(stepAttempts !== undefined && { budgets: { stepAttempts } }),
    };
  }

  failover(
    kind: 'test' | 'live',
    options: { from?: 'replicas' | 'latest-point'; lease?: string; allowUnverified?: string } = {},
  ): z.input<typeof failoverRequestSchema> {
    return {
      schemaVersion: 1,
      ...this.#source(),
      kind,
      target: {
        name: this.vmName(kind),
        serviceOffering: 'appliance-2c4g',
        template: 'debian-12',
        networks: [{ network: 'l2-admin' }],
      },
      ...options,
    };
  }

  revert(to: string): z.input<typeof revertRequestSchema> {
    return { schemaVersion: 1, ...this.#source(), to };
  }

  failback(): z.input<typeof failBackRequestSchema> {
    return { schemaVersion: 1, ...this.#source(), discardWrites: true };
  }

  #source() {
    const { sourceId, id, name } = this.#vm;
    return { site: localSite, source: { id: sourceId, vm: id, name }, appliance: demoApplianceId };
  }
}

/** So much that a slow source is still at it when the end of the disk is being read. */
const LATE_MIB = 8;
