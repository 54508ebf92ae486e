import type { Tx } from './database';

export interface DeviceMapping {
  readonly devicePath: string;
  /** the CloudStack VM that the volume is attached to */
  readonly vmId: string;
  readonly volumeId: string;
  readonly deviceNode: string;
  readonly cloudStackDeviceId: number;
  readonly role: 'replica' | 'test_root' | 'test_data' | 'live_root' | 'live_data';
  readonly state: 'mapped';
  readonly sizeBytes: number;
  readonly ownerWorkflowId: string;
  /** first run id of the workflow run that made the row; a later run that finds it leaves it */
  readonly mappedByFirstRunId: string;
  readonly createdAt: string;
}

/** Live rows only; unmapped ones stand in device_mapping_history. The two queries of the job sheet work on this table. */
export interface DeviceMappings {
  /**
   * Inserts a row. A duplicate on the same volume, path and node is success (`there`); on another it is a conflict: the
   * unique keys (device_path; volume_uuid; vm_id + device_node) decide, not a check.
   */
  map(
    tx: Tx,
    mapping: Omit<DeviceMapping, 'state' | 'createdAt'>,
  ): Promise<
    | { outcome: 'mapped' | 'there'; mapping: DeviceMapping }
    | { outcome: 'conflict'; what: string; other: DeviceMapping }
  >;
  /** Moves the live row of a volume to the history; false when there is none. */
  unmap(tx: Tx, volumeId: string, because: string): Promise<boolean>;
  ofVolume(volumeId: string): Promise<DeviceMapping | undefined>;
  list(filter?: { vmId?: string }): Promise<DeviceMapping[]>;
}
