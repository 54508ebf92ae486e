import { describe, expect, test } from '@jest/globals';
import { judgeAttachHistory } from '../../activities/attach-history';
import { atLeast } from '../../activities/begin-copy';
import { believedAttached } from '../../activities/believed-attached';
import { pickVolume } from '../../activities/find-created';
import { judgeAttachment } from '../../site/judge-attachment';
import { whyNotDelete } from '../../activities/judge-deletion';
import { describeJob, leavesDoubt } from '../../activities/judge-job';
import { judgeOwner } from '../../site/judge-owner';
import { judgeVolume } from '../../activities/judge-volume';
import { isKnownRefusal } from '../../activities/known-refusals';
import { stableUuid } from '../../activities/stable-uuid';
import { compareTags } from '../../site/volume-tags';
import type { VirtualMachine, Volume } from '../../cloudstack/api';
import type { VolumeOperation } from '../../database/volume-operations';
import type { VolumeRecord } from '../../database/volumes';

const VOLUME = 'c6ef61d1-300f-442a-86e5-111111111111';
const HERE = '1c266316-503d-451d-9392-9585a6fcba41';
const ELSEWHERE = '7d0f4a52-6c1e-4f0b-8a55-2b1f3c9e6d42';

const volume = (fields: Partial<Volume> = {}): Volume => ({
  id: VOLUME,
  name: 'diskferry-pgtest1-2001-0badcafe',
  size: 2 ** 30,
  state: 'Ready',
  type: 'DATADISK',
  zoneid: 'zone',
  diskofferingid: 'offering',
  tags: [],
  ...fields,
});

const operation = (
  kind: VolumeOperation['kind'],
  state: VolumeOperation['state'],
  fields: Partial<VolumeOperation> = {},
): VolumeOperation => ({
  id: 'operation',
  kind,
  state,
  site: 'test',
  sourceId: 'vcenter',
  sourceVmId: '420570c7-f61f-a930-77c5-1e876786cb3c',
  diskKey: 2001,
  attempt: 1,
  volumeId: VOLUME,
  vmId: HERE,
  choseVolumeId: false,
  doubtful: false,
  workflowId: 'replicate-vm/…',
  firstRunId: 'this-run',
  runId: 'this-run',
  activityId: '1',
  epoch: 1,
  createdAt: '2026-11-22T18:00:00Z',
  updatedAt: '2026-11-22T18:00:00Z',
  ...fields,
});

describe('judgeAttachment: a listing says where a volume is', () => {
  test.each([
    ['nothing is listed', [], { verdict: 'gone' }],
    ['only others are listed', [volume({ id: ELSEWHERE })], { verdict: 'gone' }],
    ['Expunged', [volume({ state: 'Expunged' })], { verdict: 'gone' }],
    ['Ready, no VM', [volume()], { verdict: 'detached' }],
    ['Allocated, no VM', [volume({ state: 'Allocated' })], { verdict: 'detached' }],
    ['Destroy is still there', [volume({ state: 'Destroy' })], { verdict: 'detached' }],
    [
      'Ready on the appliance',
      [volume({ virtualmachineid: HERE, deviceid: 4 })],
      { verdict: 'attached-here', deviceId: 4 },
    ],
    [
      'Allocated on a VM that was never started',
      [volume({ state: 'Allocated', virtualmachineid: HERE, deviceid: 1 })],
      { verdict: 'attached-here', deviceId: 1 },
    ],
    [
      'on another VM',
      [volume({ virtualmachineid: ELSEWHERE, vmname: 'b', deviceid: 1 })],
      { verdict: 'attached-elsewhere', vmId: ELSEWHERE, vmName: 'b' },
    ],
    [
      'a pending job decides over everything',
      [volume({ virtualmachineid: HERE, jobid: 'j', jobstatus: 0 })],
      { verdict: 'pending', jobId: 'j' },
    ],
    ['a job that ended says nothing', [volume({ jobid: 'j', jobstatus: 1 })], { verdict: 'detached' }],
    ['Attaching', [volume({ state: 'Attaching' })], { verdict: 'pending', jobId: 'state Attaching' }],
    ['Expunging', [volume({ state: 'Expunging' })], { verdict: 'pending' }],
  ] as const)('%s', (_sentence, listing, verdict) => {
    expect(judgeAttachment(listing, VOLUME, HERE)).toMatchObject(verdict);
  });
});

