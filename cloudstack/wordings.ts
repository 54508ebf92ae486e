import type { CloudStackErrorKind } from './errors';

/** Commands of which it is known which refusals last. */
export type LastingCommand = 'createVolume' | 'attachVolume' | 'deployVirtualMachine';

/**
 * What CloudStack's texts mean, release by release. Nearly all of its refusals share one code (431, cserrorcode 4350), so for those
 * only the words tell; they drift ("VM" became "Instance" in 4.20), so a pattern holds what 4.18 to 4.23 have in common. A text
 * that is not here is `refused`, and counts as one that may pass.
 */
export interface Wording {
  readonly kind: Extract<
    CloudStackErrorKind,
    'refused' | 'conflict' | 'not-found' | 'gone' | 'already-exists' | 'job-lost' | 'outcome-unknown'
  >;
  /** may name the holder of a conflict in the groups `holderId` and `holderName` */
  readonly words: RegExp;
  /** means this only as the end of a job, where the hypervisor was at work */
  readonly jobsOnly?: true;
  /** commands for which repeating cannot change it */
  readonly lasting?: readonly LastingCommand[];
  /** the site snapshots no volume of a running VM: off the VM it would */
  readonly asksForDetach?: true;
  /** CloudStack's class and, where it matters, releases */
  readonly source: string;
  /**
   * `recorded`: in the answers of a running 4.22.1.0 under test/cloudstack/fixtures; `seen`: on that server, not recorded; `read`: in
   * the sources or an issue only
   */
  readonly known: 'recorded' | 'seen' | 'read';
}

const volumes = 'VolumeApiServiceImpl';
const limits = 'ResourceLimitManagerImpl';

