import { failoverStepContract, failoverUndoContract, pointWorkContract } from '../support/failover-contract';
import { script } from '../support/failover-hooks';

/** Each does its work once, however often it is called. */
const commands = {
  hooks: new Map([
    ['quiesce', script('exit 0')],
    ['resume', script('exit 0')],
    ['health', script('exit 0')],
    ['guest', script('printf prepared | dd of="$DISKFERRY_BOOT_DEVICE" conv=notrunc status=none')],
  ]),
};
/** Hooks of a source VM look at no disk of ours. */
const noDisks = { commands, changesReplicas: true, diskKeys: [], arrange: () => Promise.resolve() };

failoverStepContract('quiesceSource', noDisks);
failoverUndoContract('resumeSource', 'quiesceSource', { ...noDisks, withoutStep: 'undone' });
pointWorkContract('runHook', {
  ...noDisks,
  act: ({ vm }, { activities }) => activities.runHook({ ...vm, hook: 'health', purpose: 'health', withinMs: 1_000 }),
});
failoverStepContract('prepareGuest', {
  commands,
  raisesGeneration: true,
  diskKeys: [2000],
  arrange: (journey, actor) => journey.runThrough(actor, 'completePoint'),
});