describe('leavesDoubt: which ends of a job leave open what the hypervisor did', () => {
  const failed = (errortext?: string) => ({
    jobstatus: 2,
    ...(errortext === undefined ? {} : { jobresult: { errortext } }),
  });
  test.each([
    ['forgotten', undefined, true],
    ['no result, as after a restart', failed(), true],
    ['cancelled', { jobstatus: 3 }, true],
    [
      'blocking others',
      failed('Unable to serialize: Job is cancelled as it has been blocking others for too long'),
      true,
    ],
    [
      'detach timed out',
      failed('Could not detach volume after sending the command and waiting for [10000] milliseconds.'),
      true,
    ],
    ['agent down', failed('Failed to attach volume a to VM b. Please contact your system administrator.'), true],
    ['refused before the hypervisor', failed('Please specify a volume that is not attached to any VM.'), false],
    ['succeeded', { jobstatus: 1 }, false],
  ])('%s: %p → %p', (_sentence, job, doubt) => {
    expect(leavesDoubt(job)).toBe(doubt);
  });

  test('a job is described in its own words, or by how it ended', () => {
    expect(describeJob(failed(' full '))).toBe('full');
    expect(describeJob(failed())).toContain('restart of the management server');
    expect(describeJob(undefined)).toContain('does not know');
  });
});

describe('judgeAttachHistory and believedAttached: what the operation rows tell', () => {
  const ref = {
    site: 'test',
    sourceId: 'vcenter',
    sourceVmId: '420570c7-f61f-a930-77c5-1e876786cb3c',
    vmName: 'pgtest1',
    applianceId: HERE,
    firstRunId: 'this-run',
    attempt: 1,
    diskKey: 2001,
    volumeId: VOLUME,
    volumeBytes: 2 ** 30,
  };
  test.each([
    ['no attach', [operation('create', 'done')], 'never'],
    ['an earlier run attached', [operation('attach', 'done', { firstRunId: 'an-earlier-run' })], 'never'],
    ['another VM', [operation('attach', 'done', { vmId: ELSEWHERE })], 'never'],
    ['attached by us', [operation('attach', 'recorded', { found: { attached: false } })], 'attached-by-us'],
    ['found attached', [operation('attach', 'done', { found: { attached: true } })], 'found-attached'],
    [
      'the first act counts, not a later look',
      [
        operation('attach', 'failed', { found: { attached: false } }),
        operation('attach', 'done', { found: { attached: true } }),
      ],
      'attached-by-us',
    ],
  ])('%s', (_sentence, operations, history) => {
    expect(judgeAttachHistory(operations, ref)).toBe(history);
  });

  test.each([
    ['nothing was done', [], false],
    ['attached', [operation('attach', 'done')], true],
    ['attached and detached', [operation('attach', 'done'), operation('detach', 'done')], false],
    ['a detach that failed', [operation('attach', 'done'), operation('detach', 'failed')], true],
    ['an attach that failed', [operation('attach', 'failed')], false],
    ['not final', [operation('attach', 'recorded')], true],
    ['a delete says nothing', [operation('delete', 'recorded')], false],
  ])('believed attached: %s', (_sentence, operations, attached) => {
    expect(believedAttached(operations)).toBe(attached);
  });
});

describe('whyNotDelete: what keeps a volume from being deleted by an undo', () => {
  const record = (fields: Partial<VolumeRecord> = {}) =>
    ({ createdByFirstRunId: 'this-run', copyBegun: false, ...fields }) as VolumeRecord;
  test.each([
    ['made by us, empty', volume(), record(), undefined],
    ['made by us, the create was cut off', volume(), undefined, undefined],
    ['made by another run', volume(), record({ createdByFirstRunId: 'x' }), 'earlier run'],
    ['the database says a copy began', volume(), record({ copyBegun: true }), 'a copy has begun'],
    [
      'only the tag says so: a database from a backup',
      volume({ tags: [{ key: 'diskferry-data', value: 'begun' }] }),
      record(),
      'diskferry-data',
    ],
    [
      'the tag says so and the database knows nothing',
      volume({ tags: [{ key: 'diskferry-data', value: 'begun' }] }),
      undefined,
      'diskferry-data',
    ],
    ['protected', volume({ deleteprotection: true }), record(), 'protected'],
    ['attached', volume({ virtualmachineid: ELSEWHERE }), record(), ELSEWHERE],
  ])('%s', (_sentence, listed, known, why) => {
    const reason = whyNotDelete(listed, known, 'this-run');
    if (why === undefined) expect(reason).toBeUndefined();
    else expect(reason).toContain(why);
  });
});

