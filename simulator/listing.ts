import { ApiError, invalidParameter, permissionDenied, serverFailure } from './api-error';
import type { Call } from './call';
import { textKey } from './database-text';
import { isProjectAccount, projectsOf, usableProject } from './projects';
import type { JsonObject } from './rows';
import type { World } from './world';

/** `default.page.size`, which is also the most that a page may have. */
const MAX_PAGE_SIZE = 500;
/** `pagesize=-1`: no page at all. */
const UNLIMITED = -1;

interface Owned {
  readonly accountId: string;
}

/** Whose rows a list command may show: everybody's, those outside or inside of projects, those of one account, or none. */
export type Scope =
  | { readonly kind: 'everything' }
  | { readonly kind: 'some'; readonly accountIds: ReadonlySet<string> }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'account'; readonly accountId: string };

/**
 * The scope of a list command (AccountManagerImpl.buildACLSearchParameters): users have their own rows; a root admin its own
 * unless `listall`, an `id`, a `domainid` or an `account` says otherwise. `ids` does not widen it. What belongs to a project is
 * seen with its `projectid`, or by a root admin that names it by `id`.
 *
 * @throws ApiError 431 for an account that is not there, 531 for one that is not the caller's
 */
export function scopeFor(call: Call): Scope {
  const { caller, arguments: given } = call;
  const admin = caller.role === 'admin';
  const projectId = given.text('projectid');
  const accountName = given.text('account');
  if (accountName !== undefined) {
    if (projectId !== undefined) throw invalidParameter("Account and projectId can't be specified together");
    return { kind: 'account', accountId: accountInScope(call, accountName) };
  }
  const listAll = given.flag('listall') === true;
  if (projectId !== undefined && projectId !== '') return projectScope(call, projectId, admin && listAll);
  if (admin && given.names('id')) return { kind: 'everything' };
  if (!admin || !(listAll || given.names('domainid'))) return { kind: 'account', accountId: caller.id };
  return { kind: 'some', accountIds: accountsWhere(call, (id) => !isProjectAccount(call.world, id)) };
}

/** `projectid=-1`: all projects that the caller may use, of a root admin with `listall` everything else as well. */
function projectScope(call: Call, projectId: string, everything: boolean): Scope {
  const { world, caller } = call;
  if (projectId !== '-1') return { kind: 'account', accountId: usableProject(world, caller, projectId).accountId };
  if (everything) return { kind: 'everything' };
  const usable = projectsOf(world, caller).map((project) => project.accountId);
  return usable.length === 0 ? { kind: 'nothing' } : { kind: 'some', accountIds: new Set(usable) };
}

function accountsWhere({ world }: Call, wanted: (accountId: string) => boolean): ReadonlySet<string> {
  return new Set([...world.accounts.values()].map((account) => account.id).filter(wanted));
}

/** Whether a scope holds the row. */
export function covers(scope: Scope, row: Owned): boolean {
  switch (scope.kind) {
    case 'everything':
      return true;
    case 'some':
      return scope.accountIds.has(row.accountId);
    case 'account':
      return scope.accountId === row.accountId;
    case 'nothing':
      return false;
  }
}

/** Which rows the caller's {@link scopeFor} holds. @throws ApiError as that does */
export function scopeOf(call: Call): (row: Owned) => boolean {
  const scope = scopeFor(call);
  return (row) => covers(scope, row);
}

function accountInScope({ world, caller }: Call, name: string): string {
  const account = world.accountNamed(name);
  if (account === undefined) {
    throw invalidParameter(`could not find account ${name} in domain ${world.description.rootDomainId}`);
  }
  if (caller.role !== 'admin' && account.id !== caller.id) {
    throw permissionDenied('Caller does not have permission to operate with provided resource.');
  }
  return account.id;
}

/** The server's database compares texts without case and without the spaces at their ends (MySQL's utf8_general_ci). */
export function sameText(one: string, other: string): boolean {
  return textKey(one) === textKey(other);
}

/** Whether a volume, VM or snapshot has one of several tags: they are OR-ed. */
export function isTagged(world: World, resourceId: string, wanted: ReadonlyMap<string, string>): boolean {
  return world
    .tagsOf(resourceId)
    .some((tag) => [...wanted].some(([key, value]) => sameText(tag.key, key) && sameText(tag.value, value)));
}

/** MySQL's LIKE '%word%', where `%` and `_` in the word stand for anything as well. */
export function like(text: string, word: string): boolean {
  if (!/[%_\\]/.test(word)) return text.toLowerCase().includes(word.toLowerCase());
  const pattern = word.replace(/\\(.)|[%_]|[.*+?^${}()|[\]\\]/gs, (match, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped.replace(/[.*+?^${}()|[\]\\]/, '\\$&');
    return match === '%' ? '.*' : match === '_' ? '.' : `\\${match}`;
  });
  return new RegExp(pattern, 'is').test(text);
}

interface Numbered {
  readonly number: number;
}

/** How pages follow each other: `newest first` by number, or `as listed`. The rows of one page come by their number in any case. */
type PageOrder = 'newest first' | 'as listed';

/**
 * A page of rows as CloudStack lists them: nothing found gives `{}`, a page beyond the end gives the count alone, and so does
 * `retrieveonlyresourcecount`.
 *
 * @throws ApiError 431 for a page without a size, a size without a page, or too large a size (BaseListCmd)
 */
export function pageOf<Row extends Numbered>(
  call: Call,
  key: string,
  rows: readonly Row[],
  answer: (row: Row) => JsonObject,
  order: PageOrder = 'newest first',
): JsonObject {
  const { start, length } = pageAsked(call);
  if (rows.length === 0) return {};
  if (call.arguments.flag('retrieveonlyresourcecount') === true) return { count: rows.length };
  const sorted = [...rows].sort((a, b) => a.number - b.number);
  const [from, to] =
    order === 'as listed' ? [start, start + length] : [sorted.length - start - length, sorted.length - start];
  const shown = sorted.slice(Math.max(from, 0), Math.max(to, 0));
  if (shown.length === 0) return { count: rows.length };
  return { count: rows.length, [key]: shown.map(answer) };
}

function pageAsked({ arguments: given }: Call): { readonly start: number; readonly length: number } {
  const page = given.long('page');
  const size = given.long('pagesize');
  if (size !== undefined && size !== UNLIMITED && page === undefined) {
    throw new ApiError(431, '"page" parameter is required when "pagesize" is specified');
  }
  if (page !== undefined && size === undefined) {
    throw new ApiError(431, '"pagesize" parameter is required when "page" is specified');
  }
  if (size !== undefined && size > MAX_PAGE_SIZE) {
    throw invalidParameter(`Page size can't exceed max allowed page size value: ${String(MAX_PAGE_SIZE)}`);
  }
  if (size === UNLIMITED) {
    if (page !== undefined) {
      throw invalidParameter("Can't specify page parameter when pagesize is -1 (Unlimited)");
    }
    return { start: 0, length: Number.MAX_SAFE_INTEGER };
  }
  // The database refuses such a LIMIT; its words are not shown.
  if (size !== undefined && size < 0) throw serverFailure('DB Exception on: null');
  const length = size ?? MAX_PAGE_SIZE;
  return { start: (Math.max(page ?? 1, 1) - 1) * length, length };
}
