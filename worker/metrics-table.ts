/**
 * The one table of metrics: docs/metrics.md is made from it, the registry is made from it, and the alerts of
 * examples/prometheus/alerts.yml may use nothing else. Labels have few values by their nature (kinds, phases, steps, configured sites
 * and appliances); ids of volumes, VMs and runs are in the log, never here.
 */
export interface MetricRow {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** each label with what its values are */
  readonly labels: Readonly<Record<string, string>>;
  /** upper bounds, for histograms */
  readonly buckets?: readonly number[];
  /** true: recorded inside workflows and served with Temporal's own metrics (`temporal_metrics_listen`) */
  readonly fromWorkflows?: true;
}

const site = 'a `[site.NAME]` section';
const activity = 'a step, an undo or another activity, by its name (docs/steps.md)';
const phase = 'a phase of a replication, release or failover (docs/failover.md)';

/** A second to a day: a call to CloudStack, a window, a copy of a large disk. */
const workSeconds = [0.1, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200, 28_800, 86_400] as const;

export const metrics = {
  diskferry_build_info: {
    type: 'gauge',
    help: 'Always 1; says which version runs.',
    labels: { version: 'of Diskferry' },
  },
  diskferry_check_ok: {
    type: 'gauge',
    help: 'What GET /ready measures: 1 when all checks of the kind are good, 0 when one is not.',
    labels: { check: '`database`, `temporal`, `polling`, `cloudstack`, `folders`, `exports`' },
  },
  diskferry_activities_total: {
    type: 'counter',
    help: 'Tries of activities that ended.',
    labels: {
      activity,
      outcome:
        '`done`, the class of its failure (`refused`, `conflict`, `failed`, `unavailable`, `unknown`; docs/troubleshooting.md), `stopped`, or `fault` for an error that no table knows',
    },
  },
  diskferry_activity_seconds: {
    type: 'histogram',
    help: 'How long tries of activities took.',
    labels: { activity },
    buckets: workSeconds,
  },
  diskferry_activity_retries_total: {
    type: 'counter',
    help: "Tries of activities after their first: Temporal's own retries, while somebody does not answer or an outcome is unknown.",
    labels: { activity },
  },
  diskferry_slot_wait_seconds: {
    type: 'histogram',
    help: 'How long an activity waited for a free slot of a worker, from the moment at which it was to begin; copies wait for max_copies.',
    labels: { queue: '`main`, `site`, `appliance`, `appliance-copy`' },
    buckets: [0.1, 0.5, 1, 5, 15, 60, 300, 1_800, 7_200, 28_800],
  },
  diskferry_copy_bytes_total: {
    type: 'counter',
    help: 'Bytes of disks that were copied and flushed, or read back and compared; windows of zeros count whole.',
    labels: { site, work: '`copied`, `verified`' },
  },
  diskferry_cloudstack_calls_total: {
    type: 'counter',
    help: 'Calls of CloudStack, each repeat counted.',
    labels: {
      site,
      command: "a command of CloudStack's API that Diskferry sends",
      outcome: '`answered` (also by a refusal), `unauthorized`, `lost` (no usable answer)',
    },
  },
  diskferry_cloudstack_call_seconds: {
    type: 'histogram',
    help: "How long CloudStack took to answer; waiting for the site's request limit is part of it.",
    labels: { site },
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  diskferry_phase_seconds: {
    type: 'histogram',
    help: 'How long runs were in a phase, when they left it; its count is how many left it.',
    labels: { workflowType: 'such as `replicateVm`, `failOverVm`', phase },
    buckets: workSeconds,
    fromWorkflows: true,
  },
  diskferry_phases_total: {
    type: 'counter',
    help: 'Phases that runs entered; the final ones are their outcomes.',
    labels: { workflowType: 'such as `replicateVm`, `failOverVm`', phase },
    fromWorkflows: true,
  },
  diskferry_runs: {
    type: 'gauge',
    help: 'Runs that have not ended, from the tables of jobs and failovers.',
    labels: { site, kind: '`replication`, `failover`', phase },
  },
  diskferry_oldest_phase_seconds: {
    type: 'gauge',
    help: 'How long the run that is longest in the phase has been in it, from the same tables.',
    labels: { site, kind: '`replication`, `failover`', phase },
  },
  diskferry_leftovers: {
    type: 'gauge',
    help: 'What is left over or may be, from the database.',
    labels: {
      site,
      kind: '`undo`: runs that need attention, because an undo is not proven; `operation`: open operations on volumes whose run does not hold its VM (any more)',
    },
  },
  diskferry_reconciliations_total: {
    type: 'counter',
    help: 'Rows of the job table that were corrected, because Temporal knew that their run had ended.',
    labels: { site },
  },
  diskferry_last_reconciliation_timestamp_seconds: {
    type: 'gauge',
    help: 'When this worker last compared the job table with Temporal; another worker may have since.',
    labels: { site },
  },
  diskferry_doctor_findings: {
    type: 'gauge',
    help: 'What doctor found when this worker last had it look at the site; a kind that was not found is not there. Another worker may have looked since: of several the one with the newest time counts.',
    labels: { site, severity: '`critical`, `error`, `warning`, `info`', kind: 'a kind of finding (docs/findings.md)' },
  },
  diskferry_last_doctor_timestamp_seconds: {
    type: 'gauge',
    help: 'When this worker last had doctor look at the site; another worker may have since.',
    labels: { site },
  },
} as const satisfies Readonly<Record<string, MetricRow>>;

export type MetricName = keyof typeof metrics;
/** Metrics of one type that the worker itself keeps. */
export type OwnMetric<Type extends MetricRow['type']> = {
  [Name in MetricName]: (typeof metrics)[Name] extends { type: Type }
    ? (typeof metrics)[Name] extends { fromWorkflows: true }
      ? never
      : Name
    : never;
}[MetricName];
export type LabelsOf<Name extends MetricName> = Readonly<
  Record<keyof (typeof metrics)[Name]['labels'] & string, string>
>;
