import { type Kysely, sql } from 'kysely';
import type { Tables } from './schema';

/** How many runs are in which phase, and what is left over: for metrics. */
export interface RunFigures {
  readonly phases: readonly {
    readonly site: string;
    readonly kind: 'replication' | 'failover';
    readonly phase: string;
    readonly runs: number;
    /** since the one that is longest in the phase entered it */
    readonly oldestSeconds: number;
  }[];
  readonly leftovers: readonly {
    readonly site: string;
    readonly kind: 'undo' | 'operation';
    readonly count: number;
  }[];
}

/** Reads the figures anew each time: two grouped queries over what is open. */
export function makeRunFigures(db: Kysely<Tables>): () => Promise<RunFigures> {
  const phasesOf = async (table: 'replication_jobs' | 'failovers', kind: 'replication' | 'failover') => {
    const rows = await db
      .selectFrom(table)
      .select(({ fn }) => [
        'site',
        'phase',
        fn.countAll<number>().as('runs'),
        sql<number>`TIMESTAMPDIFF(SECOND, MIN(updated_at), UTC_TIMESTAMP(3))`.as('oldest'),
      ])
      .where('ended_at', 'is', null)
      .groupBy(['site', 'phase'])
      .execute();
    return rows.map(({ site, phase, runs, oldest }) => ({
      site,
      kind,
      phase,
      runs,
      oldestSeconds: Math.max(0, oldest),
    }));
  };
  const ownerless = async () => {
    const rows = await db
      .selectFrom('volume_operations as operation')
      .leftJoin('vm_claims as claim', (join) =>
        join.onRef('claim.workflow_id', '=', 'operation.workflow_id').onRef('claim.run_id', '=', 'operation.run_id'),
      )
      .leftJoin('vm_test_claims as test', (join) =>
        join.onRef('test.workflow_id', '=', 'operation.workflow_id').onRef('test.run_id', '=', 'operation.run_id'),
      )
      .select(({ fn }) => ['operation.site as site', fn.countAll<number>().as('count')])
      .where('operation.state', '=', 'recorded')
      .where('claim.workflow_id', 'is', null)
      .where('test.workflow_id', 'is', null)
      .groupBy('operation.site')
      .execute();
    return rows.map(({ site, count }) => ({ site, kind: 'operation' as const, count }));
  };
  return async () => {
    const [replications, failovers, operations] = await Promise.all([
      phasesOf('replication_jobs', 'replication'),
      phasesOf('failovers', 'failover'),
      ownerless(),
    ]);
    const phases = [...replications, ...failovers];
    const undos = new Map<string, number>();
    for (const { site, phase, runs } of phases) {
      if (phase === 'needs_attention') undos.set(site, (undos.get(site) ?? 0) + runs);
    }
    const stuck = [...undos].map(([site, count]) => ({ site, kind: 'undo' as const, count }));
    return { phases, leftovers: [...stuck, ...operations] };
  };
}
