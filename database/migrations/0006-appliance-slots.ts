import { type Migration, sourceVmColumns, tableOptions } from './migration';

export const applianceSlots: Migration = {
  name: '0006-appliance-slots',
  async up(run) {
    await run(`CREATE TABLE IF NOT EXISTS appliance_slots (
      appliance_id VARCHAR(64) NOT NULL,${sourceVmColumns},
      disk_key INT NOT NULL,
      owner_workflow_id VARCHAR(255) NOT NULL,
      reserved_at DATETIME(3) NOT NULL,
      PRIMARY KEY (appliance_id, site, source_id, source_vm_id, disk_key),
      KEY source_vm (site, source_id, source_vm_id)
    ) ${tableOptions('data disk slots of appliances that are spoken for')}`);

    await run(`CREATE TABLE IF NOT EXISTS appliance_slot_locks (
      appliance_id VARCHAR(64) NOT NULL,
      PRIMARY KEY (appliance_id)
    ) ${tableOptions('locked while the slots of an appliance are counted')}`);
  },
};
