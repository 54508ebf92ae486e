import type { CloudStackErrorKind, Holder } from './errors';
import { meaningOf } from './wordings';

/** CloudStack's own failure, of an answer or of a job. */
interface OwnFailure {
  readonly errorCode: number | undefined;
  readonly csErrorCode?: number | undefined;
  readonly text: string;
}

/** CloudStack: ApiErrorCode. */
const kindOfCode: ReadonlyMap<number, CloudStackErrorKind> = new Map([
  [401, 'unauthorized'],
  [432, 'unauthorized'],
  [511, 'unauthorized'],
  [429, 'unavailable'],
  [503, 'unavailable'],
]);

/** CloudStack: CSExceptionErrorCode, and the two codes of the API that say the same. */
const concurrentOperation = 4300;
const resourceInUse = 4375;
const operationTimedOut = 4560;
const inUse: ReadonlySet<number | undefined> = new Set([536, 537, concurrentOperation, resourceInUse]);

/** The kind of a failure in CloudStack's own words: by code where a code says it, by the words where one code means many things. */
export function kindOfFailure(failure: OwnFailure, stage: 'answer' | 'job'): CloudStackErrorKind {
  const { errorCode, csErrorCode, text } = failure;
  const byCode = stage === 'answer' && errorCode !== undefined ? kindOfCode.get(errorCode) : undefined;
  if (byCode !== undefined) return byCode;
  const byWords = meaningOf(text, stage)?.kind;
  if (byWords !== undefined) return byWords;
  if (inUse.has(errorCode) || inUse.has(csErrorCode)) return 'conflict';
  return csErrorCode === operationTimedOut ? 'outcome-unknown' : 'refused';
}

/** Who holds what a conflict is about, where the words name it. */
export function holderIn(text: string, stage: 'answer' | 'job'): Holder | undefined {
  const groups = meaningOf(text, stage)?.words.exec(text)?.groups;
  const { holderId: id, holderName: name } = groups ?? {};
  if (id === undefined && name === undefined) return undefined;
  return { ...(id !== undefined && { id }), ...(name !== undefined && { name: name.trim().replace(/\.$/, '') }) };
}
