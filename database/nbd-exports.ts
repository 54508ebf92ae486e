import type { Tx } from './database';

export interface NbdExport {
  readonly exportName: string;
  readonly volumeId: string;
  readonly applianceId: string;
  readonly deviceNode: string;
  readonly state: 'opening' | 'open';
  readonly ownerWorkflowId: string;
  readonly createdAt: string;
}

/** Live rows only: a closed export has none. */
export interface NbdExports {
  /** Inserts or finds the row of the volume's export. */
  open(tx: Tx, row: Omit<NbdExport, 'state' | 'createdAt'>): Promise<void>;
  markOpen(tx: Tx, volumeId: string): Promise<void>;
  remove(tx: Tx, volumeId: string): Promise<boolean>;
  ofVolume(volumeId: string): Promise<NbdExport | undefined>;
  list(filter?: { applianceId?: string }): Promise<NbdExport[]>;
}
