import { failure } from '../../domain/failures';
import type { CommandContext } from '../command-context';
import { stackEventText, startStackOrFail } from '../stack-failure';
import { listenForStop } from '../stop-wish';

/**
 * `diskferry up --state DIR`: keeps a whole stack up in the foreground until Ctrl-C; the same ports and data the next time. With
 * `--json` one object when it is up, then one per event.
 */
export async function run(context: CommandContext): Promise<void> {
  const { stateDirectory } = context;
  if (stateDirectory === undefined) {
    throw failure('usage', {
      problem: 'Name the folder that keeps its data: --state DIR, or set DISKFERRY_STATE',
      command: 'diskferry up',
    });
  }
  const stop = listenForStop();
  try {
    context.print(`Starting a stack in ${stateDirectory}`);
    const stack = await startStackOrFail({
      stateDirectory,
      synchronous: 'FULL',
      onEvent: (event) => {
        const text = stackEventText(event);
        if (text !== undefined) context.print(`  ${text}`);
        context.printJson({ event });
      },
    });
    try {
      const { folder, simulator, temporalUiUrl } = stack;
      context.printJson({
        up: {
          state: folder.directory,
          temporal: `127.0.0.1:${String(folder.ports.temporal)}`,
          temporalUi: temporalUiUrl,
          database: `mysql://diskferry@127.0.0.1:${String(folder.ports.mariadb)}/diskferry`,
          cloudStack: simulator.endpoint,
          simulatorControl: simulator.controlEndpoint,
        },
      });
      context.print('It is up.');
      context.print(`  Temporal's web page    ${temporalUiUrl}`);
      context.print(`  CloudStack (simulated) ${simulator.endpoint}, switches at ${simulator.controlEndpoint}`);
      context.print(`  logs                   ${folder.path('logs')}`);
      context.print(`In another terminal: export DISKFERRY_STATE=${folder.directory}`);
      context.print('Ctrl-C stops it.');
      await stop.wished;
      context.print('Stopping.');
    } finally {
      await stack.stop();
    }
  } finally {
    stop.dispose();
  }
}
