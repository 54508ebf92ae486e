import type { SelectQueryBuilder } from 'kysely';
import type { SourceVmKey } from '../domain/names';
import type { Tables } from './schema';
import { sourceVmColumns } from './sql-parts';

/** Which rows of the operations on volumes or on failover VMs; what is left out does not matter. */
export interface OperationFilter<Kind extends string> {
  readonly vm?: SourceVmKey;
  readonly firstRunId?: string;
  readonly kind?: Kind;
  readonly state?: 'recorded' | 'done' | 'failed';
  readonly limit?: number;
}

type OperationTable = 'volume_operations' | 'vm_operations';

/** The query for what a filter asks, newest first. */
export function narrowed<T extends OperationTable, O>(
  query: SelectQueryBuilder<Tables, T, O>,
  { vm, firstRunId, kind, state, limit }: OperationFilter<string>,
): SelectQueryBuilder<Tables, T, O> {
  let narrower = query as SelectQueryBuilder<Tables, OperationTable, O>;
  if (vm !== undefined) narrower = narrower.where((eb) => eb.and(sourceVmColumns(vm)));
  if (firstRunId !== undefined) narrower = narrower.where('first_run_id', '=', firstRunId);
  if (kind !== undefined) narrower = narrower.where('kind', '=', kind);
  if (state !== undefined) narrower = narrower.where('state', '=', state);
  return narrower.orderBy('seq', 'desc').limit(limit ?? 100);
}
