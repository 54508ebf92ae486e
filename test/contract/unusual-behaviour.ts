/** Where a behaviour is tested: by a recorded step that is replayed, or by a check or a test with that name. */
export type Proof =
  /** `says` stands in the recorded answer of the step with this note, or in the end of its job */
  | { readonly scenario: string; readonly note: string; readonly says: string }
  | { readonly check: string }
  | { readonly file: string; readonly test: string };

export interface Behaviour {
  /** what was done, as the reference says it */
  readonly row: string;
  readonly shownBy: readonly [Proof, ...Proof[]];
}

const in_ =
  (scenario: string) =>
  (note: string, says: string): Proof => ({ scenario, note, says });

const customId = in_('custom-id');
const customJobId = in_('custom-job-id');
const lifecycle = in_('volume-lifecycle');
const deviceIds = in_('device-ids-and-limit');
const queue = in_('attach-queue-one-vm');
const straggler = in_('straggler-detach-behind-a-queue');
const vmStates = in_('vm-states');
const failover = in_('failover');
const snapshots = in_('volume-snapshots');
const detachedSnapshots = in_('snapshot-revert-detached');
const bothIds = in_('create-both-ids');
const protection = in_('delete-protection');
const faults = in_('hypervisor-faults');
const restart = in_('restart-during-attach');
const permissions = in_('permissions-of-a-normal-user');
const authentication = in_('authentication');
const enforcement = in_('post-enforcement');

const notAttached = 'Please specify a volume that is not attached to any VM.';
const alreadyExists = "already exists so can't create/update with custom id";
const noPermission = 'Caller does not have permission to operate with provided resource.';
const unverified = 'unable to verify user credentials and/or request signature';
const deviceIdRange = 'deviceId should be 0,1,2,4-7';
const diskLimit = 'The specified VM already has the maximum number of data disks (6) attached.';
const isProtected = 'has delete protection enabled and cannot be deleted.';

