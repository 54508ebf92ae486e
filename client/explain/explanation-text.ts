import { labelled } from '../wrapped-text';
import type { Explanation } from './explanation';
import { phaseSentence } from './phase-sentences';
import { isFailoverWorkflowId } from '../failover-next';

/** An explanation as lines for people, none longer than `width` where words allow it. */
export function explanationLines(explanation: Explanation, width: number): string[] {
  const { vm, vmName, workflowId, phase, timeline, failing, takenBack, waitsFor, next, missing } = explanation;
  const run = isFailoverWorkflowId(workflowId) ? 'failover' : 'replication';
  const list = (title: string, sentences: readonly string[]): string[] =>
    sentences.length === 0 ? [] : [title, ...sentences.flatMap((sentence) => labelled('  - ', sentence, width))];
  return [
    `${vmName ?? ''} ${vm}`.trim(),
    ...labelled('  ', phaseSentence(phase, run), width),
    ...labelled('  ', `workflow ${workflowId}`, width),
    'What happened (UTC)',
    ...(timeline.length === 0 ? ['  nothing is known'] : []),
    ...timeline.flatMap(({ at, text }) => labelled(`  ${at.slice(0, 19).replace('T', ' ')}  `, text, width)),
    ...(failing === undefined
      ? []
      : [
          'The call that failed',
          ...labelled('  call:     ', callText(failing), width),
          ...labelled('  failure:  ', failing.message, width),
          ...(failing.ownWords === undefined ? [] : labelled('  in its own words: ', failing.ownWords, width)),
        ]),
    ...list('Taken back or kept', takenBack),
    ...list('It waits for', waitsFor),
    ...list('What to do next', next),
    ...list('Not known', missing),
  ];
}

function callText({ call, diskKey, code, operationId, jobId }: NonNullable<Explanation['failing']>): string {
  return [
    `${call}${diskKey === undefined ? '' : ` of disk ${String(diskKey)}`}${code === undefined ? '' : ` (${code})`}`,
    ...(operationId === undefined ? [] : [`operation ${operationId}`]),
    ...(jobId === undefined ? [] : [`CloudStack job ${jobId}`]),
  ].join(', ');
}
