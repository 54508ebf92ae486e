import { failure } from '../domain/failures';
import { sourceVmPath, type SourceVmKey } from '../domain/names';

/**
 * The VM that `[site/][source/]id` names among those that are known.
 *
 * @throws DiskferryFailure `usage` when it has no such form, `vm-unknown`, or `vm-ambiguous` naming the candidates
 */
export function resolveVm<Vm extends SourceVmKey>(argument: string, known: readonly Vm[]): Vm {
  const id = vmIdOf(argument);
  const qualifiers = argument.split('/').slice(0, -1);
  const matches = known.filter(
    (vm) =>
      vm.sourceVmId === id &&
      (qualifiers.length === 2
        ? qualifiers[0] === vm.site && qualifiers[1] === vm.sourceId
        : qualifiers.every((qualifier) => qualifier === vm.site || qualifier === vm.sourceId)),
  );
  const candidates = new Map(matches.map((vm) => [sourceVmPath(vm), vm] as const));
  const [first] = candidates.values();
  if (first === undefined) throw failure('vm-unknown', { vm: argument });
  if (candidates.size > 1) {
    throw failure('vm-ambiguous', { vm: argument, candidates: [...candidates.keys()].sort().join(', ') });
  }
  return first;
}

/**
 * The source VM id of an argument, lower case.
 *
 * @throws DiskferryFailure `usage`
 */
export function vmIdOf(argument: string): string {
  const parts = argument.split('/');
  const id = parts.at(-1)?.toLowerCase() ?? '';
  const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);
  if (isUuid && parts.length <= 3 && parts.every((part) => part !== '')) return id;
  throw failure('usage', {
    problem: `${JSON.stringify(argument)} names no VM: it must be [site/][source/]id, and id the source VM's uuid, as diskferry list shows it`,
    command: 'diskferry',
  });
}
