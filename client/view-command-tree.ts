import type { Command } from 'commander';
import { durationSchema } from '../domain/duration';
import type { CliIo, CommonOptions } from './command-context';
import { commandModules } from './command-modules';
import type { ListOptions } from './commands/list';
import type { OperationsOptions } from './commands/operations';
import { bySchema, commaSeparated, contextOf, declare, positiveInteger, uuid, VM } from './declare-command';
import type { WatchOptions } from './show-watched';

/** Declares the commands that list what there is. */
export function addViewCommands(program: Command, io: CliIo): void {
  watchable(
    declare(program, 'list', 'replications, the latest first', [
      'diskferry list',
      'diskferry list --site qc --limit 10',
      'diskferry list --needs-attention --watch',
      'diskferry list --phase copying,verifying --older-than 2h   # those that began longer ago',
    ]),
  )
    .option('--site <name>', 'only those of one site')
    .option('--phase <names>', 'only those in one of these phases, separated by commas', commaSeparated)
    .option('--needs-attention', 'only those that wait for a person: held or needs_attention')
    .option('--older-than <duration>', 'only those that began longer ago, such as 2h', bySchema(durationSchema))
    .option('--younger-than <duration>', 'only those that began since, such as 7d', bySchema(durationSchema))
    .option('--limit <count>', 'at most so many', positiveInteger, 50)
    .action((options: CommonOptions & ListOptions) => commandModules.list().run(contextOf(io, options), options));

  watchable(
    declare(program, 'operations', 'every call that was to be sent to CloudStack, the latest first', [
      'diskferry operations --unfinished',
      'diskferry operations 420570c7-f61f-a930-77c5-1e876786cb3c --failed',
      'diskferry operations --kind attach --limit 10 --json',
    ]),
  )
    .argument('[vm]', `${VM}; all VMs without it`)
    .option('--failed', 'only those that failed')
    .option('--unfinished', 'only those whose end is not recorded')
    .option('--kind <kind>', 'only create, attach, detach, delete, snapshot, deploy, … operations')
    .option('--limit <count>', 'at most so many', positiveInteger, 50)
    .action((vm: string | undefined, options: CommonOptions & OperationsOptions) =>
      commandModules.operations().run(contextOf(io, options), vm, options),
    );

  watchable(
    declare(program, 'exports', 'NBD exports that stand now', [
      'diskferry exports',
      'diskferry exports --appliance 1c266316-503d-451d-9392-9585a6fcba41 --watch',
    ]),
  )
    .option('--appliance <id>', 'only those on one appliance, by its uuid', uuid)
    .action((options: CommonOptions & WatchOptions & { appliance?: string }) =>
      commandModules.exports().run(contextOf(io, options), options),
    );
}

function watchable(command: Command): Command {
  return command
    .option('--watch', 'look again and again, and show it whenever it changes, until Ctrl-C')
    .option('--every <seconds>', 'with --watch: seconds between two looks', positiveInteger, 5);
}
