import type { AgentCommand, AgentConduct, AgentRefusal } from './agent-mocks';
import type { Call } from './call';

/**
 * Sends one command to the hypervisor of a VM, waits for it, and has its effect unless it refuses. A VM that does not run has
 * nobody to ask: only the time passes. Faults of time and mocks set by `configureSimulator` meet the call here.
 *
 * @returns the hypervisor's refusal; undefined when there is none
 * @throws ServerStopped when the server ended meanwhile
 */
export async function askHypervisor(
  call: Call,
  vmId: string,
  command: AgentCommand,
  ms: number,
  effect: () => void,
): Promise<AgentRefusal | undefined> {
  const { world, agents, faults, lifetime } = call;
  const running = world.machine(vmId).state === 'Running';
  const { refusal, waitMs }: AgentConduct = running ? agents.meet(command) : { waitMs: 0 };
  const working = lifetime.atHypervisor(ms + waitMs + faults.delayMs('work'), () => {
    if (refusal === undefined && world.machine(vmId).state === 'Running') effect();
  });
  faults.restartAt('hypervisor', lifetime);
  await working;
  return refusal;
}

/** Sends one command to the storage's agent and waits for it. @returns its refusal @throws ServerStopped */
export async function askStorage(call: Call, command: AgentCommand, ms: number): Promise<AgentRefusal | undefined> {
  const { refusal, waitMs } = call.agents.meet(command);
  if (ms + waitMs > 0) await call.lifetime.wait(ms + waitMs);
  return refusal;
}

/**
 * How a refused attach ends in the server's text. It casts the answer to AttachAnswer; a plain one fails at that, and the
 * class loader's number is that of the recording (fixture hypervisor-faults).
 */
export function attachRefusalText({ details, plain }: AgentRefusal): string {
  if (!plain) return `; ${details}`;
  const [given, wanted] = ['com.cloud.agent.api.Answer', 'org.apache.cloudstack.storage.command.AttachAnswer'];
  const loader = 'unnamed module of loader org.eclipse.jetty.webapp.WebAppClassLoader @3074575a';
  return ` due to: class ${given} cannot be cast to class ${wanted} (${given} and ${wanted} are in ${loader})`;
}
