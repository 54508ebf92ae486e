/**
 * What was set by `configureSimulator`: how the simulator hypervisor of a real server answers the commands that the server
 * sends to its agents (SimulatorManagerImpl.simulate). A contract suite sets such faults on a real server and here alike.
 */

/** Simple class names of the agent commands that are acted; others can be set, and are never met. */
export type AgentCommand =
  'AttachCommand' | 'DettachCommand' | 'CreateObjectCommand' | 'DeleteCommand' | 'StartCommand' | 'StopCommand';

interface AgentMock {
  readonly id: number;
  readonly name: string;
  /** `wait:1500|result:fail`, as it was sent */
  readonly value: string;
  /** the agent's whole answer, `{"<class>":{…}}` */
  readonly jsonResponse: string | undefined;
  /** calls that it still applies to; undefined until it is cleaned up */
  readonly count: number | undefined;
}

/** An agent's refusal. A plain `Answer` is of another class than the server expects of some commands. */
export interface AgentRefusal {
  readonly details: string;
  readonly plain: boolean;
}

export interface AgentConduct {
  readonly waitMs: number;
  readonly refusal?: AgentRefusal;
}

export class AgentMocks {
  private readonly mocks = new Map<number, AgentMock>();
  private lastId = 0;

  /** One per agent command: setting it again replaces it under the same id. */
  configure(mock: Omit<AgentMock, 'id'>): AgentMock {
    const before = [...this.mocks.values()].find((each) => each.name === mock.name);
    const configured = { ...mock, id: before?.id ?? (this.lastId += 1) };
    this.mocks.set(configured.id, configured);
    return configured;
  }

  get(id: number): AgentMock | undefined {
    return this.mocks.get(id);
  }

  remove(id: number): boolean {
    return this.mocks.delete(id);
  }

  clear(): void {
    this.mocks.clear();
  }

  /** How the agent takes one command. `result:fault` uses up no count: the real one's exception skips the counting. */
  meet(command: AgentCommand): AgentConduct {
    const mock = [...this.mocks.values()].find((each) => each.name === command);
    if (mock === undefined || mock.count === 0) return { waitMs: 0 };
    const options = optionsOf(mock.value);
    const waitMs = Number(options.get('wait') ?? '0') || 0;
    const result = options.get('result')?.toLowerCase();
    if (result === 'fault') {
      return { waitMs, refusal: { details: 'java.lang.Exception: Simulated fault', plain: true } };
    }
    if (mock.count !== undefined) this.mocks.set(mock.id, { ...mock, count: mock.count - 1 });
    if (result === 'fail') return { waitMs, refusal: { details: 'Simulated failure', plain: true } };
    const refusal = mock.jsonResponse === undefined ? undefined : refusalIn(mock.jsonResponse);
    return { waitMs, ...(refusal !== undefined && { refusal }) };
  }
}

/** The description of the command says `;`, its code splits at `|`. */
function optionsOf(value: string): Map<string, string> {
  const options = new Map<string, string>();
  for (const option of value.split('|')) {
    const split = option.indexOf(':');
    if (split > 0) options.set(option.slice(0, split).trim().toLowerCase(), option.slice(split + 1).trim());
  }
  return options;
}

/** The refusal in a whole answer, `{"org.….AttachAnswer":{"result":false,"details":"…"}}`; what is no JSON is passed over. */
function refusalIn(jsonResponse: string): AgentRefusal | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(jsonResponse);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const [entry] = Object.entries(parsed);
  const answer: unknown = entry?.[1];
  if (entry === undefined || typeof answer !== 'object' || answer === null) return undefined;
  if (!('result' in answer) || answer.result !== false) return undefined;
  const details = 'details' in answer && typeof answer.details === 'string' ? answer.details : '';
  return { details, plain: entry[0] === 'com.cloud.agent.api.Answer' };
}
