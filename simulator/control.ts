import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { faultSchema } from './fault-kinds';
import type { Faults } from './faults';
import { Listener, readBody } from './http';
import type { Modes } from './modes';
import type { RequestLog } from './request-log';
import type { JsonValue } from './rows';
import type { Timings } from './world-file';

const restartSchema = z.strictObject({
  /** how long nothing listens */
  downMs: z.number().int().min(0).default(0),
  /** what the hypervisor was asked for comes all the same: a disk stays plugged that the server calls detached */
  hypervisorFinishes: z.boolean().default(false),
});

/** What the control endpoint can do with the running simulator. */
export interface Controlled {
  readonly faults: Faults;
  readonly requests: RequestLog;
  unavailable(ms: number, how: '503' | 'refused'): Promise<void>;
  /** takes back every fault, and ends the time at which nobody answers */
  clearFaults(): Promise<void>;
  restart(options: z.output<typeof restartSchema>): Promise<void>;
  reset(): Promise<void>;
  /** changes the timings that are named, and answers all */
  setTimings(change: Readonly<Record<string, unknown>>): Timings;
  /** the same of the modes */
  setModes(change: Readonly<Record<string, unknown>>): Modes;
  census(): JsonValue;
  /** what a VM's root must hold for it to come up */
  expectBoot(body: unknown): Promise<unknown>;
  contentOf(volumeId: string): Promise<unknown>;
  /** a guest writes to a disk of its own */
  guestWrites(body: unknown): unknown;
}

/** The simulator's own switches: plain JSON over HTTP on a port of its own, unsigned (docs/simulator.md). */
export class ControlServer {
  private readonly listener: Listener;

  constructor(
    private readonly controlled: Controlled,
    address: { readonly host: string; readonly port: number },
  ) {
    this.listener = new Listener((request, response) => {
      this.handle(request, response).catch((error: unknown) => {
        send(response, 400, { error: error instanceof z.ZodError ? z.prettifyError(error) : String(error) });
      });
    }, address);
  }

  async open(): Promise<void> {
    await this.listener.open();
  }

  get endpoint(): string {
    return this.listener.url;
  }

  async close(): Promise<void> {
    await this.listener.close();
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readBody(request);
    const body: unknown = text === '' ? {} : JSON.parse(text);
    const path = (request.url ?? '').replace(/\/+$/, '');
    const answer = await this.act(`${request.method ?? 'GET'} ${path}`, body);
    if (answer === undefined) send(response, 404, { error: `there is no ${request.method ?? 'GET'} ${path}` });
    else send(response, 200, answer);
  }

  private async act(route: string, body: unknown): Promise<unknown> {
    const { faults, requests } = this.controlled;
    switch (route) {
      case 'GET /faults':
        return faults.list();
      case 'POST /faults':
        return { ids: await this.addFaults(body) };
      case 'DELETE /faults':
        await this.controlled.clearFaults();
        return {};
      case 'GET /requests':
        return requests.list();
      case 'DELETE /requests':
        requests.clear();
        return {};
      case 'GET /world':
        return this.controlled.census();
      case 'POST /timings':
        return this.controlled.setTimings(z.record(z.string(), z.unknown()).parse(body));
      case 'GET /modes':
        return this.controlled.setModes({});
      case 'POST /modes':
        return this.controlled.setModes(z.record(z.string(), z.unknown()).parse(body));
      case 'POST /restart':
        await this.controlled.restart(restartSchema.parse(body));
        return {};
      case 'POST /reset':
        await this.controlled.reset();
        return {};
      case 'POST /boot-expectation':
        return await this.controlled.expectBoot(body);
      case 'POST /guest/write':
        return this.controlled.guestWrites(body);
      default: {
        const volumeId = /^GET \/content\/([0-9a-f-]+)$/.exec(route)?.[1];
        if (volumeId !== undefined) return await this.controlled.contentOf(volumeId);
        const [, id, released] =
          /^(?:DELETE \/faults\/([0-9a-f-]+)|POST \/faults\/([0-9a-f-]+)\/release)$/.exec(route) ?? [];
        if (released !== undefined) return faults.release(released) ? {} : undefined;
        return id !== undefined && faults.remove(id) ? {} : undefined;
      }
    }
  }

  /** All of them or none: each is parsed before the first is set. */
  private async addFaults(body: unknown): Promise<string[]> {
    const given = z.array(faultSchema).parse(Array.isArray(body) ? body : [body]);
    const ids: string[] = [];
    for (const fault of given) {
      if (fault.kind === 'unavailable') await this.controlled.unavailable(fault.ms, fault.how);
      else ids.push(this.controlled.faults.add(fault));
    }
    return ids;
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}
