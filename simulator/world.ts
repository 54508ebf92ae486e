import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { modesOf } from './modes';
import type { Modes } from './modes';
import { textKey } from './database-text';
import { derivedId } from './derived-id';
import { Journal } from './persistence';
import type {
  AccountRow,
  BootExpectationRow,
  HypervisorName,
  JobRow,
  MachineRow,
  PlugRow,
  ResourceLimitRow,
  SnapshotRow,
  TagRow,
  VmSnapshotRow,
  VolumeRow,
} from './rows';
import { present, seedWorld } from './seed';
import type { RowIndex, Table } from './table';
import { worldSchema } from './world-file';
import type { DiskOffering, Network, ServiceOffering, Timings, WorldDescription, WorldFile } from './world-file';

/** `max_data_volumes_limit` of a hypervisor that the server knows nothing about. */
const DATA_DISK_LIMIT_WHEN_UNKNOWN = 6;

/** Everything that the simulated site is made of: its description, and the rows of server and hypervisor. */
export class World {
  readonly description: WorldDescription;
  readonly accounts: Table<AccountRow>;
  readonly machines: Table<MachineRow>;
  readonly volumes: Table<VolumeRow>;
  readonly snapshots: Table<SnapshotRow>;
  readonly vmSnapshots: Table<VmSnapshotRow>;
  readonly jobs: Table<JobRow>;
  readonly tags: Table<TagRow>;
  readonly plugs: Table<PlugRow>;
  readonly bootExpectations: Table<BootExpectationRow>;
  readonly limits: Table<ResourceLimitRow>;
  readonly managementServerId: string;
  /** of roles and whatever else has an id but no row */
  readonly ids: Readonly<
    Record<'adminRole' | 'userRole' | 'zoneToken' | 'networkOffering' | 'physicalNetwork', string>
  >;
  timings: Timings;
  /** how the server is set up now; the description says how it began */
  modes: Modes;
  /** when this world began; what has no date of its own shows it */
  readonly begun: number;
  private readonly journal: Journal;
  private readonly accountsByKey: RowIndex<AccountRow>;
  private readonly accountsByName: RowIndex<AccountRow>;
  private readonly volumesByVm: RowIndex<VolumeRow>;
  private readonly plugsByVm: RowIndex<PlugRow>;
  private readonly plugsByVolume: RowIndex<PlugRow>;
  private readonly tagsByResource: RowIndex<TagRow>;
  private readonly snapshotsByVolume: RowIndex<SnapshotRow>;
  private readonly vmSnapshotsByVm: RowIndex<VmSnapshotRow>;
  /** volumes that were not expunged, for listings */
  readonly volumesByAccount: RowIndex<VolumeRow>;
  readonly volumesByName: RowIndex<VolumeRow>;
  /** under {@link textKey} of the key, as `volumesByName` is under the name's */
  readonly tagsByKey: RowIndex<TagRow>;
  private numbers = { account: 0, machine: 0, volume: 0, snapshot: 0, vmSnapshot: 0, job: 0 };

  /**
   * Opens the state in a folder, or begins there with the given world. What the folder holds wins: a world that once
   * began goes on, and `world` is then not read.
   */
  constructor(
    readonly directory: string,
    world: WorldFile,
  ) {
    mkdirSync(directory, { recursive: true });
    this.description = readDescription(join(directory, 'world.json'), world);
    this.timings = this.description.timings;
    this.modes = modesOf(this.description);
    this.journal = new Journal(directory);
    this.accounts = this.journal.table('accounts');
    this.machines = this.journal.table('machines');
    this.volumes = this.journal.table('volumes');
    this.snapshots = this.journal.table('snapshots');
    this.vmSnapshots = this.journal.table('vmSnapshots');
    this.jobs = this.journal.table('jobs');
    this.tags = this.journal.table('tags');
    this.plugs = this.journal.table('plugs');
    this.bootExpectations = this.journal.table('bootExpectations');
    this.limits = this.journal.table('limits');
    this.accountsByKey = this.accounts.indexBy((account) => account.apiKey);
    this.accountsByName = this.accounts.indexBy((account) => textKey(account.name));
    this.volumesByVm = this.volumes.indexBy(unlessRemoved((volume) => volume.vmId ?? undefined));
    this.volumesByAccount = this.volumes.indexBy(unlessRemoved((volume) => volume.accountId));
    this.volumesByName = this.volumes.indexBy(unlessRemoved((volume) => textKey(volume.name)));
    this.plugsByVm = this.plugs.indexBy((plug) => plug.vmId);
    this.plugsByVolume = this.plugs.indexBy((plug) => plug.volumeId);
    this.tagsByResource = this.tags.indexBy((tag) => tag.resourceId);
    this.snapshotsByVolume = this.snapshots.indexBy(unlessRemoved((snapshot) => snapshot.volumeId));
    this.vmSnapshotsByVm = this.vmSnapshots.indexBy(unlessRemoved((snapshot) => snapshot.vmId));
    this.tagsByKey = this.tags.indexBy((tag) => textKey(tag.key));
    this.journal.open();
    this.numbers = {
      account: highest(this.accounts.values()),
      machine: highest(this.machines.values()),
      volume: highest(this.volumes.values()),
      snapshot: highest(this.snapshots.values()),
      vmSnapshot: highest(this.vmSnapshots.values()),
      job: highest(this.jobs.values()),
    };
    // Seeding is repeated until it has been finished once: the last row it writes is the last machine's.
    if (this.machines.size < this.description.machines.length || this.accounts.size === 0) seedWorld(this);
    this.begun = Math.min(...[...this.accounts.values()].map((account) => account.created));
    this.ids = namesOf(this.description.zone.id);
    this.managementServerId = derivedId('management server', this.description.zone.id);
    this.flush();
  }

