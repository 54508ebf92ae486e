/** How a site is configured, as far as its CloudStack is asked and judged. */
export interface SiteSettings {
  readonly name: string;
  /** name or id */
  readonly zone: string;
  /** name or id of an offering with a custom size */
  readonly diskOffering: string;
  /** the key that CloudStack is called with; it tells which of the listed users is its own */
  readonly apiKey: string;
  /** how many recovery points are kept of each VM; 0: none are taken before a cycle */
  readonly recoveryPoints: number;
  /** data disks of one VM, where what CloudStack lists is not so */
  readonly dataDiskLimit?: number;
  /** ids of the site's appliances as they are configured; with none named, any that CloudStack lists is accepted */
  readonly applianceIds?: readonly string[];
}
