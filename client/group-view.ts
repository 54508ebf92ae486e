import { setTimeout as sleep } from 'node:timers/promises';
import type { FailoverGroupState } from '../domain/failover-state';
import type { TextStream } from './command-context';
import { ChangeLog, RedrawnPicture } from './pictures';

/** What a group does, as lines for people. */
export function groupLines(state: FailoverGroupState): string[] {
  const stages = Math.max(...state.members.map(({ stage }) => stage));
  return [
    `group ${state.name}: ${state.phase} (stage ${String(state.stage)} of ${String(stages)})`,
    ...state.members.flatMap(({ vm, vmName, stage, outcome, failure }) => [
      `  ${String(stage)}  ${vmName}  ${outcome}  ${vm}`,
      ...(failure === undefined ? [] : [`     ${failure}`]),
    ]),
  ];
}

/** Shows a group as it goes, until all its members are ready or it has ended. */
export async function showGroupLive(
  ask: () => Promise<FailoverGroupState>,
  stream: TextStream,
  intervalMs = 1000,
): Promise<FailoverGroupState> {
  const picture = new RedrawnPicture(stream);
  const log = new ChangeLog(stream);
  for (;;) {
    const state = await ask();
    if (stream.isTTY === true) picture.draw(groupLines(state));
    else writeChanges(log, state);
    if (state.phase === 'ready' || state.phase === 'done' || state.phase === 'failed') return state;
    await sleep(intervalMs);
  }
}

function writeChanges(log: ChangeLog, state: FailoverGroupState): void {
  const [head = ''] = groupLines(state);
  log.line('group', head, head);
  for (const { vm, vmName, outcome, failure } of state.members) {
    const text = `${vmName}: ${outcome}${failure === undefined ? '' : ` (${failure})`}`;
    log.line(vm, text, text);
  }
}
