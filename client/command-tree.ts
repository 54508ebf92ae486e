import { Command } from 'commander';
import { addBackupCommands } from './backup-command-tree';
import type { CliIo, CommonOptions } from './command-context';
import { commandModules } from './command-modules';
import { commaSeparated, contextOf, declare, uuid, uuids, VM } from './declare-command';
import { addDoctorCommands } from './doctor-command-tree';
import { addFailoverCommands } from './failover-command-tree';
import { addViewCommands } from './view-command-tree';
import { ownVersion } from './own-version';

/** Declares every command of `diskferry`. docs/commands.md is made from this tree. */
export function buildProgram(io: CliIo): Command {
  const program = new Command('diskferry')
    .description('Brings the disks of virtual machines into Apache CloudStack, durably.')
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      // Usage errors are shown once, by the same code that shows every other failure.
      outputError: () => undefined,
    })
    .version(ownVersion(), '-V, --version', 'print the version')
    .exitOverride()
    .helpCommand(false)
    .showSuggestionAfterError(true);

  addReplicationCommands(program, io);
  addOperatorCommands(program, io);
  addFailoverCommands(program, io);
  addBackupCommands(program, io);
  addDoctorCommands(program, io);
  addProcessCommands(program, io);
  return program;
}

function addReplicationCommands(program: Command, io: CliIo): void {
  declare(program, 'replicate', 'replicate the disks of a VM, as a request file says', [
    'diskferry replicate request.json --dry-run   # check everything, create nothing',
    'diskferry replicate request.json --wait      # follow it to its end',
  ])
    .argument('<request>', 'JSON file with the request (docs/request.md); - for standard input')
    .option('--wait', 'show it as it goes and wait for its end')
    .option('--dry-run', 'preflight and plan only; nothing is created')
    .action((request: string, options: CommonOptions & { wait?: boolean; dryRun?: boolean }) =>
      commandModules.replicate().run(contextOf(io, options), request, options),
    );

  declare(program, 'status', 'what the replication of a VM does now, and what it waits for', [
    'diskferry status 420570c7-f61f-a930-77c5-1e876786cb3c',
    'diskferry status qc/vcenter-qc/420570c7-f61f-a930-77c5-1e876786cb3c --json',
  ])
    .argument('<vm>', VM)
    .action((vm: string, options: CommonOptions) => commandModules.status().run(contextOf(io, options), vm));

  declare(program, 'watch', 'show the replication of a VM as it goes, until it ends', [
    'diskferry watch 420570c7-f61f-a930-77c5-1e876786cb3c',
    'diskferry watch 420570c7-f61f-a930-77c5-1e876786cb3c --json   # one JSON object per change',
  ])
    .argument('<vm>', VM)
    .action((vm: string, options: CommonOptions) => commandModules.watch().run(contextOf(io, options), vm));

  declare(
    program,
    'explain',
    "what happened in a VM's latest run, what failed, what was taken back, and what to do next",
    [
      'diskferry explain 420570c7-f61f-a930-77c5-1e876786cb3c',
      'diskferry explain qc/vcenter-qc/420570c7-f61f-a930-77c5-1e876786cb3c --json',
    ],
  )
    .argument('<vm>', VM)
    .action((vm: string, options: CommonOptions) => commandModules.explain().run(contextOf(io, options), vm));

  addViewCommands(program, io);

  declare(program, 'mappings', 'device paths, volumes and device nodes that are mapped now', [
    'diskferry mappings',
    'diskferry mappings --vm 1c266316-503d-451d-9392-9585a6fcba41',
    'diskferry mappings --volume 7f0c0d4e-8a53-4c35-9d56-5d2b8f0f3c11 --history   # where it was, and why it left',
  ])
    .option('--vm <id>', 'only those of one CloudStack VM (an appliance, a failover VM), by its uuid', uuid)
    .option('--volume <id>', 'only that of one volume, by its uuid', uuid)
    .option('--history', 'all places of that volume, former ones too, the oldest first')
    .action((options: CommonOptions & { vm?: string; volume?: string; history?: boolean }) =>
      commandModules.mappings().run(contextOf(io, options), options),
    );
}

