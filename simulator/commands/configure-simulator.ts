import { ApiError } from '../api-error';
import type { Command } from '../call';
import type { JsonObject } from '../rows';

/**
 * configureSimulator: how the hypervisor answers one kind of agent command, as the simulator hypervisor of a real server takes it
 * (CloudStack: plugins/hypervisors/simulator). The scope of zone, pod, cluster and host is read over: there is one of each.
 */
export const configureSimulator: Command = {
  name: 'configureSimulator',
  parameters: {
    name: { type: 'text', required: true },
    value: { type: 'text', required: true },
    count: { type: 'long' },
    // A list may be longer than 255 characters; it is read as the one text that it is.
    jsonresponse: { type: 'list' },
  },
  run({ agents, arguments: given }) {
    const jsonResponse = given.text('jsonresponse');
    const mock = agents.configure({
      name: given.required('name'),
      value: given.required('value'),
      count: given.long('count'),
      jsonResponse: jsonResponse === '' ? undefined : jsonResponse,
    });
    return { simulatormock: mockAnswer(mock) };
  },
};

/** querySimulatorMock: what is left of its count. */
export const querySimulatorMock: Command = {
  name: 'querySimulatorMock',
  parameters: { id: { type: 'long' } },
  run({ agents, arguments: given }) {
    const mock = agents.get(given.long('id') ?? 0);
    if (mock === undefined) throw new ApiError(530, 'Failed to query mock');
    return { simulatormock: mockAnswer(mock) };
  },
};

/** cleanupSimulatorMock: the hypervisor answers as ever. */
export const cleanupSimulatorMock: Command = {
  name: 'cleanupSimulatorMock',
  parameters: { id: { type: 'long' } },
  run({ agents, arguments: given }) {
    if (!agents.remove(given.long('id') ?? 0)) throw new ApiError(530, 'Failed to cleanup mock');
    return { success: true };
  },
};

function mockAnswer({
  id,
  name,
  count,
}: {
  readonly id: number;
  readonly name: string;
  readonly count: number | undefined;
}): JsonObject {
  return { id, name, count };
}
