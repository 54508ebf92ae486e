import type { Command } from 'commander';
import { z } from 'zod';
import { durationSchema } from '../domain/duration';
import { failoverVmNameSchema, hookNameSchema } from '../domain/failover-request';
import { siteNameSchema, uuidSchema } from '../domain/identifiers';
import type { CliIo, CommonOptions } from './command-context';
import { commandModules } from './command-modules';
import { bySchema, contextOf, declare, positiveInteger, VM } from './declare-command';
import type { FailoverOptions } from './failover-options';

const EXAMPLE = '420570c7-f61f-a930-77c5-1e876786cb3c';
const pointSchema = z.union([z.literal('latest-point'), uuidSchema], 'must be latest-point or the uuid of a point');
const fromSchema = z.union(
  [z.literal('replicas'), z.literal('latest-point'), uuidSchema],
  'must be replicas, latest-point or the uuid of a point',
);
const reasonSchema = z.string().min(1, 'must be a reason').max(500, 'must be at most 500 characters long');

/** Options of the commands that plan, ask and wait. */
interface RunOptions extends CommonOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly wait?: boolean;
}

/** Declares `diskferry failover …`, `points` and `revert`. */
export function addFailoverCommands(program: Command, io: CliIo): void {
  const failover = program
    .command('failover')
    .description('test and live failovers, and the way back')
    .helpCommand(false);
  addStarts(failover, io);
  addSights(failover, io);
  addTellings(failover, io);
  addPoints(program, io);
}

function addStarts(failover: Command, io: CliIo): void {
  const test = declare(
    failover,
    'test',
    'make a sandbox VM of the replicas, or of a recovery point, for as long as its lease; the replicas stay where they are',
    [
      `diskferry failover test ${EXAMPLE} --service-offering medium --template shell --network isolated --dry-run`,
      'diskferry failover test --request failover.json --wait',
    ],
  );
  targetOptions(test)
    .option(
      '--from <point>',
      'replicas (fresh snapshots), latest-point, or the id of a recovery point',
      bySchema(fromSchema),
    )
    .option('--lease <duration>', 'how long the sandbox lives; 4h when not given', bySchema(durationSchema));
  runOptions(test, 'show the sandbox being made, until it is up (the default)').action(
    (vms: string[], options: CommonOptions & FailoverOptions) =>
      commandModules.failoverStart().run(contextOf(io, options), 'test', vms, options),
  );

  const live = declare(failover, 'live', 'move the replicas to a new VM and start it; shows the plan and asks first', [
    `diskferry failover live ${EXAMPLE} --service-offering medium --template shell --network prod --final-sync --dry-run`,
    'diskferry failover live --request failover.json --yes --wait',
  ]);
  targetOptions(live)
    .option('--final-sync', "replicate once more first, by the last replication's request")
    .option(
      '--quiesce-hook <name>',
      'stop the source from writing by this [site.NAME.hook.NAME] first',
      bySchema(hookNameSchema),
    )
    .option('--confirm', "wait for 'diskferry failover confirm' before the VM is started");
  runOptions(live, 'show it as it goes until its end (the default)').action(
    (vms: string[], options: CommonOptions & FailoverOptions) =>
      commandModules.failoverStart().run(contextOf(io, options), 'live', vms, options),
  );

  const group = declare(failover, 'group', 'fail over several VMs in one, stage after stage, as a file says', [
    'diskferry failover group group.json --dry-run',
  ]).argument('<file>', 'JSON file with the group (docs/failover-request.md); - for standard input');
  runOptions(group, 'show it as it goes until all are ready (the default)').action(
    (file: string, options: RunOptions) => commandModules.failoverGroup().run(contextOf(io, options), file, options),
  );

  const back = declare(
    failover,
    'back',
    'end a live failover: snapshot what the VM wrote, remove it, put the replicas back on the appliance; asks first',
    [`diskferry failover back ${EXAMPLE} --dry-run`, `diskferry failover back ${EXAMPLE} --yes`],
  ).argument('<vm>', VM);
  runOptions(back, 'show it as it goes until its end (the default)').action((vm: string, options: RunOptions) =>
    commandModules.failoverBack().run(contextOf(io, options), vm, options),
  );
}

function targetOptions(command: Command): Command {
  return command
    .argument('[vms...]', `${VM}; none with --request`)
    .option('--request <file>', 'JSON file with the request (docs/failover-request.md); - for standard input')
    .option(
      '--name <name>',
      "name of the new VM; made from the source VM's when not given",
      bySchema(failoverVmNameSchema),
    )
    .option('--service-offering <name>', 'name or id of a service offering')
    .option('--template <name>', 'name or id of the template of the shell VM; its root is thrown away')
    .option('--network <names...>', 'name or id; one network card each')
    .option(
      '--allow-unverified <reason>',
      'take replicas that are not verified; the reason is logged',
      bySchema(reasonSchema),
    );
}