describe('pickVolume: which of several volumes of one name is the one', () => {
  const a = volume({ id: 'a', created: '2026-11-22T18:00:02+0000' });
  const b = volume({ id: 'b', created: '2026-11-22T18:00:01+0000' });
  const tagged = volume({
    id: 'c',
    created: '2026-11-22T18:00:03+0000',
    tags: [{ key: 'diskferry-owner', value: 'w' }],
  });
  const attached = volume({ id: 'd', created: '2026-11-22T18:00:04+0000', virtualmachineid: HERE });
  test.each([
    ['the known id', [a, b, tagged], 'a', 'a'],
    ['a known id that is not listed has no stand-in', [b], 'a', undefined],
    ['the oldest', [a, b], undefined, 'b'],
    ['the tagged one before the oldest', [a, b, tagged], undefined, 'c'],
    ['the attached one before all', [a, b, tagged, attached], undefined, 'd'],
    ['none', [], undefined, undefined],
  ])('%s', (_sentence, listing, known, picked) => {
    expect(pickVolume(listing, known)?.id).toBe(picked);
  });
});

describe('small judgements', () => {
  test('judgeVolume names what is not as it must be', () => {
    const wanted = { bytes: 2 ** 30, zoneId: 'zone', offeringId: 'offering' };
    expect(judgeVolume(volume(), wanted)).toEqual([]);
    expect(judgeVolume(volume({ size: 2 ** 20 }), wanted)).toEqual(['it holds 1 MiB, 1 GiB are needed']);
    expect(
      judgeVolume(volume({ zoneid: 'z', diskofferingid: 'o', type: 'ROOT', state: 'Destroy' }), wanted),
    ).toHaveLength(4);
  });

  test('compareTags tells missing from different', () => {
    const listed = volume({ tags: [{ key: 'a', value: '1' }] });
    expect(compareTags(listed, { a: '1', b: '2' })).toEqual({ missing: { b: '2' }, different: [] });
    expect(compareTags(listed, { a: '2' }).different).toEqual(['tag a is "1", not "2"']);
  });

  test('judgeOwner: volumes and appliance must belong to one owner', () => {
    const key = { account: 'admin', domainid: 'root' };
    const appliance = (fields: Partial<VirtualMachine>) =>
      ({
        id: HERE,
        name: 'a',
        state: 'Running',
        nic: [],
        account: 'admin',
        domainid: 'root',
        ...fields,
      }) as VirtualMachine;
    expect(judgeOwner(appliance({}), {}, key)).toBeUndefined();
    expect(judgeOwner(appliance({ account: 'x' }), {}, key)?.applianceOwner).toContain('account x');
    expect(judgeOwner(appliance({ account: 'x' }), { account: 'x', domainId: 'root' }, key)).toBeUndefined();
    expect(judgeOwner(appliance({ domainid: 'd' }), { account: 'admin', domainId: 'root' }, key)).toBeDefined();
    expect(judgeOwner(appliance({ projectid: 'p', account: undefined }), { projectId: 'p' }, key)).toBeUndefined();
    expect(judgeOwner(appliance({ projectid: 'p' }), {}, key)?.applianceOwner).toBe('project p');
  });

  test.each([
    ['createVolume', 'Volume size: 2048 GB is out of allowed range. Min: 1. Max: 1024', true],
    [
      'attachVolume',
      'Unable to attach volume to Instance a/b, please specify an Instance that does not have Instance Snapshots',
      true,
    ],
    ['attachVolume', 'Unable to attach volume to VM a/b, please specify a VM that does not have VM snapshots', true],
    ['attachVolume', 'Please specify a volume that is not attached to any VM.', false],
    ['attachVolume', 'Failed to attach volume a to VM b; No more available PCI slots', false],
  ] as const)('%s: %s → known refusal %p', (command, text, known) => {
    expect(isKnownRefusal(command, text)).toBe(known);
  });

  test('versions and stable ids', () => {
    expect(['4.19.3.0', '4.20.0.0', '4.22.1.0', '5.0'].map((version) => atLeast(version, 4, 20))).toEqual([
      false,
      true,
      true,
      true,
    ]);
    expect(stableUuid('a')).toBe(stableUuid('a'));
    expect(stableUuid('a')).not.toBe(stableUuid('b'));
    expect(stableUuid('a')).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  });
});
