import { ApiError } from './api-error';
import type { Release } from './releases';

/** What kind of thing a uuid names. */
export type EntityKind =
  | 'Volume'
  | 'VirtualMachine'
  | 'Zone'
  | 'DiskOffering'
  | 'ServiceOffering'
  | 'Network'
  | 'Domain'
  | 'Project'
  | 'Template'
  | 'Snapshot'
  | 'VMSnapshot'
  | 'AsyncJob'
  | 'Account'
  | 'User'
  | 'Host'
  | 'Pod'
  | 'Cluster'
  | 'StoragePool'
  | 'OsType';

interface ParameterRule {
  readonly type: 'text' | 'long' | 'flag' | 'list' | 'map' | 'id' | 'ids';
  readonly entity?: EntityKind;
  readonly required?: true;
  /** the release that brought it; older ones read over it like over any unknown name */
  readonly since?: Release;
  /** from others than root admins it is as if it had not been sent (BaseCmd.getParamFields) */
  readonly adminOnly?: true;
  /** name of the Java field, which the message about too long a value shows */
  readonly field?: string;
}

export type ParameterTable = Readonly<Record<string, ParameterRule>>;

/** Parameters that every list command takes. */
export const pagingParameters = {
  page: { type: 'long' },
  pagesize: { type: 'long' },
  keyword: { type: 'text' },
} as const;

/** Of list commands that can answer the count alone (BaseListRetrieveOnlyResourceCountCmd). */
export const countOnlyParameter = { retrieveonlyresourcecount: { type: 'flag' } } as const;

/** Scope parameters of list commands. */
export const scopeParameters = {
  listall: { type: 'flag' },
  isrecursive: { type: 'flag' },
  account: { type: 'text' },
  domainid: { type: 'id', entity: 'Domain' },
  projectid: { type: 'id', entity: 'Project' },
} as const;

/** Query string and form body as they come; the first of a repeated name counts, a part without `=` does not (ApiServlet.utf8Fixup). */
export function parseForm(text: string, into: Map<string, string>): void {
  for (const part of text.split('&')) {
    const split = part.indexOf('=');
    if (split <= 0) continue;
    const name = decodeFormText(part.slice(0, split));
    if (!into.has(name)) into.set(name, decodeFormText(part.slice(split + 1)));
  }
}

