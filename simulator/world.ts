import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EntityKind } from './parameters';
import { Journal } from './persistence';
import type { Table } from './persistence';
import type {
  AccountRow,
  HypervisorName,
  JobRow,
  MachineRow,
  PlugRow,
  SnapshotRow,
  TagRow,
  VmSnapshotRow,
  VolumeRow,
} from './rows';
import { present, seedWorld } from './seed';
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
  readonly managementServerId = randomUUID();
  /** of `listHypervisorCapabilities`, roles and whatever else has an id but no row */
  readonly ids = {
    adminRole: randomUUID(),
    userRole: randomUUID(),
    capabilities: randomUUID(),
    zoneToken: randomUUID(),
    networkOffering: randomUUID(),
    physicalNetwork: randomUUID(),
  };
  timings: Timings;
  /** when this server process started; what has no date of its own shows it */
  readonly begun = Date.now();
  private readonly journal: Journal;
  /** keys of the tags of each resource: a listing of thousands of volumes asks for each of them */
  private readonly tagKeys = new Map<string, Set<string>>();
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
    this.journal = new Journal(directory);
    this.accounts = this.journal.table('accounts');
    this.machines = this.journal.table('machines');
    this.volumes = this.journal.table('volumes');
    this.snapshots = this.journal.table('snapshots');
    this.vmSnapshots = this.journal.table('vmSnapshots');
    this.jobs = this.journal.table('jobs');
    this.tags = this.journal.table('tags');
    this.plugs = this.journal.table('plugs');
    this.journal.open();
    for (const tag of this.tags.values()) this.indexTag(tag);
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
  }

  close(): void {
    this.journal.close();
  }

  /** Back to the first day; accounts keep their keys. */
  reset(): void {
    for (const table of [
      this.tags,
      this.jobs,
      this.plugs,
      this.snapshots,
      this.vmSnapshots,
      this.volumes,
      this.machines,
    ])
      table.clear();
    this.tagKeys.clear();
    this.timings = this.description.timings;
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
    for (const account of this.accounts.values()) if (account.apiKey === apiKey) return account;
    return undefined;
  }

  accountNamed(name: string): AccountRow | undefined {
    for (const account of this.accounts.values()) if (account.name === name) return account;
    return undefined;
  }

  machine(id: string): MachineRow {
    return present(this.machines.get(id), `VM ${id}`);
  }

  volume(id: string): VolumeRow {
    return present(this.volumes.get(id), `volume ${id}`);
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
    const found: VolumeRow[] = [];
    for (const volume of this.volumes.values()) {
      if (volume.vmId === vmId && volume.removed === null) found.push(volume);
    }
    return found;
  }

  /** Tags of a volume or VM. */
  tagsOf(resourceId: string): readonly TagRow[] {
    const tags: TagRow[] = [];
    for (const key of this.tagKeys.get(resourceId) ?? []) {
      const tag = this.tags.get(`${resourceId}/${key}`);
      if (tag !== undefined) tags.push(tag);
    }
    return tags;
  }

  putTag(tag: TagRow): void {
    this.tags.put(tag);
    this.indexTag(tag);
  }

  removeTag(tag: TagRow): void {
    this.tags.remove(tag.id);
    this.tagKeys.get(tag.resourceId)?.delete(tag.key);
  }

  private indexTag(tag: TagRow): void {
    const keys = this.tagKeys.get(tag.resourceId);
    if (keys === undefined) this.tagKeys.set(tag.resourceId, new Set([tag.key]));
    else keys.add(tag.key);
  }

  dataDiskLimit(hypervisor: HypervisorName): number {
    return this.description.dataDiskLimits[hypervisor] ?? DATA_DISK_LIMIT_WHEN_UNKNOWN;
  }

  /** Whether the server ever knew this id: expunged volumes and VMs count, forgotten jobs do not. */
  knows(kind: EntityKind, id: string): boolean {
    switch (kind) {
      case 'Volume':
        return this.volumes.get(id) !== undefined;
      case 'VirtualMachine':
        return this.machines.get(id) !== undefined;
      case 'Snapshot':
        return this.snapshots.get(id) !== undefined;
      case 'VMSnapshot':
        return this.vmSnapshots.get(id) !== undefined;
      case 'AsyncJob':
        return this.rememberedJob(id) !== undefined;
      case 'Zone':
        return this.description.zone.id === id;
      case 'DiskOffering':
        return this.diskOffering(id) !== undefined;
      case 'ServiceOffering':
        return this.serviceOffering(id) !== undefined;
      case 'Network':
        return this.network(id) !== undefined;
      case 'Template':
        return this.description.template.id === id;
      case 'Domain':
        return this.description.rootDomainId === id;
      case 'Project':
        return false;
    }
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
