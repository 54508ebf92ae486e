import { type Finding, finding } from '../../domain/findings';
import { placeOf, type View } from '../view';

/** An adoption that was cut off, and VMs that a finished one left with the older installation. */
export function judgeAdoption(view: View): Finding[] {
  const { site, survey, holdings, listed } = view;
  const adoption = survey?.adoption;
  if (survey === undefined || adoption === undefined) return [];
  const { id: adoptionId, beganAt: when } = adoption;
  if (adoption.state === 'begun') {
    if (adoption.atWork) return [];
    return [finding('adoption-unfinished', { site, subject: adoptionId }, { adoptionId, when })];
  }
  const replicated = new Set(survey.rows.vm_disks.map(({ sourceVmId }) => sourceVmId));
  return adoption.leftBehind
    .filter(({ sourceVmId }) => !replicated.has(sourceVmId))
    .map(({ contextId, vmName, status, volumes }) => {
      const places = volumes.map((id) => `CloudStack: volume ${id} is ${placeOf(listed.get(id))}`);
      const about = { site, subject: contextId, evidence: holdings === undefined ? [] : places };
      return finding('vm-left-behind', about, {
        contextId,
        vmName,
        status,
        volumes: volumes.join(', ') || 'none known',
      });
    });
}
