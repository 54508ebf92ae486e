import type { AdoptedOperation } from '../../database/adopted-operations';
import { volumeOperationKinds } from '../../database/volume-operations';
import { vmOperationKinds } from '../../database/vm-operations';
import { failure } from '../../domain/failures';
import { sourceVmPath } from '../../domain/names';
import { redact } from '../../domain/redact';
import { requireConfigurationFile, type CommandContext } from '../command-context';
import { ofVm, ofVolume, type Operation } from '../explain/operation-sentences';
import { findVm } from '../find-vm';
import { openRecords, type OpenRecords } from '../open-records';
import { showWatched, type WatchOptions } from '../show-watched';
import { labelled } from '../wrapped-text';

export interface OperationsOptions extends WatchOptions {
  readonly failed?: boolean;
  readonly unfinished?: boolean;
  readonly kind?: string;
  readonly limit: number;
}

/**
 * `diskferry operations [VM]`: every call that was to be sent to CloudStack, the latest first. Needs the database only.
 *
 * @throws DiskferryFailure `usage`, and those of {@link findVm}
 */
export async function run(
  context: CommandContext,
  vmArgument: string | undefined,
  options: OperationsOptions,
): Promise<void> {
  checkOptions(options);
  const open = await openRecords(requireConfigurationFile(context), context);
  try {
    const vm = vmArgument === undefined ? undefined : await findVm(undefined, open.records, vmArgument);
    await showWatched(context, options, async () => {
      const operations = await operationsOf(open, { ...(vm && { vm }) }, options);
      const adopted = (await open.operations.adopted.list(vm)).filter((each) => isAskedFor(each, options));
      const lines = [...operations.flatMap(operationLines), ...adopted.flatMap(adoptedLines)];
      return { json: { operations, adopted }, lines: lines.length === 0 ? ['No operations are like that.'] : lines };
    });
  } finally {
    await open.close();
  }
}

function checkOptions({ failed, unfinished, kind }: OperationsOptions): void {
  const kinds: readonly string[] = [...volumeOperationKinds, ...vmOperationKinds];
  const problem =
    failed === true && unfinished === true
      ? 'Give either --failed or --unfinished, not both'
      : kind !== undefined && !kinds.includes(kind)
        ? `There is no kind ${kind}; there are: ${kinds.join(', ')}`
        : undefined;
  if (problem !== undefined) throw failure('usage', { problem, command: 'diskferry operations' });
}

async function operationsOf(
  { operations }: OpenRecords,
  ofWhom: Pick<NonNullable<Parameters<OpenRecords['operations']['vm']['list']>[0]>, 'vm'>,
  { failed, unfinished, kind, limit }: OperationsOptions,
): Promise<Operation[]> {
  const state: Operation['state'] | undefined =
    failed === true ? 'failed' : unfinished === true ? 'recorded' : undefined;
  const filter = { ...ofWhom, limit, ...(state && { state }) };
  const volumeKind = volumeOperationKinds.find((each) => each === kind);
  const vmKind = vmOperationKinds.find((each) => each === kind);
  const [ofVolumes, ofVms] = await Promise.all([
    kind === undefined || volumeKind
      ? operations.volume.list({ ...filter, ...(volumeKind && { kind: volumeKind }) })
      : [],
    kind === undefined || vmKind ? operations.vm.list({ ...filter, ...(vmKind && { kind: vmKind }) }) : [],
  ]);
  return [...ofVolumes.map(ofVolume), ...ofVms.map(ofVm)]
    .sort((one, other) => Date.parse(other.createdAt) - Date.parse(one.createdAt))
    .slice(0, limit)
    .map((operation) => ({
      ...operation,
      ...(operation.failure !== undefined && { failure: redact(operation.failure) }),
    }));
}

function isAskedFor(adopted: AdoptedOperation, { failed, unfinished, kind }: OperationsOptions): boolean {
  if (kind !== undefined && adopted.kind !== kind) return false;
  if (failed === true) return adopted.olderStatus === 'failed';
  return unfinished !== true || (adopted.olderStatus !== 'failed' && adopted.settledBecause === undefined);
}

/** One of the older installation, by its own words, and what came of it. */
function adoptedLines(adopted: AdoptedOperation): string[] {
  const { id, kind, diskKey, volumeId, olderStatus, olderAt, error, settledBecause } = adopted;
  const when = olderAt === undefined ? '' : `  ${olderAt.slice(0, 19).replace('T', ' ')}`;
  return [
    `${olderStatus}  ${kind}  disk ${String(diskKey)}${when}  (of the older installation)`,
    `  of    volume ${volumeId}`,
    `  VM    ${sourceVmPath(adopted)}`,
    `  id    ${id}`,
    ...(error === undefined ? [] : labelled('  said  ', redact(error), 80)),
    ...labelled(
      '  now   ',
      settledBecause === undefined ? `open: diskferry repair ${id}` : `closed: ${settledBecause}`,
      80,
    ),
  ];
}

/** Ids are too long for a table of 80 columns: a block per operation fits. */
function operationLines({
  id,
  vm,
  kind,
  state,
  doubtful,
  diskKey,
  thing,
  jobId,
  failure,
  createdAt,
}: Operation): string[] {
  const disk = diskKey === undefined ? '' : `  disk ${String(diskKey)}`;
  return [
    `${state === 'recorded' ? 'unfinished' : state}  ${kind}${disk}  ${createdAt.slice(0, 19).replace('T', ' ')}${doubtful ? '  (its answer was lost)' : ''}`,
    `  of    ${thing}`,
    `  VM    ${vm}`,
    `  id    ${id}`,
    ...(jobId === undefined ? [] : [`  job   ${jobId}`]),
    ...(failure === undefined ? [] : labelled('  said  ', failure, 80)),
  ];
}
