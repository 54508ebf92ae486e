import { type Migration, sourceVmColumns, tableOptions } from './migration';

export const replicationJobs: Migration = {
  name: '0007-replication-jobs',
  async up(run) {
    await run(`CREATE TABLE IF NOT EXISTS replication_jobs (
      seq BIGINT NOT NULL AUTO_INCREMENT,
      first_run_id VARCHAR(64) NOT NULL,
      workflow_id VARCHAR(255) NOT NULL,${sourceVmColumns},
      vm_name VARCHAR(255) NOT NULL,
      appliance_id VARCHAR(64) NOT NULL,
      request_id VARCHAR(64) NOT NULL,
      request_digest VARCHAR(255) NOT NULL,
      phase VARCHAR(20) NOT NULL,
      reason MEDIUMTEXT NULL,
      failure MEDIUMTEXT NULL,
      result MEDIUMTEXT NULL,
      started_at DATETIME(3) NOT NULL,
      updated_at DATETIME(3) NOT NULL,
      ended_at DATETIME(3) NULL,
      PRIMARY KEY (seq),
      UNIQUE KEY unique_first_run (first_run_id),
      UNIQUE KEY unique_request (request_id),
      KEY source_vm (site, source_id, source_vm_id)
    ) ${tableOptions('runs of replicateVm, for people and SQL; the history of Temporal decides')}`);
  },
};
