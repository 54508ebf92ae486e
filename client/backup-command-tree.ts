import type { Command } from 'commander';
import type { CliIo, CommonOptions } from './command-context';
import { commandModules } from './command-modules';
import type { AdoptOptions } from './commands/adopt';
import type { RestoreCommandOptions } from './commands/restore';
import { contextOf, declare } from './declare-command';

/** Declares `backup`, `restore` and `adopt`. */
export function addBackupCommands(program: Command, io: CliIo): void {
  declare(program, 'backup', "write the database's tables to a file, or prove that such a file is whole", [
    'diskferry backup --to /var/backups/diskferry-2026-03-01.jsonl.gz   # beside running workers',
    'diskferry backup --verify /var/backups/diskferry-2026-03-01.jsonl.gz   # needs no database',
  ])
    .option('--to <file>', 'write a new file; one that is there is never overwritten')
    .option('--verify <file>', 'read a file whole and compare its counts and checksums')
    .action((options: CommonOptions & { to?: string; verify?: string }) =>
      commandModules.backup().run(contextOf(io, options), options),
    );

  declare(program, 'restore', "replace the rows of the database's tables by those of a backup; shows the plan first", [
    'diskferry restore --from /var/backups/diskferry-2026-03-01.jsonl.gz   # the plan, and who must stop first',
    'diskferry restore --from /var/backups/diskferry-2026-03-01.jsonl.gz --apply',
  ])
    .requiredOption('--from <file>', "a file of 'diskferry backup'")
    .option('--apply', 'do it; without it the plan is shown, and at a terminal you are asked')
    .option('--trust-volumes', 'no run wrote a volume since the backup: what it says is verified counts as verified')
    .option('--without-temporal', 'do not ask Temporal which workflows run: you know that none does')
    .action((options: CommonOptions & RestoreCommandOptions) =>
      commandModules.restore().run(contextOf(io, options), options),
    );

  declare(program, 'adopt', 'take over the older installation of the job sheet: its assessment, then its rows', [
    'diskferry adopt --from mysql://adopter@db/migratekit_oma --in-place --source vc01.example.org=vcenter-qc   # the assessment; changes nothing',
    'diskferry adopt --from mysql://adopter@db/migratekit_oma --in-place --source vc01.example.org=vcenter-qc --backup /var/backups/older.jsonl.gz --apply',
    'diskferry adopt --rewrite-paths --apply              # later: paths of today; --undo puts the older ones back',
    'diskferry adopt --undo --backup /var/backups/ours.jsonl.gz --apply   # the way back',
  ])
    .option('--from <url>', 'database of the older system; its password stands in DISKFERRY_FROM_PASSWORD')
    .option('--in-place', "it is the configured database: its tables are put aside, Diskferry's take their names")
    .option('--backup <file>', 'a new file; --apply needs it')
    .option('--apply', 'do it; without it only the assessment is shown')
    .option('--rewrite-paths', 'give mappings a device path of today; alone for rows that were adopted before')
    .option('--undo', 'take the adoption back; with --rewrite-paths only the paths')
    .option('--site <name>', 'the site of disks whose volumes are on no configured appliance')
    .option('--source <host=id...>', 'the source id in requests for a vCenter host; the host itself without it')
    .option('--leave-out <ids...>', 'rows, VM contexts or volumes that are not adopted, each by its id')
    .option('--without-cloudstack', 'do not ask CloudStack where the volumes are')
    .action((options: CommonOptions & AdoptOptions) => commandModules.adopt().run(contextOf(io, options), options));
}