function runOptions(command: Command, waits: string): Command {
  return command
    .option('--dry-run', 'preflight and plan only: every call in its order, what moves where; nothing is changed')
    .option('--yes', 'do not ask')
    .option('--wait', waits)
    .option('--no-wait', 'return when it has begun');
}

function addSights(failover: Command, io: CliIo): void {
  declare(failover, 'status', 'what the failover, failback or revert of a VM does now, and what it waits for', [
    `diskferry failover status ${EXAMPLE}`,
    'diskferry failover status --group databases --json',
  ])
    .argument('[vm]', VM)
    .option('--group <name>', 'a group of VMs instead', bySchema(siteNameSchema))
    .action((vm: string | undefined, options: CommonOptions & { group?: string }) =>
      commandModules.failoverStatus().run(contextOf(io, options), vm, options),
    );

  declare(failover, 'watch', 'show the failover, failback or revert of a VM as it goes, until it ends', [
    `diskferry failover watch ${EXAMPLE}`,
  ])
    .argument('<vm>', VM)
    .action((vm: string, options: CommonOptions) => commandModules.failoverWatch().run(contextOf(io, options), vm));

  declare(failover, 'list', 'failovers, failbacks and reverts, the latest first', ['diskferry failover list --site qc'])
    .option('--site <name>', 'only those of one site')
    .option('--limit <count>', 'at most so many', positiveInteger, 50)
    .action((options: CommonOptions & { site?: string; limit: number }) =>
      commandModules.failoverList().run(contextOf(io, options), options),
    );
}

function addTellings(failover: Command, io: CliIo): void {
  for (const [wish, description] of [
    ['end', 'remove the sandbox of a test now'],
    ['retry', 'try again at once: cuts a pause short, lets a held run or a failing undo try again'],
    ['abandon', 'give up what cannot be taken back; the leftovers stay recorded'],
  ] as const) {
    declare(failover, wish, description, [`diskferry failover ${wish} ${EXAMPLE}`])
      .argument('<vm>', VM)
      .action((vm: string, options: CommonOptions) =>
        commandModules.failoverTell().run(contextOf(io, options), wish, vm),
      );
  }

  declare(failover, 'cancel', 'take back what was begun; refused beyond the point of no return', [
    `diskferry failover cancel ${EXAMPLE}`,
    'diskferry failover cancel --group databases',
  ])
    .argument('[vm]', VM)
    .option('--group <name>', 'a group of VMs instead: no further stage begins', bySchema(siteNameSchema))
    .action((vm: string | undefined, options: CommonOptions & { group?: string }) =>
      commandModules.failoverCancel().run(contextOf(io, options), vm, options),
    );

  declare(failover, 'extend', 'move the end of the lease of a test', [`diskferry failover extend ${EXAMPLE} --by 2h`])
    .argument('<vm>', VM)
    .requiredOption('--by <duration>', 'by how much, such as 2h', bySchema(durationSchema))
    .action((vm: string, options: CommonOptions & { by: string }) =>
      commandModules.failoverTell().run(contextOf(io, options), 'extend', vm, options.by),
    );

  declare(failover, 'confirm', 'let a live failover go on that waits for a person', [
    `diskferry failover confirm ${EXAMPLE}              # beyond the point of no return`,
    `diskferry failover confirm ${EXAMPLE} --quiesced   # the source writes no more`,
  ])
    .argument('<vm>', VM)
    .option('--quiesced', 'say that the source writes no more; the start of the VM is not confirmed by it')
    .action((vm: string, options: CommonOptions & { quiesced?: boolean }) =>
      commandModules.failoverTell().run(contextOf(io, options), options.quiesced === true ? 'quiesced' : 'confirm', vm),
    );
}

function addPoints(program: Command, io: CliIo): void {
  declare(program, 'points', 'recovery points that are there, the newest first', [
    'diskferry points',
    `diskferry points ${EXAMPLE} --json`,
  ])
    .argument('[vm]', VM)
    .action((vm: string | undefined, options: CommonOptions) =>
      commandModules.points().run(contextOf(io, options), vm),
    );

  const revert = declare(
    program,
    'revert',
    "put a recovery point in the place of a VM's replicas; the former volumes are kept; shows the plan and asks first",
    [`diskferry revert ${EXAMPLE} --to latest-point --dry-run`],
  )
    .argument('<vm>', VM)
    .requiredOption('--to <point>', 'latest-point, or the id of a recovery point', bySchema(pointSchema));
  runOptions(revert, 'show it as it goes until its end (the default)').action(
    (vm: string, options: RunOptions & { to: string }) =>
      commandModules.revert().run(contextOf(io, options), vm, options),
  );
}
