import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType, type SearchAttributePair } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { searchAttributeNames, sourceVmPath, type SourceVmKey } from '../domain/names';

const names: readonly string[] = Object.values(searchAttributeNames);

/**
 * Which of Diskferry's search attributes the namespace lacks. Where the server does not let us ask, all count as lacking:
 * an unregistered one would refuse the start, and block an upsert for ever.
 */
export async function missingSearchAttributes(temporalClient: Client): Promise<string[]> {
  try {
    const answer = await temporalClient.connection.operatorService.listSearchAttributes({
      namespace: temporalClient.options.namespace,
    });
    return names.filter((name) => answer.customAttributes[name] === undefined);
  } catch {
    return [...names];
  }
}

/** Registers the search attributes that are missing, as Keyword. Throws what the server answers. */
export async function registerSearchAttributes(temporalClient: Client, missing: readonly string[]): Promise<void> {
  const keyword = temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD;
  await temporalClient.connection.operatorService.addSearchAttributes({
    namespace: temporalClient.options.namespace,
    searchAttributes: Object.fromEntries(missing.map((name) => [name, keyword])),
  });
}

/** The command that an operator with the rights runs instead. */
export function registerCommand(namespace: string, missing: readonly string[]): string {
  const flags = missing.map((name) => `--name ${name} --type Keyword`).join(' ');
  return `temporal operator search-attribute create --namespace ${namespace} ${flags}`;
}

/** What a run is started with, so that it can be found by site, VM and phase. */
export function startSearchAttributes(vm: SourceVmKey, phase: string): SearchAttributePair[] {
  const keyword = (name: string, value: string): SearchAttributePair => ({
    key: defineSearchAttributeKey(name, SearchAttributeType.KEYWORD),
    value,
  });
  return [
    keyword(searchAttributeNames.site, vm.site),
    keyword(searchAttributeNames.vm, sourceVmPath(vm)),
    keyword(searchAttributeNames.phase, phase),
  ];
}