/** Java's URLDecoder: `+` is a space, bytes that are no UTF-8 become U+FFFD. */
function decodeFormText(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  if (!spaced.includes('%')) return spaced;
  const bytes = spaced.replace(/%([0-9a-fA-F]{2})|[^%]+|%/g, (match, hex: string | undefined) =>
    hex === undefined ? Buffer.from(match, 'utf8').toString('latin1') : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** What is left of a request's parameters for a caller who is no root admin. */
export function withoutAdminParameters(
  raw: ReadonlyMap<string, string>,
  rules: ParameterTable,
): ReadonlyMap<string, string> {
  const ignored = new Set(Object.keys(rules).filter((name) => rules[name]?.adminOnly === true));
  if (ignored.size === 0) return raw;
  return new Map([...raw].filter(([name]) => !ignored.has(name.toLowerCase())));
}

/** The checked parameters of one call, by lower-case name (ParamProcessWorker, ParamUnpackWorker). */
export class Arguments {
  private constructor(
    private readonly values: ReadonlyMap<string, string>,
    private readonly maps: ReadonlyMap<string, ReadonlyMap<string, ReadonlyMap<string, string>>>,
  ) {}

  /**
   * @throws ApiError 430 for a malformed map parameter, 431 for a missing, unreadable or unknown value
   */
  static read(
    command: string,
    raw: ReadonlyMap<string, string>,
    rules: ParameterTable,
    exists: (kind: EntityKind, id: string) => boolean,
  ): Arguments {
    const values = new Map<string, string>();
    const maps = new Map<string, Map<string, Map<string, string>>>();
    for (const [name, value] of raw) {
      if (/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f]/.test(value)) {
        throw new ApiError(
          431,
          `Received value containing illegal ASCII non-printable characters for parameter ${name}`,
        );
      }
      if (!/[[\]]/.test(name)) {
        values.set(name.toLowerCase(), value);
        continue;
      }
      const entry = /^([^[\].]+)\[([^[\]]*)\]\.([^[\].]+)$/.exec(name);
      if (entry?.[1] === undefined || entry[2] === undefined || entry[3] === undefined) {
        throw new ApiError(
          430,
          `Unable to decode parameter ${name}; if specifying an object array, please use parameter[index].field=XXX, e.g. userGroupList[0].group=httpGroup`,
        );
      }
      const map = childMap(maps, entry[1].toLowerCase());
      // A detail's name keeps its case: `details[0].cpuNumber` (fixture failover).
      const field = /^(key|value)$/i.test(entry[3]) ? entry[3].toLowerCase() : entry[3];
      childMap(map, entry[2]).set(field, value);
    }
    for (const [name, rule] of Object.entries(rules))
      check(command, name, rule, values.get(name), maps.has(name), exists);
    return new Arguments(values, maps);
  }

  /** The text as sent, "" included. */
  text(name: string): string | undefined {
    return this.values.get(name);
  }

  /** Whether a parameter is there and says something. */
  names(name: string): boolean {
    return (this.values.get(name) ?? '') !== '';
  }

  /** The text as sent; an empty one counts as absent. */
  filled(name: string): string | undefined {
    const value = this.values.get(name);
    return value === '' ? undefined : value;
  }

  /** A value that the rules call required. */
  required(name: string): string {
    const value = this.values.get(name);
    if (value === undefined) throw new RangeError(`${name} is not a required parameter of this command`);
    return value;
  }

  /** A whole number, checked before; an empty one counts as absent. */
  long(name: string): number | undefined {
    const value = this.values.get(name);
    return value === undefined || value === '' ? undefined : Number(value);
  }

  flag(name: string): boolean | undefined {
    const value = this.values.get(name);
    return value === undefined ? undefined : value.toLowerCase() === 'true';
  }

  list(name: string): string[] | undefined {
    const value = this.values.get(name);
    return value === undefined || value === '' ? undefined : value.split(',').map((part) => part.trim());
  }

  /** `name[n].key`, `name[n].value` pairs, in the order of their indexes' first use. */
  pairs(name: string): Map<string, string> {
    const pairs = new Map<string, string>();
    for (const entry of this.maps.get(name)?.values() ?? []) {
      const key = entry.get('key');
      if (key !== undefined) pairs.set(key, entry.get('value') ?? '');
    }
    return pairs;
  }

  /** `name[n].field=value`: every field of every index (BaseCmd.convertDetailsToMap). */
  fields(name: string): Map<string, string> {
    const fields = new Map<string, string>();
    for (const entry of this.maps.get(name)?.values() ?? [])
      for (const [field, value] of entry) fields.set(field, value);
    return fields;
  }

  has(name: string): boolean {
    return this.values.has(name) || this.maps.has(name);
  }
}

function childMap<Value>(parent: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  const found = parent.get(key);
  if (found !== undefined) return found;
  const made = new Map<string, Value>();
  parent.set(key, made);
  return made;
}

function check(
  command: string,
  name: string,
  rule: ParameterRule,
  value: string | undefined,
  isMap: boolean,
  exists: (kind: EntityKind, id: string) => boolean,
): void {
  const prefix = `Unable to execute API command ${command.toLowerCase()} due to`;
  if (rule.required && (value === undefined || value === '') && !isMap) {
    throw new ApiError(431, `${prefix} missing parameter ${name}`);
  }
  if (value === undefined || value === '') return;
  if (rule.type === 'long' && !/^-?\d{1,18}$/.test(value)) {
    throw new ApiError(431, `${prefix} invalid value ${value} for parameter ${name}`);
  }
  if (rule.type === 'text' && value.length > 255) {
    throw new ApiError(
      431,
      `${prefix} invalid value. Value greater than max allowed length 255 for param: ${rule.field ?? name}`,
    );
  }
  const { entity } = rule;
  if (entity === undefined) return;
  const given = rule.type === 'ids' ? value.split(',').map((part) => part.trim()) : [value];
  const unknown = given.find((id) => id !== '-1' && !exists(entity, id));
  if (unknown !== undefined) {
    throw new ApiError(
      431,
      `${prefix} invalid value. Invalid parameter ${name} value=${unknown} due to incorrect long value format, or entity does not exist or due to incorrect parameter annotation for the field in api cmd class.`,
    );
  }
}
