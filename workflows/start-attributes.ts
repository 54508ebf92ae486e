import { SearchAttributeType, defineSearchAttributeKey } from '@temporalio/common';
import type { SourceVmKey } from '../domain/names';
import { searchAttributeNames, sourceVmPath } from '../domain/names';

/** Options of a child workflow of one VM, so that it is found by site, VM and phase as one that a client started. */
export function startAttributes(vm: SourceVmKey, registered: boolean) {
  const keyword = (name: string, value: string) => ({
    key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
    value,
  });
  if (!registered) return {};
  return {
    typedSearchAttributes: [
      keyword(searchAttributeNames.site, vm.site),
      keyword(searchAttributeNames.vm, sourceVmPath(vm)),
      keyword(searchAttributeNames.phase, 'preflight'),
    ],
  };
}
