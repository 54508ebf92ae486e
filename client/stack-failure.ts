import { DiskferryFailure, failure } from '../domain/failures';
import { FolderLockedError } from '../stack/folder-lock';
import { type RunningStack, type StackOptions, startStack } from '../stack/local-stack';
import type { StackEvent } from '../stack/supervisor';

/**
 * {@link startStack}, with its errors as the failures that commands show.
 *
 * @throws DiskferryFailure `stack-in-use` or `stack-not-started`
 */
export async function startStackOrFail(options: StackOptions): Promise<RunningStack> {
  try {
    return await startStack(options);
  } catch (error) {
    if (error instanceof DiskferryFailure) throw error;
    const directory = options.stateDirectory;
    if (error instanceof FolderLockedError) {
      throw failure('stack-in-use', { directory, holder: error.holder }, { cause: error });
    }
    const cause = error instanceof Error ? error.message : String(error);
    throw failure('stack-not-started', { directory, cause }, { cause: error });
  }
}

/** One line about what happened to a part of the stack; undefined for what nobody needs to read. */
export function stackEventText({ part, kind, processId, reason }: StackEvent): string | undefined {
  switch (kind) {
    case 'ready':
      return `${part}: ready (process ${String(processId)})`;
    case 'died':
      return `${part}: process ${String(processId)} ended (${reason ?? 'no reason known'}); starting it again`;
    case 'failed':
      return `${part}: could not be started (${reason ?? 'no reason known'}); trying again`;
    case 'stopped':
      return `${part}: stopped`;
    case 'starting':
    case 'stopping':
      return undefined;
  }
}
