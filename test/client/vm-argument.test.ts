import { describe, expect, test } from '@jest/globals';
import { resolveVm } from '../../client/vm-argument';
import { vmOfWorkflowId } from '../../client/list-replications';
import { replicationWorkflowId, releaseWorkflowId, sourceVmPath } from '../../domain/names';
import { failureOf, vmId } from './support';

const other = '5a0570c7-f61f-a930-77c5-1e876786cb3c';
const known = [
  { site: 'qc', sourceId: 'vcenter-a', sourceVmId: vmId },
  { site: 'qc', sourceId: 'vcenter-b', sourceVmId: vmId },
  { site: 'on', sourceId: 'qc', sourceVmId: vmId },
  { site: 'qc', sourceId: 'vcenter-a', sourceVmId: other },
  { site: 'qc', sourceId: 'vcenter-a', sourceVmId: other },
];

describe('[site/][source/]id', () => {
  test.each([
    [other, `qc/vcenter-a/${other}`],
    [other.toUpperCase(), `qc/vcenter-a/${other}`],
    [`qc/${other}`, `qc/vcenter-a/${other}`],
    [`vcenter-b/${vmId}`, `qc/vcenter-b/${vmId}`],
    [`on/${vmId}`, `on/qc/${vmId}`],
    [`qc/vcenter-a/${vmId}`, `qc/vcenter-a/${vmId}`],
  ])('%s is one VM', (argument, expected) => {
    expect(sourceVmPath(resolveVm(argument, known))).toBe(expected);
  });

  test.each([
    ['one that nobody knows', '00000000-0000-0000-0000-000000000000', 'vm-unknown'],
    ['one of another site', `on/${other}`, 'vm-unknown'],
    ['site and source the wrong way round', `vcenter-a/qc/${vmId}`, 'vm-unknown'],
    ['an ambiguous one', vmId, 'vm-ambiguous'],
    ['a word that is a site and a source', `qc/${vmId}`, 'vm-ambiguous'],
    ['a name', 'pgtest1', 'usage'],
    ['too many parts', `a/b/c/${vmId}`, 'usage'],
    ['an empty part', `/${vmId}`, 'usage'],
  ])('%s is refused', (_what, argument, code) => {
    expect(failureOf(() => resolveVm(argument, known)).code).toBe(code);
  });

  test('an ambiguous one names its candidates whole', () => {
    expect(failureOf(() => resolveVm(vmId, known)).message).toBe(
      `VM ${vmId} could be any of: on/qc/${vmId}, qc/vcenter-a/${vmId}, qc/vcenter-b/${vmId}`,
    );
  });
});

test('a workflow id of ours leads back to its VM, another does not', () => {
  const vm = { site: 'qc', sourceId: 'vcenter-a', sourceVmId: vmId };
  expect(vmOfWorkflowId(replicationWorkflowId(vm))).toEqual(vm);
  expect(vmOfWorkflowId(releaseWorkflowId(vm))).toEqual(vm);
  expect(vmOfWorkflowId(`plan-replication/qc/vcenter-a/${vmId}`)).toBeUndefined();
  expect(vmOfWorkflowId(`${replicationWorkflowId(vm)}/more`)).toBeUndefined();
});
