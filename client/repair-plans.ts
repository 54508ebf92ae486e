import { examine } from '../doctor/examine';
import { planRepair, repairOrder } from '../doctor/plan-repair';
import { knownOf, type Truths } from '../doctor/truths';
import { viewOf } from '../doctor/view';
import type { Finding } from '../domain/findings';
import { failure } from '../domain/failures';
import type { RepairPlan } from '../domain/repair-io';

/** A finding that a repair was asked for, with what would be done about it. */
export interface PlannedRepair {
  readonly finding: Finding;
  readonly named: boolean;
  readonly plan: RepairPlan;
}

/**
 * Plans for what was found: for the findings that are named, by their ids or by what they are about (an operation's or volume's bare
 * id); without names for all that a machine can mend.
 *
 * @throws DiskferryFailure `finding-unknown` when a name fits nothing that is found now
 */
export function planRepairs(all: readonly Truths[], names: readonly string[]): readonly PlannedRepair[] {
  const seen = new Map<string, { finding: Finding; truths: Truths }>();
  for (const truths of all) {
    for (const finding of examine(truths)) if (!seen.has(finding.id)) seen.set(finding.id, { finding, truths });
  }
  const findings = [...seen.values()];
  for (const name of names) {
    if (findings.some(({ finding }) => isCalled(finding, name))) continue;
    const ids = findings.map(({ finding }) => finding.id).join(', ');
    const working = all.flatMap(
      ({ temporal }) => knownOf(temporal)?.openRuns.map(({ workflowId }) => workflowId) ?? [],
    );
    throw failure('finding-unknown', {
      finding: name,
      found: ids === '' ? 'nothing' : ids,
      working: [...new Set(working)].join(', ') || 'none',
    });
  }
  const rank = ({ kind }: Finding): number => {
    const place = repairOrder.indexOf(kind);
    return place === -1 ? repairOrder.length : place;
  };
  return findings
    .map(({ finding, truths }) => ({ finding, truths, named: names.some((name) => isCalled(finding, name)) }))
    .filter(({ finding, named }) => named || (names.length === 0 && finding.repair !== 'no'))
    .sort((a, b) => rank(a.finding) - rank(b.finding))
    .map(({ finding, truths, named }) => ({ finding, named, plan: planRepair(viewOf(truths), finding, named) }));
}

/** By its id, or by the last part of it: the bare id of an operation, a volume, a run. */
function isCalled({ id }: Finding, name: string): boolean {
  const wanted = name.toLowerCase();
  return id.toLowerCase() === wanted || id.toLowerCase().endsWith(`/${wanted}`);
}
