/* eslint max-lines: "off" -- one table, one row per symptom: a code must stand in it once */
import type { FailureCode } from '../../domain/failures';
import type { FindingKind } from '../../domain/findings';

/** What an operator sees first, before any code: where to look then, and which failures and findings it can be. */
export interface Symptom {
  /** heading of docs/troubleshooting.md, in the words of somebody who does not know the system */
  readonly sees: string;
  readonly means: string;
  /** commands in the order in which they are worth running, each with what it tells */
  readonly look: readonly (readonly [command: string, tells: string])[];
  /** every code of the table of failures stands at exactly one symptom */
  readonly failures: readonly FailureCode[];
  /** every kind of finding stands at one symptom or more */
  readonly findings: readonly FindingKind[];
}

/** The symptoms, the most frequent first. */
export const symptoms: readonly Symptom[] = [
  {
    sees: 'A job says "provisioning" and nothing happens',
    means:
      'Either the run waits for somebody (it says for whom, and goes on by itself), or there is no run any more and the job table has not heard of it. A run that is alive never stands still without saying why. Is it a job of the older system, whose database Diskferry was given? `diskferry adopt --from URL --in-place` assesses it and changes nothing ([adopt.md](adopt.md)); the whole way is the runbook [VD-2025-0928-001](runbooks/VD-2025-0928-001.md).',
    look: [
      [
        'diskferry doctor',
        'jobs without a run, runs without a job, queues that nobody polls; whether the tables are ours at all',
      ],
      ['diskferry status VM', 'the phase, each disk with its step, and what it waits for'],
      ['diskferry explain VM', 'what happened so far, in sentences'],
      ['diskferry retry VM', 'makes a run that waits try again now, or begins a failed one anew'],
    ],
    failures: ['run-ended', 'run-ended-outside', 'vm-unknown', 'vm-not-run', 'nothing-known'],
    findings: [
      'schema-foreign',
      'job-stuck',
      'job-without-workflow',
      'workflow-without-record',
      'operation-without-workflow',
      'stuck-operation',
      'failed-operation',
      'needs-attention',
      'queue-unpolled',
    ],
  },
  {
    sees: 'A run waits, or an error says that somebody does not answer',
    means:
      'Nobody answered, or a job of CloudStack is not at its end. The run waits as long as it takes and undoes nothing; it goes on by itself when the other side is back.',
    look: [
      ['diskferry status VM', 'whom it waits for, since when, and with which error'],
      ['diskferry doctor SITE', 'which of database, CloudStack, Temporal, appliances and queues is silent'],
      ['diskferry probe SITE', 'how CloudStack answers from here'],
    ],
    failures: [
      'cloudstack-unavailable',
      'tls-refused',
      'cloudstack-outcome-unknown',
      'database-unavailable',
      'database-refuses',
      'temporal-unavailable',
      'worker-missing',
      'export-server-down',
      'job-pending',
      'vm-job-pending',
      'copy-locked',
    ],
    findings: [
      'database-unreachable',
      'cloudstack-unreachable',
      'temporal-unreachable',
      'appliance-silent',
      'queue-unpolled',
      'export-server-silent',
      'straggler-job',
    ],
  },
  {
    sees: 'A command or a request is refused at once',
    means: 'Nothing was begun and nothing was changed. The message lists everything that is wrong, not only the first.',
    look: [
      ['diskferry --help', 'the commands; each takes --help and shows examples'],
      ['diskferry replicate FILE --dry-run', 'what the request would do'],
      ['diskferry config check', 'what the configuration says, and what is wrong with it'],
    ],
    failures: [
      'usage',
      'request-invalid',
      'configuration-invalid',
      'site-unknown',
      'appliance-unknown',
      'vm-ambiguous',
      'request-id-used',
      'replicated-before',
      'disk-key-reused',
      'update-refused',
    ],
    findings: [],
  },
  {
    sees: 'It says that another run holds the VM',
    means:
      'One run at a time works on a VM, its volumes and its failover VM; the message names the one that does. An earlier run that lost the VM can write nothing any more.',
    look: [
      ['diskferry status VM', 'what the holder is doing'],
      ['diskferry operations VM --unfinished', 'which operation on which volume is open, and whose it is'],
    ],
    failures: [
      'request-differs',
      'vm-claimed',
      'claim-lost',
      'operation-active',
      'vm-operation-active',
      'repair-running',
    ],
    findings: ['stuck-operation', 'operation-without-workflow'],
  },
  {
    sees: 'The preflight refuses: the site or the appliance is not as it must be',
    means:
      'Before the first volume is made, everything that CloudStack or the appliance would refuse later is looked at. Nothing was made.',
    look: [
      ['diskferry probe SITE', 'all refusals of the site at once, with what to do'],
      ['diskferry probe SITE --request FILE', 'those of one request too'],
      ['diskferry doctor SITE', 'the same as findings, and limits that are nearly reached'],
    ],
    failures: [
      'zone-unknown',
      'zone-disabled',
      'offering-unknown',
      'offering-not-custom',
      'disk-too-large',
      'disk-too-small',
      'appliance-missing',
      'appliance-not-running',
      'appliance-elsewhere',
      'appliance-has-snapshots',
      'no-free-slots',
      'owner-mismatch',
      'quota-exceeded',
      'source-unreadable',
      'source-too-large',
      'tool-missing',
    ],
    findings: ['preflight-refusal', 'limit-near'],
  },
  {
    sees: 'CloudStack refuses the key or a call',
    means: 'The management server answered, and said no. The same call would be refused again, so it is not repeated.',
    look: [
      ['diskferry probe SITE', 'which calls the key may make, and how the clocks differ'],
      ['diskferry explain VM', "the call and CloudStack's own words"],
    ],
    failures: ['unauthorized', 'command-forbidden', 'command-refused'],
    findings: ['clock-difference', 'preflight-refusal'],
  },
  {
    sees: 'Only some disks arrived, a volume is missing, or a path is there twice',
    means:
      'What the older system did (`Error 1062: Duplicate entry … for key unique_device_path`; runbook [VD-2025-0928-001](runbooks/VD-2025-0928-001.md)): all volumes of a VM got one path, and the database refused the second. Each volume has a path of its own now, and a run that cannot do all disks takes back those it did.',
    look: [
      ['diskferry mappings --vm APPLIANCE', 'which volume is where, with path and device'],
      ['diskferry doctor SITE', 'what the database, CloudStack and the appliance say differently'],
      ['diskferry explain VM', 'which disk failed, at which call, and what was undone'],
      ['diskferry repair SITE', 'what can be mended by machine; --apply does it'],
    ],
    failures: [
      'create-failed',
      'create-refused',
      'volume-differs',
      'volume-gone',
      'attach-failed',
      'attach-refused',
      'attached-elsewhere',
      'mapping-conflict',
    ],
    findings: [
      'duplicate-device-path',
      'old-form-path',
      'device-path-differs',
      'mapping-without-attachment',
      'attachment-without-mapping',
      'volume-on-wrong-vm',
      'size-mismatch',
    ],
  },
  {
    sees: 'A device is missing, or not proven to be the volume',
    means:
      'CloudStack says attached, and the machine does not show it, shows another disk, or somebody on it holds it. Nothing is ever written to a device that is not proven by serial and size.',
    look: [
      ['diskferry doctor SITE', 'what each appliance sees, against what is attached there'],
      ['diskferry mappings --vm APPLIANCE', 'which device each volume had when it was proven'],
    ],
    failures: ['device-missing', 'device-wrong', 'device-in-use', 'device-still-there'],
    findings: ['ghost-disk', 'device-without-mapping', 'mapping-without-device', 'serial-mismatch', 'device-held'],
  },
  {
    sees: 'A copy or its verification stops, and the run is held',
    means:
      'Data has been written, so nothing is taken back or deleted: the run is held and tells what it waits for. Begun windows are copied again, finished ones are not.',
    look: [
      ['diskferry status VM', 'which disk, at which byte, with which error'],
      ['diskferry exports', 'which volume is served where'],
      ['diskferry retry VM', 'goes on from the last finished window'],
    ],
    failures: ['mark-failed', 'export-failed', 'export-in-use', 'copy-failed', 'verify-mismatch', 'verify-failed'],
    findings: ['torn-vm', 'export-server-silent', 'orphan-export', 'orphan-link'],
  },
  {
    sees: 'A run failed: is anything left over?',
    means:
      'A replication that fails before its first copy takes back everything it made, and proves it gone. What cannot be taken back keeps trying, then asks for people; only "abandon" leaves something, by name.',
    look: [
      ['diskferry explain VM', 'what was undone, and what is still owed'],
      ['diskferry doctor SITE', 'volumes, exports and links that belong to nobody'],
      ['diskferry release VM', 'takes the volumes of a VM off the appliance'],
    ],
    failures: ['rolled-back', 'detach-failed', 'delete-failed', 'abandoned'],
    findings: ['orphan-volume', 'orphan-export', 'orphan-link', 'abandoned-leftovers', 'needs-attention'],
  },
  {
    sees: 'A failover or its way back is refused',
    means:
      'The state of the VM, or what the request asks for, does not allow it. Nothing was begun; the plan (--dry-run) says the same without asking for anything.',
    look: [
      ['diskferry failover status VM', 'where the VM is, and what can be done with it'],
      ['diskferry points VM', 'its recovery points'],
      ['diskferry failover test VM --dry-run', 'each call that would be made, and what would be refused'],
    ],
    failures: [
      'never-replicated',
      'vm-not-verified',
      'vm-failed-over',
      'failover-unknown',
      'vm-not-failed-over',
      'disk-missing',
      'boot-disk-unclear',
      'service-offering-unknown',
      'service-offering-unfit',
      'template-unknown',
      'network-unknown',
      'network-elsewhere',
      'vm-name-taken',
      'too-many-disks',
      'hook-unknown',
    ],
    findings: ['torn-vm', 'adopted-unverified', 'limit-near'],
  },
  {
    sees: 'A failover fails, or its VM does not come up',
    means:
      'Before the point of no return everything is taken back and the replicas are where they were. After it nothing is taken back by machine: the failover is held, and people decide between retry and back.',
    look: [
      ['diskferry failover status VM', 'the phase, whether the point of no return is passed, and what to do'],
      ['diskferry explain VM', "each step with CloudStack's own words"],
      ['diskferry mappings --vm VM', 'where each volume is now'],
    ],
    failures: [
      'deploy-failed',
      'deploy-refused',
      'clear-root-failed',
      'vm-gone',
      'vm-attach-failed',
      'vm-start-failed',
      'vm-stop-failed',
      'vm-remove-failed',
      'vm-holds-replicas',
      'vm-unhealthy',
      'guest-step-failed',
      'hook-failed',
      'failover-rolled-back',
      'failover-group-failed',
    ],
    findings: ['volume-on-wrong-vm', 'needs-attention'],
  },
  {
    sees: 'A recovery point is missing, incomplete, or cannot be used',
    means:
      'A point is snapshots of all volumes, all or none, and is pruned only when a newer one is complete. A VM without a point has no moment to go back to while its next copy writes.',
    look: [
      ['diskferry points VM', 'the points, with their snapshots and states'],
      ['diskferry doctor SITE', 'VMs without a usable point'],
    ],
    failures: [
      'point-unknown',
      'point-incomplete',
      'snapshot-failed',
      'snapshot-needs-detach',
      'snapshot-gone',
      'snapshot-delete-failed',
      'restore-failed',
    ],
    findings: ['recovery-point-missing', 'recovery-point-broken', 'recovery-point-left', 'no-recovery-points-kept'],
  },
  {
    sees: 'A worker does not start',
    means:
      'It looks at its schema, rights, machine and tools first, and says what is missing instead of failing later.',
    look: [
      ['diskferry worker', 'the message names what is missing and the command that gives it'],
      ['diskferry config check --connect', 'whether the configuration is valid, and who of those it names answers'],
    ],
    failures: ['schema-outdated', 'schema-foreign', 'rights-missing', 'appliance-identity'],
    findings: ['schema-drift', 'schema-foreign', 'table-unreadable', 'search-attributes-missing'],
  },
  {
    sees: 'Doctor or repair says something unexpected',
    means:
      'Doctor judges only what it could read, and nothing that a run may be changing at this moment. Repair examines a finding anew before it acts.',
    look: [
      ['diskferry doctor SITE --json', 'the evidence of each finding'],
      ['diskferry repair SITE', 'the plan; nothing is changed without --apply'],
    ],
    failures: ['finding-unknown'],
    findings: ['row-unreadable', 'table-unreadable', 'old-form-path'],
  },
  {
    sees: 'A backup, a restore or an adoption is refused',
    means: 'All of them look first and write in one go; what is refused has changed nothing, or is taken back.',
    look: [
      ['diskferry backup --verify FILE', 'whether a backup is whole'],
      ['diskferry adopt --from URL', 'the assessment: what stands in the way, and what would be written'],
      ['diskferry adopt --undo', 'the way back of an adoption, also of one that was cut off'],
    ],
    failures: [
      'backup-unwritable',
      'backup-unusable',
      'backup-schema-differs',
      'backup-refused',
      'restore-not-quiet',
      'adoption-refused',
      'adoption-writers',
    ],
    findings: ['schema-drift', 'schema-foreign', 'adoption-unfinished', 'vm-left-behind', 'adopted-unverified'],
  },
  {
    sees: 'The demo or "diskferry up" ends with an error',
    means: 'Both run everything on this machine, in a folder of their own. What failed is in its logs.',
    look: [
      ['npm run setup', 'installs what is missing on this machine'],
      ['diskferry up --help', 'where the folder is, and how to choose another'],
    ],
    failures: ['stack-in-use', 'stack-not-started', 'demo-failed'],
    findings: [],
  },
  {
    sees: 'Unexpected error',
    means: 'A fault of Diskferry. The step is tried again, since it may pass, and the log has its place.',
    look: [
      ['diskferry status VM', 'whether the run goes on'],
      ['diskferry explain VM', 'the step in which it was'],
    ],
    failures: ['internal'],
    findings: [],
  },
];
