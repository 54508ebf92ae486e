import type { Fields, Job, SimulatedSite, Volume } from './simulated-site';

export interface Machine {
  readonly id: string;
  readonly name: string;
  readonly displayname: string;
  readonly state: string;
  readonly cpunumber: number;
  readonly memory: number;
  readonly details: Readonly<Record<string, string>>;
  readonly nic: readonly { readonly networkid: string; readonly macaddress: string }[];
  readonly tags: readonly { readonly key: string; readonly value: string }[];
}

export interface BootRecord {
  readonly up: boolean;
  readonly reason: string;
  readonly rootVolumeId: string | null;
  readonly rootContent: string | null;
}

/** Calls about VMs, as most tests make them: by the root admin, without a start. */
export class MachineCalls {
  constructor(private readonly site: SimulatedSite) {}

  /** What a deploy needs at least. */
  wanted(more: Fields = {}): Fields {
    const { zone, named } = this.site;
    return {
      serviceofferingid: named['serviceOffering'] ?? '',
      templateid: named['template'] ?? '',
      zoneid: zone,
      networkids: named['adminNetwork'] ?? '',
      startvm: 'false',
      ...more,
    };
  }

  async deploy(more: Fields = {}): Promise<string> {
    const { content, text } = await this.site.admin.call('deployVirtualMachine', this.wanted(more), 'POST');
    if (content.id === undefined) throw new Error(text);
    const job = await this.site.admin.job(content.jobid);
    if (job.jobstatus !== 1) throw new Error(JSON.stringify(job));
    return content.id;
  }

  async list(parameters: Fields = {}): Promise<Machine[]> {
    const { content } = await this.site.admin.call('listVirtualMachines', parameters);
    return (content['virtualmachine'] ?? []) as Machine[];
  }

  async state(id: string): Promise<string | undefined> {
    return (await this.list({ id }))[0]?.state;
  }

  run(command: string, id: string, more: Fields = {}): Promise<Job> {
    return this.site.admin.run(command, { id, ...more });
  }

  /** Attaches, and throws when that fails. */
  async attach(id: string, virtualmachineid: string, more: Fields = {}): Promise<Volume | undefined> {
    const job = await this.site.admin.run('attachVolume', { id, virtualmachineid, ...more });
    if (job.jobstatus !== 1) throw new Error(JSON.stringify(job.jobresult));
    return job.jobresult?.volume;
  }

  /** The root that the VM has now. */
  async root(vmId: string): Promise<string> {
    const [root] = await this.site.admin.volumes({ virtualmachineid: vmId, type: 'ROOT' });
    if (root === undefined) throw new Error(`VM ${vmId} has no root`);
    return root.id;
  }

  /** A stopped VM whose template's root has made way. */
  async shell(name: string): Promise<string> {
    const id = await this.deploy({ name });
    const root = await this.root(id);
    await this.site.admin.run('detachVolume', { id: root });
    await this.site.admin.call('deleteVolume', { id: root }, 'POST');
    return id;
  }

  async boot(vmId: string): Promise<BootRecord> {
    const world = (await this.site.control('GET', '/world')) as { machines: { id: string; boot: BootRecord }[] };
    const machine = world.machines.find((each) => each.id === vmId);
    if (machine === undefined) throw new Error(`the census has no VM ${vmId}`);
    return machine.boot;
  }
}