  /** Makes every change so far outlive this process; before anybody is answered. @throws Error when it cannot be written */
  flush(): void {
    this.journal.flush();
  }

  async close(): Promise<void> {
    this.journal.close();
    await this.journal.settled();
  }

  /** Back to the first day; accounts keep their keys. */
  reset(): void {
    for (const table of [
      this.tags,
      this.jobs,
      this.plugs,
      this.bootExpectations,
      this.limits,
      this.snapshots,
      this.vmSnapshots,
      this.volumes,
      this.machines,
    ])
      table.clear();
    this.timings = this.description.timings;
    this.modes = modesOf(this.description);
    seedWorld(this);
  }

  nextNumber(kind: keyof World['numbers']): number {
    this.numbers[kind] += 1;
    return this.numbers[kind];
  }

  account(id: string): AccountRow {
    return present(this.accounts.get(id), `account ${id}`);
  }

  accountOfKey(apiKey: string): AccountRow | undefined {
    return this.accountsByKey.first(apiKey);
  }

  accountNamed(name: string): AccountRow | undefined {
    return this.accountsByName.first(textKey(name));
  }

  machine(id: string): MachineRow {
    return present(this.machines.get(id), `VM ${id}`);
  }

  volume(id: string): VolumeRow {
    return present(this.volumes.get(id), `volume ${id}`);
  }

  snapshot(id: string): SnapshotRow {
    return present(this.snapshots.get(id), `snapshot ${id}`);
  }

  vmSnapshot(id: string): VmSnapshotRow {
    return present(this.vmSnapshots.get(id), `VM snapshot ${id}`);
  }

  /** The snapshots of a volume, also of an expunged one; not those that were deleted. */
  snapshotsOf(volumeId: string): SnapshotRow[] {
    return this.snapshotsByVolume.of(volumeId);
  }

  vmSnapshotsOf(vmId: string): VmSnapshotRow[] {
    return this.vmSnapshotsByVm.of(vmId);
  }

  diskOffering(id: string): DiskOffering | undefined {
    return this.description.diskOfferings.find((offering) => offering.id === id);
  }

  serviceOffering(id: string): ServiceOffering | undefined {
    return this.description.serviceOfferings.find((offering) => offering.id === id);
  }

  network(id: string): Network | undefined {
    return this.description.networks.find((network) => network.id === id);
  }

  volumesOf(vmId: string): VolumeRow[] {
    return this.volumesByVm.of(vmId);
  }

  /** What the hypervisor has plugged into a VM. */
  plugsOf(vmId: string): PlugRow[] {
    return this.plugsByVm.of(vmId);
  }

  /** Every guest that a volume is plugged into: more than one after a straggler. */
  plugsOfVolume(volumeId: string): PlugRow[] {
    return this.plugsByVolume.of(volumeId);
  }

  /** Tags of a volume, VM or snapshot. */
  tagsOf(resourceId: string): TagRow[] {
    return this.tagsByResource.of(resourceId);
  }

  putTag(tag: TagRow): void {
    this.tags.put(tag);
  }

  removeTag(tag: TagRow): void {
    this.tags.remove(tag.id);
  }

  dataDiskLimit(hypervisor: HypervisorName): number {
    return this.description.dataDiskLimits[hypervisor] ?? DATA_DISK_LIMIT_WHEN_UNKNOWN;
  }

  /** The job, unless it ended so long ago that it was expunged. */
  rememberedJob(id: string): JobRow | undefined {
    const job = this.jobs.get(id);
    if (job === undefined || job.completed === null) return job;
    if (job.completed + this.timings.jobExpireMs > Date.now()) return job;
    this.jobs.remove(id);
    return undefined;
  }
}

function namesOf(zoneId: string): World['ids'] {
  return {
    adminRole: derivedId('admin role', zoneId),
    userRole: derivedId('user role', zoneId),
    zoneToken: derivedId('token', zoneId),
    networkOffering: derivedId('network offering', zoneId),
    physicalNetwork: derivedId('physical network', zoneId),
  };
}

function unlessRemoved<Row extends { readonly removed: number | null }>(
  keyOf: (row: Row) => string | undefined,
): (row: Row) => string | undefined {
  return (row) => (row.removed === null ? keyOf(row) : undefined);
}

function readDescription(path: string, world: WorldFile): WorldDescription {
  if (existsSync(path)) return worldSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  const description = worldSchema.parse(world);
  writeFileSync(`${path}.new`, `${JSON.stringify(description, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return description;
}

function highest(rows: Iterable<{ readonly number: number }>): number {
  let number = 0;
  for (const row of rows) number = Math.max(number, row.number);
  return number;
}
