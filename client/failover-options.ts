import { failure, type DiskferryFailure } from '../domain/failures';
import { sourceVmPath, type SourceVmKey } from '../domain/names';
import { digestOf } from './request-digest';

/** What `failover test` and `failover live` take besides VMs. */
export interface FailoverOptions {
  readonly request?: string;
  readonly name?: string;
  readonly serviceOffering?: string;
  readonly network?: readonly string[];
  readonly template?: string;
  readonly allowUnverified?: string;
  /** test only */
  readonly from?: string;
  readonly lease?: string;
  /** live only */
  readonly finalSync?: boolean;
  readonly quiesceHook?: string;
  readonly confirm?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly wait?: boolean;
}

/** The options that say what a request file says. */
const requestOptions = {
  name: '--name',
  serviceOffering: '--service-offering',
  network: '--network',
  template: '--template',
  allowUnverified: '--allow-unverified',
  from: '--from',
  lease: '--lease',
  finalSync: '--final-sync',
  quiesceHook: '--quiesce-hook',
  confirm: '--confirm',
} as const satisfies Partial<Record<keyof FailoverOptions, string>>;

/**
 * Refuses arguments that contradict one another, before anything is asked of anybody.
 *
 * @throws DiskferryFailure `usage`
 */
export function checkFailoverOptions(kind: 'test' | 'live', vms: readonly string[], options: FailoverOptions): void {
  const names = Object.keys(requestOptions) as (keyof typeof requestOptions)[];
  const given = names.filter((name) => options[name] !== undefined);
  if (options.request !== undefined) {
    const [first] = given;
    if (first !== undefined) {
      throw usage(
        kind,
        `The file of --request says everything: leave out ${requestOptions[first]}, or write it into the file`,
      );
    }
    if (vms.length > 1) {
      throw usage(
        kind,
        'The file of --request is of one VM; several with requests of their own go by: diskferry failover group FILE',
      );
    }
    return;
  }
  if (vms.length === 0) throw usage(kind, 'Name a VM, or give --request FILE');
  const lacking = (['serviceOffering', 'template', 'network'] as const).filter((name) => options[name] === undefined);
  if (lacking.length > 0) {
    const words = lacking.map((name) => requestOptions[name]).join(', ');
    throw usage(kind, `Without --request FILE these are needed too: ${words}`);
  }
  if (vms.length > 1 && options.name !== undefined) {
    throw usage(kind, '--name is of one VM; each of several gets a name made from its own');
  }
}

/** A VM as its last replication had it. */
export type KnownVm = SourceVmKey & { readonly vmName: string; readonly applianceId: string };

/** The request that the options ask for, to be checked as one from a file is. */
export function requestFromOptions(kind: 'test' | 'live', vm: KnownVm, options: FailoverOptions): object {
  const { allowUnverified, from, lease, finalSync, quiesceHook, confirm } = options;
  return {
    schemaVersion: 1,
    kind,
    site: vm.site,
    source: { id: vm.sourceId, vm: vm.sourceVmId, name: vm.vmName },
    appliance: vm.applianceId,
    target: {
      name: options.name ?? hostName(kind === 'test' ? `${vm.vmName}-test` : vm.vmName),
      serviceOffering: options.serviceOffering,
      template: options.template,
      networks: (options.network ?? []).map((network) => ({ network })),
    },
    ...(allowUnverified !== undefined && { allowUnverified }),
    ...(from !== undefined && { from }),
    ...(lease !== undefined && { lease }),
    ...(finalSync !== undefined && { finalSync }),
    ...(quiesceHook !== undefined && { quiesce: { by: 'hook', hook: quiesceHook } }),
    ...(confirm !== undefined && { confirm }),
  };
}

/** A group of VMs that were named together; the same ones make the same group, so that a repeated command joins it. */
export function groupOf(kind: 'test' | 'live', vms: readonly SourceVmKey[], members: readonly unknown[]): object {
  const paths = vms.map(sourceVmPath).sort();
  return { schemaVersion: 1, name: `${kind}-${digestOf(paths).slice(0, 8)}`, stages: [{ members }] };
}

/** CloudStack names a VM as a host: what no host name can hold becomes a hyphen. */
function hostName(name: string): string {
  const letters = name.replace(/[^A-Za-z0-9-]/g, '-').replace(/^[^A-Za-z]+/, '');
  return (letters === '' ? 'vm' : letters).slice(0, 63).replace(/-+$/, '');
}

function usage(kind: 'test' | 'live', problem: string): DiskferryFailure {
  return failure('usage', { problem, command: `diskferry failover ${kind}` });
}
