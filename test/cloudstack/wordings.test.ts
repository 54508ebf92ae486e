import { describe, expect, test } from '@jest/globals';
import type { CloudStackErrorKind } from '../../cloudstack/errors';
import { holderIn, kindOfFailure } from '../../cloudstack/kind-of-failure';
import { wordings } from '../../cloudstack/wordings';
import { answerText, scenarios } from './recordings';

const errorTexts = scenarios
  .flatMap(({ steps }) => steps)
  .flatMap((step) => [...answerText(step).matchAll(/"errortext":("(?:[^"\\]|\\.)*")/g)])
  .map(([, text = '""']) => String(JSON.parse(text)));

test.each(wordings.filter(({ known }) => known === 'recorded').map(({ words }) => words))('%p is recorded', (words) => {
  expect(errorTexts.filter((text) => words.test(text))).not.toEqual([]);
});

test.each(wordings.filter(({ known }) => known !== 'recorded').map(({ words }) => words))(
  '%p is not recorded: else the table should say so',
  (words) => {
    expect(errorTexts.filter((text) => words.test(text))).toEqual([]);
  },
);

describe('the words of several releases mean the same', () => {
  const cases: [CloudStackErrorKind, string][] = [
    ['gone', 'Unable to find UUID for id [6] of type [Volume]'],
    ['gone', 'Unable to find volume with ID: 42'],
    ['conflict', 'Please specify a volume that is not attached to any VM.'],
    ['conflict', 'Please specify a volume that is not attached to any Instance.'],
    ['conflict', 'This volume is already attached to a VM.'],
    ['conflict', 'volume: data is already attached to a VM: appliance-b'],
    ['conflict', 'Volume: data is in Attaching. It should be in Ready or Allocated state'],
    ['conflict', 'There are snapshot operations in progress on the volume, unable to delete it'],
    ['conflict', 'There are other active Instance Snapshot tasks on the Instance, please try again later'],
    [
      'conflict',
      'There is other active snapshot tasks on the VM to which the volume is attached, please try again later',
    ],
    [
      'conflict',
      'There is other active Instance Snapshot tasks on the Instance to which the volume is attached, please try again later',
    ],
    [
      'refused',
      'KVM Snapshot is not supported for Running VMs. It is disabled by default due to a possible corruption',
    ],
    ['refused', 'Please specify a VM that is either running or stopped.'],
    ['refused', 'Please specify a VM that is on of the following states: [Running, Stopped].'],
    ['refused', 'Unable to attach volume to VM a/b, please specify a VM that does not have VM snapshots'],
    [
      'refused',
      'Unable to attach volume to Instance a/b, please specify an Instance that does not have Instance Snapshots',
    ],
    ['refused', 'words that nobody has seen'],
  ];
  test.each(cases)('%s: %s', (kind, text) => {
    expect(kindOfFailure({ errorCode: 431, csErrorCode: 4350, text }, 'answer')).toBe(kind);
    expect(kindOfFailure({ errorCode: 530, text }, 'job')).toBe(kind);
  });
});

describe('codes say what the words do not', () => {
  const cases: [CloudStackErrorKind, number, number | undefined][] = [
    ['unauthorized', 401, undefined],
    ['unauthorized', 432, 9999],
    ['unauthorized', 511, undefined],
    ['unavailable', 429, 4545],
    ['unavailable', 503, undefined],
    ['conflict', 530, 4300],
    ['conflict', 536, 4375],
    ['outcome-unknown', 530, 4560],
    ['refused', 530, 4250],
    ['refused', 535, 4370],
  ];
  test.each(cases)('%s: %d / %p', (kind, errorCode, csErrorCode) => {
    expect(kindOfFailure({ errorCode, csErrorCode, text: '' }, 'answer')).toBe(kind);
  });
});

describe('the holder of a conflict, where the words name it', () => {
  test.each([
    [
      'deviceId 1 is used by vol Volume {"id":19,"instanceId":3,"name":"lim-0","uuid":"u-1"} on vm VM instance {"uuid":"u-2"}',
      { id: 'u-1', name: 'lim-0' },
    ],
    ['volume: data is already attached to a VM: appliance-b', { name: 'appliance-b' }],
    ['tag owner already on Volume with id u-3', { id: 'u-3' }],
    ['Please specify a volume that is not attached to any VM.', undefined],
    ['words that nobody has seen', undefined],
  ])('%s', (text, holder) => {
    expect(holderIn(text, 'job')).toEqual(holder);
  });
});
