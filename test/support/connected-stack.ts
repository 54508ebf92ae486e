import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { createPool } from 'mysql2/promise';
import { FailoverClient } from '../../client/failover-client';
import { ReplicationClient } from '../../client/replication-client';
import { openDatabase, type Repositories } from '../../database/open';
import { demoApplianceId } from '../../stack/local-stack';
import { type SimulatorControl, simulatorControl } from './simulator-control';
import type { TestStack } from './stack';
import type { CountedWorld } from './take-census';

/** What a test reaches of a stack: the clients of an orchestrator, the tables, the simulator's switches, and all that can be counted. */
export interface ConnectedStack {
  readonly stack: TestStack;
  readonly control: SimulatorControl;
  readonly repositories: Repositories;
  readonly failovers: FailoverClient;
  readonly replications: ReplicationClient;
  readonly counted: CountedWorld;
  /** Closes the connections; the stack goes on. */
  disconnect(): Promise<void>;
}

/** Connects to a stack in which nothing has been done yet. */
export async function connectToStack(stack: TestStack): Promise<ConnectedStack> {
  const { folder } = stack;
  const { connectionOptions } = loadClientConnectConfig({
    overrideEnvVars: { TEMPORAL_CONFIG_FILE: folder.temporalConfigFile },
  });
  const connection = await Connection.connect(connectionOptions);
  const temporal = new Client({ connection });
  const login = { host: '127.0.0.1', port: folder.ports.mariadb, user: 'diskferry', database: 'diskferry' };
  const repositories = openDatabase({
    url: `mysql://${login.user}@${login.host}:${String(login.port)}/${login.database}`,
    password: folder.databasePassword,
  });
  const byHand = createPool({ ...login, password: folder.databasePassword, connectionLimit: 2 });
  const control = simulatorControl(stack.simulator.controlEndpoint);
  const { volumes, machines } = await control.world();
  const own = new Set([...volumes, ...machines].map(({ id }) => id));
  return {
    stack,
    control,
    repositories,
    failovers: new FailoverClient({ temporal, records: repositories }),
    replications: new ReplicationClient({ temporal, records: repositories }),
    counted: {
      control,
      folder: folder.directory,
      exportsDirectory: folder.path('exports', demoApplianceId),
      ownThings: () => own,
      database: {
        async query<T>(statement: string, values: unknown[] = []): Promise<T[]> {
          const [rows] = await byHand.query(statement, values);
          return rows as T[];
        },
      },
    },
    disconnect: async () => {
      await connection.close();
      await repositories.database.close();
      await byHand.end();
    },
  };
}
