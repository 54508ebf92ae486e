import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunningStack } from '../stack/local-stack';
import { ownEnvironment } from '../stack/own-process';
import { type CommandContext, commandContext } from './command-context';
import { stackEventText, startStackOrFail } from './stack-failure';
import { listenForStop, StoppedError, type StopWish } from './stop-wish';

/** Says what happens: on standard output, or on standard error where that holds JSON only. */
export type Say = (line?: string) => void;

/** A demo that is under way. */
export interface Demo {
  /** the whole stack stays up until Ctrl-C, for whoever wants to look at it */
  readonly keep: boolean;
  readonly directory: string;
  readonly say: Say;
  readonly stop: StopWish;
}

export interface DemoStory {
  /** what it is about, said before anything is started */
  readonly opening: readonly string[];
  /** Plays it on a stack that is up. @returns what `--json` prints */
  readonly tell: (stack: RunningStack, demo: Demo) => Promise<object>;
}

/** Runs a demo: a whole stack in one folder, the story, and everything stopped at its end. */
export async function runDemo(context: CommandContext, options: { keep: boolean }, story: DemoStory): Promise<void> {
  const stream = context.json ? context.io.stderr : context.io.stdout;
  const say: Say = (line = '') => void stream.write(`${line}\n`);
  const directory = context.stateDirectory ?? (await mkdtemp(join(tmpdir(), 'diskferry-demo-')));
  const stop = listenForStop();
  let summary: object | undefined;
  let failed = true;
  try {
    summary = await onStack({ ...options, directory, say, stop }, story);
    failed = false;
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
    failed = false;
    say('Stopped before the end.');
    process.exitCode = 130;
  } finally {
    stop.dispose();
    if (context.stateDirectory !== undefined) say(`State, data and logs are kept in ${directory}`);
    else if (failed) say(`State, data and logs are kept to look at in ${directory}`);
    else await rm(directory, { recursive: true, force: true });
  }
  if (summary !== undefined) context.printJson(summary);
}

async function onStack(demo: Demo, { opening, tell }: DemoStory): Promise<object> {
  const { directory, say, stop } = demo;
  for (const line of opening) say(line);
  say(`Starting it all in ${directory}`);
  const stack = await startStackOrFail({
    stateDirectory: directory,
    synchronous: 'NORMAL',
    onEvent: (event) => {
      const text = stackEventText(event);
      if (text !== undefined) say(`  ${text}`);
    },
  });
  try {
    stop.signal.throwIfAborted();
    say(`  Temporal's web page: ${stack.temporalUiUrl}/namespaces/default/workflows`);
    return await tell(stack, demo);
  } finally {
    await stack.stop();
  }
}

/** Where commands of the demo run: against its own stack, whatever the caller's environment says. */
export function contextOnStack(context: CommandContext, stack: RunningStack): CommandContext {
  const io = { ...context.io, env: ownEnvironment(context.io.env) };
  return commandContext(io, { state: stack.folder.directory, json: context.json });
}

/** Keeps everything up until Ctrl-C, where that is asked for; `tries` are commands worth a try meanwhile. */
export async function lingerIfAsked({ keep, say, stop }: Demo, tries: readonly string[]): Promise<void> {
  if (keep) {
    say();
    say('Everything stays up. Ctrl-C stops it. In another terminal:');
    for (const command of tries) say(`  ${command}`);
    await stop.wished;
  }
  say('Stopping.');
}