/** Each row of the reference's table of what a running 4.22.1.0 answered (§7), in its order. */
export const seenOnARealServer: readonly Behaviour[] = [
  {
    row: 'createVolume twice with one `customid` (root admin)',
    shownBy: [customId('same customid again', alreadyExists)],
  },
  {
    row: 'the same after the volume was expunged',
    shownBy: [
      customId('customid of an expunged volume', 'Entity already exists '),
      customId('list by name', '{"listvolumesresponse":{}}'),
    ],
  },
  {
    row: '`customid` as a normal user',
    shownBy: [customId('customid as a normal user', 'you are not allowed to create/update custom id')],
  },
  {
    row: '`customid`/`customjobid` in upper case',
    shownBy: [
      customId('customid in upper case', "doesn't follow the UUID format"),
      customJobId('upper-case customjobid', "doesn't follow the UUID format"),
    ],
  },
  {
    row: 'createVolume twice with one `customjobid`',
    shownBy: [
      customJobId('same createVolume again with the same customjobid', 'Entity already exists '),
      customJobId('the resend left a second volume', '"count":2'),
    ],
  },
  {
    row: '`queryAsyncJobResult` with a `customjobid` never sent',
    shownBy: [customJobId('job not known yet', 'entity does not exist')],
  },
  {
    row: 'attachVolume again with the same `customjobid` while it runs / after it ended',
    shownBy: [
      customJobId('same attach again while it runs', alreadyExists),
      customJobId('same attach again after it completed', 'Entity already exists '),
    ],
  },
  {
    row: 'attach again to the same VM, to another VM, no customjobid',
    shownBy: [lifecycle('attach again to the same VM', notAttached), lifecycle('attach to another VM', notAttached)],
  },
  {
    row: 'attach deviceid 3, 99',
    shownBy: [
      deviceIds('attach with deviceid 3 (reserved)', deviceIdRange),
      deviceIds('attach with deviceid 99', deviceIdRange),
    ],
  },
  {
    row: 'attach deviceid 0 while the VM runs with a root',
    shownBy: [
      deviceIds(
        'attach with deviceid 0 while there is a root',
        'Root volume detach can happen only when vm is in states: Stopped or Destroyed',
      ),
    ],
  },
  {
    row: 'automatic device ids of six attaches',
    shownBy: [
      deviceIds('attach 3, automatic', '"deviceid":4'),
      deviceIds('attach 6, automatic', '"deviceid":7'),
      deviceIds('attach 7, automatic', diskLimit),
    ],
  },
  {
    row: 'three attaches to one VM sent at once (hypervisor 1.5 s each)',
    shownBy: [queue('volumes meanwhile', '"state":"Allocated"'), queue('job 3', '"deviceid":4')],
  },
  {
    row: 'detach sent twice, the second waiting behind other work of VM A while the volume is attached to VM B',
    shownBy: [
      straggler('where the volume is', '"virtualmachineid":"${applianceB}"'),
      straggler('job of the second detach', '"jobstatus":1'),
      straggler('where the volume is, in the end', '"state":"Ready"'),
    ],
  },
  { row: 'one volume attached to two VMs at once', shownBy: [{ check: 'one volume attached to two VMs at once' }] },
  {
    row: 'attach to a VM never started',
    shownBy: [vmStates('volume', '"state":"Allocated"'), vmStates('volume after start', '"state":"Ready"')],
  },
  {
    row: 'destroyVirtualMachine without expunge',
    shownBy: [
      vmStates('volume of a destroyed VM', '"state":"Ready"'),
      vmStates('detach from the destroyed VM', 'The specified volume is not attached to a VM.'),
    ],
  },
  {
    row: 'attach to a destroyed / expunged VM',
    shownBy: [
      vmStates('attach to the destroyed VM', 'Please specify a VM that is either running or stopped.'),
      vmStates('attach to the expunged VM', 'of type [VirtualMachine]'),
    ],
  },
  {
    row: 'destroy with expunge, data volume not named in `volumeids` / named',
    shownBy: [
      failover('both volumes are still there', '"count":2'),
      { check: 'destroy with expunge, data volume not named in volumeids and named' },
    ],
  },
  {
    row: 'stopVirtualMachine on a stopped VM',
    shownBy: [vmStates('stop again', '"jobstatus":1'), vmStates('start again', 'is already running')],
  },
  {
    row: 'detach the root of a stopped VM',
    shownBy: [
      failover('the former root', '"type":"DATADISK"'),
      failover('attach it as root, deviceid 0', '"type":"ROOT"'),
      failover('attach it as root, without deviceid', '"deviceid":1'),
    ],
  },
  {
    row: 'start a VM without a root',
    shownBy: [failover('start a VM without root', 'Unable to create deployment, no usable volumes found for the VM: ')],
  },
  {
    row: 'createSnapshot of an Allocated volume',
    shownBy: [
      snapshots('snapshot of an Allocated volume', 'is not in Ready state but Allocated. Cannot take snapshot.'),
    ],
  },
  { row: 'createVolume from a snapshot', shownBy: [snapshots('volume from the snapshot', '"state":"Ready"')] },
  {
    row: 'revertSnapshot while the VM runs',
    shownBy: [
      snapshots(
        'revert while attached to a running VM',
        'The Instance the specified disk is attached to is not in the shutdown state.',
      ),
    ],
  },
  { row: 'delete a deleted snapshot', shownBy: [snapshots('delete the snapshot again', 'is already destroyed')] },
  {
    row: 'createVolume with `customid` and `customjobid`, sent again whole',
    shownBy: [bothIds('sent again whole', alreadyExists), bothIds('one volume', '"count":1')],
  },
  {
    row: '`deleteprotection=true` (updateVolume), then deleteVolume / destroyVolume',
    shownBy: [
      protection('delete a protected Allocated volume', isProtected),
      protection('delete it while attached', notAttached),
      protection('destroy it', isProtected),
    ],
  },
  {
    row: 'createSnapshot of a detached volume',
    shownBy: [
      detachedSnapshots('snapshot while detached', '"state":"Allocated"'),
      detachedSnapshots('the snapshots survive', '"state":"BackedUp"'),
    ],
  },
  {
    row: 'revertSnapshot of a detached volume',
    shownBy: [
      detachedSnapshots('revert while detached', 'because this command is supported only for KVM hypervisor'),
      detachedSnapshots('a volume from a snapshot of a deleted volume', '"state":"Ready"'),
    ],
  },
  { row: 'resizeVolume, larger, attached', shownBy: [{ check: 'resizeVolume, larger and smaller, attached' }] },
  { row: 'a VM snapshot exists', shownBy: [{ check: 'a VM snapshot forbids attach and detach' }] },
  {
    row: 'storage refuses at first attach',
    shownBy: [
      faults('storage creation fails at first attach', 'due to [Simulated failure].'),
      faults('volume after', '"state":"Allocated"'),
    ],
  },
  {
    row: 'hypervisor refuses the attach',
    shownBy: [
      faults('hypervisor refuses the attach', '"jobstatus":2'),
      faults('volume after the refusal', '"state":"Ready"'),
    ],
  },
  {
    row: 'storage refuses the delete',
    shownBy: [
      faults('delete fails on storage', 'Failed to expunge the volume'),
      faults('delete again', '"success":true'),
    ],
  },
  {
    row: 'server killed during an attach, started again',
    shownBy: [
      restart('the job after the restart', '"jobresultcode":530'),
      restart('the volume after the restart', '"state":"Ready"'),
      restart('job of the second attach', '"jobstatus":1'),
    ],
  },
  {
    row: 'server down / starting',
    shownBy: [{ check: 'a server that is down refuses the connection, then answers at once' }],
  },
  {
    row: 'command not allowed for the role',
    shownBy: [permissions('admin-only command', 'The API [listHosts] does not exist or is not available')],
  },
  {
    row: 'unknown command, wrong case, none',
    shownBy: [
      authentication('unknown command', '"errorresponse":'),
      authentication('wrong case of the command', '"errorresponse":'),
      authentication('no command', '"null":'),
    ],
  },
  {
    row: "another account's volume, VM or job",
    shownBy: [
      permissions("attach another account's volume", noPermission),
      permissions("attach own volume to another account's VM", noPermission),
      permissions("query another account's job", 'is not authorized to see job id='),
      permissions("list another account's volume by id", '{"listvolumesresponse":{}}'),
    ],
  },
  {
    row: '`enforce.post.requests.and.timestamps` on (after a restart)',
    shownBy: [
      enforcement('create by GET', 'needs to be sent using POST request'),
      enforcement('list by GET without timestamp', unverified),
      enforcement('list with an expiry of 20 minutes', unverified),
    ],
  },
  {
    row: 'createTags with a key that is there / deleteTags of one that is not',
    shownBy: [{ check: 'createTags with a key that is there, deleteTags of one that is not' }],
  },
];

