import type { AgentMocks } from './agent-mocks';
import type { JobQueue } from './call-jobs';
import type { Guests } from './guest';
import type { Lifetime } from './lifetime';
import type { MetFaults } from './met-faults';
import type { Arguments, ParameterTable } from './parameters';
import type { AccountRow, JsonObject, MachineRow, VolumeRow } from './rows';
import type { World } from './world';
import { invalidParameter, permissionDenied } from './api-error';
import type { Release } from './releases';

/** The parts of the simulated server that commands work with. */
export interface Site {
  readonly world: World;
  readonly jobs: JobQueue;
  readonly guests: Guests;
  readonly lifetime: Lifetime;
  readonly agents: AgentMocks;
}

/** One call of a command, authenticated and with its parameters checked. */
export interface Call extends Site {
  readonly caller: AccountRow;
  readonly arguments: Arguments;
  readonly faults: MetFaults;
}

/** One API command. Its name is case-sensitive, its parameters' names are lower case here. */
export interface Command {
  readonly name: string;
  readonly parameters: ParameterTable;
  /** the release that brought it; older ones do not know it */
  readonly since?: Release;
  /** answers what stands inside `{name}response` */
  run(call: Call): JsonObject | Promise<JsonObject>;
}

/** The Java class that `cmd` of a job names: root admins run another one than users. */
export function javaClass(
  caller: AccountRow,
  topic: 'volume' | 'vm' | 'snapshot' | 'vmsnapshot',
  name: string,
): string {
  const base = 'org.apache.cloudstack.api.command';
  return caller.role === 'admin' ? `${base}.admin.${topic}.${name}CmdByAdmin` : `${base}.user.${topic}.${name}Cmd`;
}

/** Root admins may use everything, users what is theirs or of a project of theirs. @throws ApiError 531 */
export function checkAccess(caller: AccountRow, entity: { readonly accountId: string }): void {
  if (caller.role === 'admin' || entity.accountId === caller.id) return;
  if (caller.projectAccounts?.includes(entity.accountId) === true) return;
  throw permissionDenied('Caller does not have permission to operate with provided resource.');
}

/** The volume that a required id names. @throws ApiError 431 when it was expunged, 531 when it is another account's */
export function volumeOf(call: Call, name = 'id'): VolumeRow {
  const volume = call.world.volume(call.arguments.required(name));
  if (volume.removed !== null) {
    throw invalidParameter(`Unable to find UUID for id [${String(volume.number)}] of type [Volume]`);
  }
  checkAccess(call.caller, volume);
  return volume;
}

/** The VM that a required id names. @throws ApiError 431 when it was expunged, 531 when it is another account's */
export function machineOf(call: Call, name = 'id'): MachineRow {
  const machine = call.world.machine(call.arguments.required(name));
  if (machine.removed !== null) {
    throw invalidParameter(`Unable to find UUID for id [${String(machine.number)}] of type [VirtualMachine]`);
  }
  checkAccess(call.caller, machine);
  return machine;
}
