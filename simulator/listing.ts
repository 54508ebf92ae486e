import { ApiError, invalidParameter, permissionDenied } from './api-error';
import type { Call } from './call';
import type { JsonObject } from './rows';

/** `default.page.size`, which is also the most that a page may have. */
const MAX_PAGE_SIZE = 500;

interface Owned {
  readonly accountId: string;
}

/**
 * Which rows the caller's scope holds: users see their own; a root admin sees its own unless `listall`, an `account` or an
 * `id` says otherwise.
 *
 * @throws ApiError 431 for an account that is not there, 531 for one that is not the caller's
 */
export function scopeOf(call: Call): (row: Owned) => boolean {
  const { caller, world, arguments: given } = call;
  const accountName = given.text('account');
  if (accountName !== undefined && accountName !== '') {
    const account = world.accountNamed(accountName);
    if (account === undefined) {
      throw invalidParameter(`Unable to find account ${accountName} in domain ${world.description.rootDomainId}`);
    }
    if (caller.role !== 'admin' && account.id !== caller.id) {
      throw permissionDenied('Caller does not have permission to operate with provided resource.');
    }
    return (row) => row.accountId === account.id;
  }
  const everything = caller.role === 'admin' && (given.flag('listall') === true || (given.text('id') ?? '') !== '');
  return (row) => everything || row.accountId === caller.id;
}

/** MySQL's LIKE '%word%' with its case-insensitive collation. */
export function like(text: string, word: string): boolean {
  return text.toLowerCase().includes(word.toLowerCase());
}

interface Numbered {
  readonly number: number;
}

/**
 * A page of rows as CloudStack lists them: nothing found gives `{}`, a page beyond the end gives the count alone. Pages go from
 * the newest to the oldest, the rows of one page by their number.
 *
 * @throws ApiError 431 for a page without a size, a size without a page, or too large a size
 */
export function pageOf<Row extends Numbered>(
  call: Call,
  key: string,
  rows: readonly Row[],
  answer: (row: Row) => JsonObject,
): JsonObject {
  const page = call.arguments.long('page');
  const size = call.arguments.long('pagesize');
  if (size !== undefined && page === undefined) {
    throw new ApiError(431, '"page" parameter is required when "pagesize" is specified');
  }
  if (page !== undefined && size === undefined) {
    throw new ApiError(431, '"pagesize" parameter is required when "page" is specified');
  }
  if (size !== undefined && size > MAX_PAGE_SIZE) {
    throw invalidParameter(`Page size can't exceed max allowed page size value: ${String(MAX_PAGE_SIZE)}`);
  }
  if (rows.length === 0) return {};
  const length = size === undefined || size <= 0 ? MAX_PAGE_SIZE : size;
  const start = (Math.max(page ?? 1, 1) - 1) * length;
  const newestFirst = [...rows].sort((a, b) => b.number - a.number);
  const shown = newestFirst.slice(start, start + length).reverse();
  if (shown.length === 0) return { count: rows.length };
  return { count: rows.length, [key]: shown.map(answer) };
}
