import { type Command, Option } from 'commander';
import { severitySchema, type Severity } from '../domain/finding-table';
import type { CliIo, CommonOptions } from './command-context';
import { commandModules } from './command-modules';
import { contextOf, declare, positiveInteger } from './declare-command';

/** Declares the commands that compare the four truths. */
export function addDoctorCommands(program: Command, io: CliIo): void {
  declare(
    program,
    'doctor',
    'compare database, CloudStack, appliances and Temporal, and say what is wrong; changes nothing. Exit code: 0 well, 3 warnings, 4 errors, 5 critical findings',
    ['diskferry doctor', 'diskferry doctor qc --severity error --json', 'diskferry doctor qc --watch --every 60'],
  )
    .argument('[site]', "a [site.NAME] section of the worker's configuration; all of them without it")
    .addOption(
      new Option('--severity <least>', 'only findings that are this grave or graver')
        .choices(severitySchema.options)
        .default('info' satisfies Severity),
    )
    .option('--watch', 'look again and again, and report whenever the findings change, until Ctrl-C')
    .option('--every <seconds>', 'with --watch: seconds between two looks', positiveInteger, 30)
    .action(
      (site: string | undefined, options: CommonOptions & { severity: Severity; watch?: boolean; every: number }) =>
        commandModules.doctor().run(contextOf(io, options), site, options),
    );

  declare(
    program,
    'repair',
    'show what would mend the findings of doctor, act by act; with --apply do it. Only what is provably ours is touched',
    [
      'diskferry repair                 # the plan for everything that a machine can mend; changes nothing',
      'diskferry repair qc --apply',
      'diskferry repair qc failed-operation/eb5032e1-8461-49ea-8756-3e4fa4000399 --apply',
      'diskferry repair eb5032e1-8461-49ea-8756-3e4fa4000399 --apply   # what doctor finds of this operation',
    ],
  )
    .argument(
      '[names...]',
      'a site, then findings by their ids or by the id of what they are about; all findings without any',
    )
    .option('--apply', 'do it; each finding is examined again just before each act')
    .action((names: string[], options: CommonOptions & { apply?: boolean }) =>
      commandModules.repair().run(contextOf(io, options), names, options),
    );
}
