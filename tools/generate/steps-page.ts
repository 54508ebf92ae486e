import { failoverSteps, failoverUndos, pointWork } from '../../domain/failover-steps';
import { healthHook } from '../../domain/health-hook';
import { repairWork } from '../../domain/repair-steps';
import { steps, undos, type StepRow, type UndoRow } from '../../domain/steps';
import { code, generatedNotice, markdownTable } from './markdown';

const queues = {
  main: 'diskferry',
  site: 'diskferry-site-{site}',
  appliance: 'diskferry-appliance-{vm_id}',
  'appliance-copy': 'diskferry-appliance-{vm_id}-copy',
} as const;

type Step = Omit<StepRow, 'undo'> & { readonly undo: readonly string[]; readonly of?: 'disk' | 'vm' };

/** docs/steps.md, from the tables of steps. */
export function stepsPage(): string {
  return [
    generatedNotice,
    '# Steps and undos',
    '',
    'A step observes first: where the wanted state is there and ours, it is done; otherwise it acts, and observes again until that is proven. The undo of a step is owed before the step begins.',
    '',
    '## Replication',
    '',
    'Each disk of a VM goes through these steps. The exports are opened only when every disk of the VM is mapped.',
    '',
    ...tables(steps, undos),
    '## Recovery points, failover and the ways back',
    '',
    'Which of them a run takes, and in which order: [failover.md](failover.md). Going back runs what is owed newest first, whole stages one after another: all disks leave the failover VM before it is removed.',
    '',
    ...tables(failoverSteps, failoverUndos, { ...pointWork, runHook: healthHook }),
    '## Repair',
    '',
    'A repair takes the steps and undos above, and these of its own. Its plan is made anew before each of them: [repair.md](repair.md).',
    '',
    does('work', repairWork),
    '',
    changes(Object.entries(repairWork)),
    '',
  ].join('\n');
}

function tables(
  ofSteps: Readonly<Record<string, Step>>,
  ofUndos: Readonly<Record<string, UndoRow>>,
  beside: Readonly<Record<string, UndoRow>> = {},
): string[] {
  const inOrder = Object.entries(ofSteps).sort(([, one], [, other]) => one.order - other.order);
  const ofOne = inOrder.some(([, row]) => row.of !== undefined);
  return [
    markdownTable(
      ['step', ...(ofOne ? ['of'] : []), 'does', 'a repeated call finds its own work by', 'proven by', 'undo'],
      inOrder.map(([name, row]) => [
        code(name),
        ...(ofOne ? [row.of === 'vm' ? 'the VM' : 'each disk'] : []),
        row.does,
        row.findsOwnWorkBy,
        row.provenBy,
        row.undo.map(code).join(', then ') || 'none',
      ]),
    ),
    '',
    '### Undos',
    '',
    does('undo', ofUndos),
    '',
    ...(Object.keys(beside).length === 0 ? [] : ['### Beside the steps', '', does('work', beside), '']),
    '### Where they run, what they change, how they fail',
    '',
    'Effects come in this order; each can be failed or killed on both sides with `DISKFERRY_FAILPOINTS`. Failures link to [troubleshooting.md](troubleshooting.md).',
    '',
    changes([...inOrder, ...Object.entries(ofUndos), ...Object.entries(beside)]),
    '',
  ];
}

/** Where activities run, what they change, how they fail. */
function changes(rows: readonly (readonly [string, Pick<UndoRow, 'queue' | 'effects' | 'failures'>])[]): string {
  return markdownTable(
    ['activity', 'task queue', 'effects', 'failures'],
    rows.map(([name, row]) => [
      code(name),
      code(queues[row.queue]),
      row.effects.map(code).join(' ') || 'none',
      row.failures.map((failure) => `[${failure}](troubleshooting.md#${failure})`).join(' ') || 'none of its own',
    ]),
  );
}

function does(what: string, rows: Readonly<Record<string, UndoRow>>): string {
  return markdownTable(
    [what, 'does', 'proven by'],
    Object.entries(rows).map(([name, row]) => [code(name), row.does, row.provenBy]),
  );
}