export const wordings: readonly Wording[] = [
  // ids
  {
    kind: 'not-found',
    words: /entity does not exist/i,
    // of a deploy: its offering, template or network
    lasting: ['deployVirtualMachine'],
    source: 'ParamProcessWorker',
    known: 'recorded',
  },
  { kind: 'gone', words: /unable to find uuid for id \[/i, source: 'ApiDBUtils, 4.22', known: 'recorded' },
  { kind: 'gone', words: /unable to find volume with id\b/i, source: `${volumes}, up to 4.21`, known: 'read' },
  { kind: 'gone', words: /snapshot .* is already destroyed/i, source: 'SnapshotManagerImpl', known: 'recorded' },
  // chosen ids: 431 while the earlier one is there or its job runs; 530 from the database's unique key once it is removed
  {
    kind: 'already-exists',
    words: /already exists so can't create\/update with custom id/i,
    source: 'UUIDManagerImpl',
    known: 'recorded',
  },
  { kind: 'already-exists', words: /^\s*entity already exists\b/i, source: 'ApiServer', known: 'recorded' },
  // somebody else holds it, or is at work on it
  {
    kind: 'conflict',
    words: /deviceid \d+ is used by vol(?:.*?"name":"(?<holderName>[^"]*)".*?"uuid":"(?<holderId>[^"]*)")?/i,
    source: volumes,
    known: 'recorded',
  },
  {
    kind: 'conflict',
    words: /volume that is not attached to any (vm|instance)/i,
    source: volumes,
    known: 'recorded',
  },
  {
    kind: 'conflict',
    words: /is already attached to an? (?:vm|instance)(?:: (?<holderName>.+))?/i,
    source: volumes,
    known: 'read',
  },
  { kind: 'conflict', words: /is in \w+\. it should be in ready or allocated state/i, source: volumes, known: 'seen' },
  { kind: 'conflict', words: /already has root volume attached/i, source: volumes, known: 'read' },
  { kind: 'conflict', words: /snapshot operations in progress on the volume/i, source: volumes, known: 'read' },
  { kind: 'conflict', words: /unbacked up snapshot/i, source: volumes, known: 'read' },
  {
    kind: 'conflict',
    words: /there are other active .*(instance|vm|volume) snapshot tasks/i,
    source: 'VMSnapshotManagerImpl',
    known: 'read',
  },
  {
    kind: 'conflict',
    words: /there is other active .*snapshot tasks on the (vm|instance)/i,
    source: 'VolumeApiServiceImpl, SnapshotManagerImpl',
    known: 'read',
  },
  {
    kind: 'refused',
    words: /kvm snapshot is not supported for running vms/i,
    asksForDetach: true,
    source: 'SnapshotManagerImpl.supportedByHypervisor, since 4.15',
    known: 'read',
  },
  {
    kind: 'conflict',
    words: /there are concurrent operations on/i,
    source: 'VirtualMachineManagerImpl',
    known: 'read',
  },
  {
    kind: 'conflict',
    words: /(?:vm|instance) with host ?name (?<holderName>\S+) already exists in the network domain/i,
    source: 'UserVmManagerImpl.checkIfHostNameUniqueInNtwkDomain',
    known: 'read',
  },
  {
    kind: 'conflict',
    words: /tag .+ already on \w+ with id (?<holderId>\S+)/i,
    source: 'TaggedResourceManagerImpl',
    known: 'seen',
  },
  // ends of jobs that do not say what the hypervisor did
  {
    kind: 'job-lost',
    words: /job is cancel|blocking others|job cancelled|management server (restart|shutdown)|restart or shutdown/i,
    jobsOnly: true,
    source: 'AsyncJobManagerImpl; issues 8797, 5381, 7168',
    known: 'read',
  },
  {
    kind: 'outcome-unknown',
    words: /timed?[ -]?out|after sending the command and waiting for \[\d+\]/i,
    jobsOnly: true,
    source: 'KVMStorageProcessor (wait.detach.device); OperationTimedoutException',
    known: 'read',
  },
  {
    kind: 'outcome-unknown',
    words: /please contact your system administrator/i,
    jobsOnly: true,
    source: `${volumes}: the agent is down`,
    known: 'read',
  },
  // refusals that repeating cannot change
  ...lasting('createVolume', 'recorded', volumes, [
    /out of allowed range/i,
    /does not allow custom size/i,
    /requires a custom size/i,
    /unable to find zone/i,
  ]),
  ...lasting('createVolume', 'read', volumes, [
    /but the maximum size allowed is/i,
    /please specify a valid disk offering/i,
    /is currently disabled/i,
  ]),
  ...lasting('createVolume', 'read', limits, [
    /maximum (number|amount) of (resources|volumes|primary storage)/i,
    /resource.*limit.*(exceeded|reached)/i,
  ]),
  ...lasting('attachVolume', 'recorded', volumes, [/already has the maximum number of data disks/i]),
  ...lasting('attachVolume', 'seen', `${volumes}; "VM snapshots" up to 4.19`, [
    /does not have (instance|vm) snapshots/i,
  ]),
  ...lasting('attachVolume', 'read', volumes, [
    /does not have any backups/i,
    /in the same zone as the volume/i,
    /please specify a valid user vm/i,
    /is not configured to use local storage/i,
    /can't attach a volume created by/i,
  ]),
  ...lasting('deployVirtualMachine', 'read', 'UserVmManagerImpl; "Instance name" from 4.20 on', [
    /invalid name\. (vm|instance) name can contain/i,
    /need to specify custom parameter values/i,
    /invalid (cpu cores|cpu speed|memory) value/i,
    /hypervisor passed to the deployvm call, is different from/i,
    /invalid hypervisor type/i,
    /unable to use network with id/i,
    /unable to find (network|service offering|template)/i,
    /unable to use template/i,
    /rootdisksize override .* is smaller than template size/i,
    /mac address .*(is not valid|already exists|is not unique|already in use)/i,
    /boot ?(type|mode)/i,
  ]),
  ...lasting('deployVirtualMachine', 'read', limits, [
    /maximum (?:number|amount) of (?:resources|instances|virtual machines|user_vm)/i,
  ]),
  {
    kind: 'refused',
    words: /does not have permission to operate/i,
    lasting: ['createVolume', 'attachVolume', 'deployVirtualMachine'],
    source: 'AccountManagerImpl',
    known: 'recorded',
  },
  // a VM that starts or stops is one of these in a moment
  {
    kind: 'refused',
    words: /vm that is either running or stopped/i,
    source: `${volumes}, up to 4.22`,
    known: 'recorded',
  },
  { kind: 'refused', words: /vm that is on of the following states/i, source: `${volumes}, 4.23`, known: 'read' },
];

function lasting(
  command: LastingCommand,
  known: Wording['known'],
  source: string,
  words: readonly RegExp[],
): Wording[] {
  return words.map((each) => ({ kind: 'refused', words: each, lasting: [command], source, known }));
}

/** What a text means; undefined for one that is not known. */
export function meaningOf(text: string, stage: 'answer' | 'job'): Wording | undefined {
  return wordings.find(({ words, jobsOnly }) => (stage === 'job' || jobsOnly !== true) && words.test(text));
}

/** Whether a refusal to snapshot says that the volume would have to be detached, or its VM stopped. */
export function asksForDetach(text: string): boolean {
  return wordings.some(({ words, asksForDetach: asks }) => asks === true && words.test(text));
}
