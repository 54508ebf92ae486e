import { type Migration, sourceVmColumns, tableOptions } from './migration';

export const failovers: Migration = {
  name: '0010-failovers',
  async up(run) {
    await run(`CREATE TABLE IF NOT EXISTS failovers (
      seq BIGINT NOT NULL AUTO_INCREMENT,
      first_run_id VARCHAR(64) NOT NULL,
      workflow_id VARCHAR(255) NOT NULL,${sourceVmColumns},
      kind VARCHAR(20) NOT NULL,
      vm_name VARCHAR(255) NOT NULL,
      appliance_id VARCHAR(64) NOT NULL,
      request_id VARCHAR(64) NOT NULL,
      request_digest VARCHAR(255) NOT NULL,
      phase VARCHAR(30) NOT NULL,
      reason MEDIUMTEXT NULL,
      failure MEDIUMTEXT NULL,
      result MEDIUMTEXT NULL,
      failover_vm_id VARCHAR(64) NULL,
      failover_vm_name VARCHAR(255) NULL,
      point_id VARCHAR(64) NULL,
      lease_until DATETIME(3) NULL,
      started_at DATETIME(3) NOT NULL,
      updated_at DATETIME(3) NOT NULL,
      ended_at DATETIME(3) NULL,
      PRIMARY KEY (seq),
      UNIQUE KEY unique_first_run (first_run_id),
      UNIQUE KEY unique_request (request_id),
      KEY source_vm (site, source_id, source_vm_id)
    ) ${tableOptions('failovers, failbacks and reverts, for people and SQL; the history of Temporal decides')}`);

    await run(`CREATE TABLE IF NOT EXISTS live_failovers (${sourceVmColumns},
      failover_vm_id VARCHAR(64) NOT NULL,
      failover_vm_name VARCHAR(255) NOT NULL,
      appliance_id VARCHAR(64) NOT NULL,
      point_id VARCHAR(64) NOT NULL,
      volumes MEDIUMTEXT NOT NULL,
      first_run_id VARCHAR(64) NOT NULL,
      since DATETIME(3) NOT NULL,
      PRIMARY KEY (site, source_id, source_vm_id),
      UNIQUE KEY unique_failover_vm (failover_vm_id)
    ) ${tableOptions('where a VM is failed over to now; gone with the way back')}`);
  },
};
