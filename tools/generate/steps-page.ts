import { steps, undos } from '../../domain/steps';
import { code, generatedNotice, markdownTable } from './markdown';

const queues = {
  main: 'diskferry',
  site: 'diskferry-site-{site}',
  appliance: 'diskferry-appliance-{vm_id}',
  'appliance-copy': 'diskferry-appliance-{vm_id}-copy',
} as const;

/** docs/steps.md, from the table of steps. */
export function stepsPage(): string {
  const inOrder = Object.entries(steps).sort(([, one], [, other]) => one.order - other.order);
  return [
    generatedNotice,
    '# Steps and undos',
    '',
    'Each disk of a VM goes through these steps. A step observes first: where the wanted state is there and ours, it is done; otherwise it acts, and observes again until that is proven. The undo of a step is owed before the step begins. The exports are opened only when every disk of the VM is mapped.',
    '',
    markdownTable(
      ['step', 'does', 'a repeated call finds its own work by', 'proven by', 'undo'],
      inOrder.map(([name, row]) => [
        code(name),
        row.does,
        row.findsOwnWorkBy,
        row.provenBy,
        row.undo.map(code).join(', then ') || 'none',
      ]),
    ),
    '',
    '## Undos',
    '',
    markdownTable(
      ['undo', 'does', 'proven by'],
      Object.entries(undos).map(([name, row]) => [code(name), row.does, row.provenBy]),
    ),
    '',
    '## Where they run, what they change, how they fail',
    '',
    'Effects come in this order; each can be failed or killed on both sides with `DISKFERRY_FAILPOINTS`. Failures link to [failures.md](failures.md).',
    '',
    markdownTable(
      ['activity', 'task queue', 'effects', 'failures'],
      [...inOrder, ...Object.entries(undos)].map(([name, row]) => [
        code(name),
        code(queues[row.queue]),
        row.effects.map(code).join(' ') || 'none',
        row.failures.map((failure) => `[${failure}](failures.md#${failure})`).join(' ') || 'none of its own',
      ]),
    ),
    '',
  ].join('\n');
}