function addOperatorCommands(program: Command, io: CliIo): void {
  for (const [name, description] of [
    [
      'retry',
      'try again at once: cuts a pause short, lets a held disk or a failing undo try again; a run that failed starts anew',
    ],
    ['pause', 'begin nothing new, stop copies at their window; undoes nothing'],
    ['resume', 'go on after a pause'],
    ['abandon', 'give up what cannot be undone; the leftovers stay recorded'],
  ] as const) {
    declare(program, name, description, [`diskferry ${name} 420570c7-f61f-a930-77c5-1e876786cb3c`])
      .argument('<vm>', VM)
      .action((vm: string, options: CommonOptions) => commandModules[name]().run(contextOf(io, options), vm));
  }

  declare(program, 'cancel', 'stop a replication; empty volumes are removed, volumes with data detached and kept', [
    'diskferry cancel 420570c7-f61f-a930-77c5-1e876786cb3c --wait',
    'diskferry cancel 420570c7-f61f-a930-77c5-1e876786cb3c --keep-volumes',
  ])
    .argument('<vm>', VM)
    .option('--keep-volumes', 'detach and delete nothing, only close the exports')
    .option('--wait', 'wait for its end and name what was kept')
    .action((vm: string, options: CommonOptions & { keepVolumes?: boolean; wait?: boolean }) =>
      commandModules.cancel().run(contextOf(io, options), vm, options),
    );

  declare(program, 'release', "take a VM's replicas off the appliance; its slots are free again, volumes are kept", [
    'diskferry release 420570c7-f61f-a930-77c5-1e876786cb3c',
    'diskferry release 420570c7-f61f-a930-77c5-1e876786cb3c --delete-volumes 7f0c0d4e-8a53-4c35-9d56-5d2b8f0f3c11',
  ])
    .argument('<vm>', VM)
    .option('--delete-volumes <ids...>', 'delete these volumes, each named by its uuid, with their data', uuids)
    .option('--delete-points', 'remove the recovery points too, where no volume of the VM stays')
    .option('--no-wait', 'return when it has begun')
    .action(
      (vm: string, options: CommonOptions & { deleteVolumes?: string[]; deletePoints?: boolean; wait: boolean }) =>
        commandModules.release().run(contextOf(io, options), vm, options),
    );
}

function addProcessCommands(program: Command, io: CliIo): void {
  declare(
    program,
    'migrate',
    "bring the database's schema up to date, register Temporal's search attributes and make its schedules",
    ['diskferry migrate --config /etc/diskferry/diskferry.toml'],
  ).action((options: CommonOptions) => commandModules.migrate().run(contextOf(io, options)));

  declare(program, 'worker', 'run a worker in the foreground', [
    'diskferry worker --config /etc/diskferry/diskferry.toml',
    'diskferry worker --queues diskferry,diskferry-site-qc',
  ])
    .option('--queues <names>', 'only these task queues, separated by commas', commaSeparated)
    .action((options: CommonOptions & { queues?: string[] }) =>
      commandModules.worker().run(contextOf(io, options), options),
    );

  const config = program.command('config').description('the configuration file').helpCommand(false);
  declare(config, 'check', 'check a configuration file, its secrets and their file modes', [
    'diskferry config check /etc/diskferry/diskferry.toml',
    'diskferry config check --connect   # also try what it names, as this user on this machine',
  ])
    .argument('[file]', 'the file; else the one of --state or --config')
    .option('--connect', 'also try database, Temporal, CloudStack, and on an appliance its tools, folders and rights')
    .action((file: string | undefined, options: CommonOptions & { connect?: boolean }) =>
      commandModules.configCheck().run(contextOf(io, options), file, options),
    );

  declare(
    program,
    'probe',
    "what a site's CloudStack is, what the key may do, and what would be refused; changes nothing",
    ['diskferry probe qc', 'diskferry probe qc --request request.json   # would this request pass the preflight?'],
  )
    .argument('<site>', "a [site.NAME] section of the worker's configuration")
    .option('--request <file>', 'JSON file with a request to judge (docs/request.md); - for standard input')
    .action((site: string, options: CommonOptions & { request?: string }) =>
      commandModules.probe().run(contextOf(io, options), site, options),
    );

  declare(program, 'up', 'keep a whole stack up on this machine, in the foreground', [
    'diskferry up --state ./stack',
  ]).action((options: CommonOptions) => commandModules.up().run(contextOf(io, options)));

  declare(program, 'demo', 'replicate a two-disk VM on this machine with real parts, and show it', [
    'diskferry demo',
    'diskferry demo --failover          # two VMs: replicate, test and live failover, the way back, a source that dies',
    'diskferry demo --failover --json   # the same, told on standard error; one JSON object at its end',
    'diskferry demo --keep              # and look around: status, mappings, points, failover test',
  ])
    .option('--failover', 'go on to recovery points and failovers, of a VM with two disks and one with six')
    .option('--keep', 'keep the stack up until Ctrl-C')
    .action((options: CommonOptions & { keep?: boolean; failover?: boolean }) =>
      commandModules
        .demo()
        .run(contextOf(io, options), { keep: options.keep === true, failover: options.failover === true }),
    );

  declare(program, 'simulator', 'run a CloudStack simulator on loopback, for development and tests', [
    'diskferry simulator --listen 127.0.0.1:8080 --state ./simulator --json',
  ])
    .option('--listen <address>', 'HOST:PORT of the API; a free port of 127.0.0.1 without it')
    .option('--world <file>', 'default, demo, or a JSON file with zones, offerings, VMs and faults')
    .action((options: CommonOptions & { listen?: string; world?: string }) => commandModules.simulator().run(options));
}
