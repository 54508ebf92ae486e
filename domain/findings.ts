import { findingTable, type FindingRow, type Severity } from './finding-table';

export type FindingKind = keyof typeof findingTable;

/** Every kind of finding, in the order of the table. */
export const findingKinds = Object.keys(findingTable) as readonly FindingKind[];

type Placeholders<T extends string> = T extends `${string}{${infer Field}}${infer Rest}`
  ? Field | Placeholders<Rest>
  : never;

/** The fields that a finding of this kind must be given; `{site}` and `{id}` are known of every one. */
export type FindingFields<K extends FindingKind> = Readonly<
  Record<
    Exclude<
      Placeholders<(typeof findingTable)[K]['message']> | Placeholders<(typeof findingTable)[K]['mend']>,
      'site' | 'id'
    >,
    string | number
  >
>;

/** Something that doctor says, as `--json` prints it. */
export interface Finding {
  /** `{kind}/{subject}`: the same state gives the same id each time */
  readonly id: string;
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly site: string;
  readonly title: string;
  readonly message: string;
  /** what was seen, and where: one sentence each */
  readonly evidence: readonly string[];
  /** the workflow, VM or person that it belongs to; null where nobody is known */
  readonly owner: string | null;
  readonly risk: string;
  /** the command that mends it, or what to do by hand */
  readonly mend: string;
  /** `yes`: by `diskferry repair`; `named`: only when this id is named; `no`: by hand */
  readonly repair: 'yes' | 'named' | 'no';
  readonly fields: Readonly<Record<string, string | number>>;
}

/** What a finding is about, beside its fields. */
export interface FindingSubject {
  readonly site: string;
  /** what tells it from others of its kind: an operation, volume, row, queue, … */
  readonly subject: string;
  readonly evidence?: readonly string[];
  readonly owner?: string | undefined;
  /** `no`: this one cannot be mended by machine, though others of its kind can */
  readonly repair?: 'no';
}

/** Makes the finding of a kind, its texts filled with the fields. */
export function finding<K extends FindingKind>(
  kind: K,
  { site, subject, evidence = [], owner, repair }: FindingSubject,
  fields: FindingFields<K>,
): Finding {
  const row: FindingRow = findingTable[kind];
  const id = `${kind}/${subject}`;
  const all: Readonly<Record<string, string | number>> = { site, id, ...fields };
  return {
    id,
    kind,
    severity: row.severity,
    site,
    title: row.title,
    message: fill(row.message, all),
    evidence,
    owner: owner ?? null,
    risk: row.risk,
    mend: fill(row.mend, all),
    repair: repair ?? (row.repair === undefined ? 'no' : row.repair.onlyNamed ? 'named' : 'yes'),
    fields: { ...fields },
  };
}

const ranks: Readonly<Record<Severity, number>> = { info: 0, warning: 1, error: 2, critical: 3 };

/** Whether a severity is as grave as another, or graver. */
export function atLeast(severity: Severity, least: Severity): boolean {
  return ranks[severity] >= ranks[least];
}

/** Gravest first, then by id: the same findings come in the same order. */
export function inOrder(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort((a, b) => ranks[b.severity] - ranks[a.severity] || a.id.localeCompare(b.id));
}

/**
 * Exit code of doctor by the gravest finding. Beside the codes of every command (1 it failed itself, 2 wrong usage), so that a
 * script can tell "there are warnings" from "doctor could not look".
 */
export function doctorExitCode(findings: readonly Pick<Finding, 'severity'>[]): 0 | 3 | 4 | 5 {
  const codes = { info: 0, warning: 3, error: 4, critical: 5 } as const;
  return findings.reduce<0 | 3 | 4 | 5>((worst, { severity }) => {
    const code = codes[severity];
    return code > worst ? code : worst;
  }, 0);
}

function fill(template: string, fields: Readonly<Record<string, string | number>>): string {
  return template.replace(/\{(\w+)\}/g, (placeholder, name: string) => {
    const value = fields[name];
    return value === undefined ? placeholder : String(value);
  });
}
