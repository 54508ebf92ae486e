import type { VolumeFilter } from '../cloudstack/api-parameters';
import type { VmRef } from '../domain/step-io';

/** What a listing of volumes must name besides the volume: CloudStack leaves out a project's volumes otherwise, even by id. */
export function listScope(vm: Pick<VmRef, 'projectId'>): Pick<VolumeFilter, 'projectId'> {
  return vm.projectId === undefined ? {} : { projectId: vm.projectId };
}
