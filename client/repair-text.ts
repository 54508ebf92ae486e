import type { RepairOutcome } from '../domain/repair-io';
import type { PlannedRepair } from './repair-plans';
import { labelled } from './wrapped-text';

const WIDTH = 80;

/** What would be done, finding by finding. */
export function planLines(planned: readonly PlannedRepair[]): string[] {
  return planned.flatMap(({ finding, plan }, index) => [
    ...(index === 0 ? [] : ['']),
    plan.title,
    `  id:    ${finding.id}`,
    ...labelled('  what:  ', finding.message, WIDTH),
    ...(plan.refused === undefined
      ? plan.acts.flatMap(({ says }, act) => labelled(`  ${String(act + 1)}.     `, says, WIDTH))
      : labelled('  not:   ', plan.refused, WIDTH)),
  ]);
}

/** A VM by its name and id; where its name is not known it is called by its id, and that is enough once. */
export function repairedVm({ vmName, sourceVmId }: { readonly vmName: string; readonly sourceVmId: string }): string {
  return vmName === sourceVmId ? sourceVmId : `${vmName} (${sourceVmId})`;
}

const words: Readonly<Record<RepairOutcome['outcome'], string>> = {
  mended: 'mended',
  'gone-already': 'was gone already; nothing was done',
  refused: 'refused; nothing was done',
  failed: 'FAILED',
};

/** What was done. */
export function outcomeLines(outcomes: readonly RepairOutcome[]): string[] {
  return outcomes.flatMap(({ findingId, outcome, done, reason }) => [
    `${findingId}: ${words[outcome]}`,
    ...done.flatMap((each) => labelled('  - ', each, WIDTH)),
    ...(reason === undefined ? [] : labelled('  because: ', reason, WIDTH)),
  ]);
}