/** Each check that the reference asks reviewers to make against a real server (§5.6), in its order. */
export const askedForOfReviewers: readonly Behaviour[] = [
  {
    row: 'signature vectors + `~`, `*`, unicode names',
    shownBy: [
      { file: 'sign.test.ts', test: 'signature vectors' },
      authentication('value a~b', '{"listvolumesresponse":{}}'),
      authentication('value a*b', '{"listvolumesresponse":{}}'),
      authentication('value é€', '{"listvolumesresponse":{}}'),
    ],
  },
  { row: 'listVolumes empty shape', shownBy: [authentication('empty value', '{"listvolumesresponse":{}}')] },
  {
    row: 'createVolume answer has id+jobid, state Allocated',
    shownBy: [
      lifecycle('create a volume', '"id":"${uuid1}","jobid":"${uuid2}"'),
      lifecycle('volume is Allocated: nothing on storage yet', '"state":"Allocated"'),
    ],
  },
  {
    row: 'same customid twice (root) and as normal user (531)',
    shownBy: [customId('same customid again', alreadyExists), customId('customid as a normal user', '"errorcode":531')],
  },
  {
    row: 'same customjobid twice on createVolume (expect a second Allocated row) and on attachVolume running/completed (431/530)',
    shownBy: [
      customJobId('the resend left a second volume', '"count":2'),
      customJobId('same attach again while it runs', '"errorcode":431'),
      customJobId('same attach again after it completed', '"errorcode":530'),
    ],
  },
  { row: 'attach same pair twice (431 in job)', shownBy: [lifecycle('attach again to the same VM', notAttached)] },
  { row: 'attach to two VMs at once', shownBy: [{ check: 'one volume attached to two VMs at once' }] },
  {
    row: 'deviceid 3, used deviceid, 7th disk (limit 6)',
    shownBy: [
      deviceIds('attach with deviceid 3 (reserved)', deviceIdRange),
      deviceIds('attach 2, deviceid in use', 'deviceId 1 is used by vol'),
      deviceIds('attach 7, automatic', diskLimit),
    ],
  },
  {
    row: 'detach twice',
    shownBy: [lifecycle('detach again', 'The specified volume is not attached to a VM.')],
  },
  { row: 'delete while attached', shownBy: [lifecycle('delete while attached', notAttached)] },
  {
    row: 'delete twice (two different 431 texts)',
    shownBy: [
      lifecycle('delete again', 'Unable to find UUID for id ['),
      lifecycle('delete an id that never existed', 'entity does not exist'),
    ],
  },
  {
    row: 'VM stopped/never started',
    shownBy: [
      vmStates('attach while stopped', '"vmstate":"Stopped"'),
      vmStates('attach to the VM never started', '"state":"Allocated"'),
    ],
  },
  { row: 'restart during attach', shownBy: [restart('the job after the restart', '"jobstatus":2')] },
  {
    row: 'job expiry (set `job.expire.minutes` small)',
    shownBy: [{ check: 'an expired job is as unknown as one never sent' }],
  },
  {
    row: 'throttling on for a normal user',
    shownBy: [{ check: 'the request limit holds for a normal user and not for the root admin' }],
  },
  {
    row: '`enforce.post.requests.and.timestamps` on',
    shownBy: [enforcement('create by GET', '"errorcode":400'), enforcement('create by POST', '"jobid":')],
  },
  { row: 'tag filter OR', shownBy: [{ check: 'several tags are OR-ed' }] },
  { row: 'name filter exact', shownBy: [{ check: 'the name filter is exact, the keyword is not' }] },
  { row: '4.22.1 queryAsyncJobResult by resource', shownBy: [{ check: 'queryAsyncJobResult by resource' }] },
];
