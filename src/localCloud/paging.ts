/** Lists of boxes by pages (BoxLite, openapi/box.openapi.yaml, listBoxes). */
import { ApiError } from './apiError';

/** What boxes are listed by: their age; the id tells those of the same millisecond apart. */
export interface Listed {
  readonly createdAt: string;
  readonly id: string;
}

export interface PageQuery {
  readonly pageSize: number;
  /** The `next` of the page before. */
  readonly pageToken?: string | undefined;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Null: this is the last page. */
  readonly next: string | null;
}

/** One page of the items in order of age. Throws an {@link ApiError} for a token that is none of ours. */
export function pageOf<T>(items: readonly T[], listed: (item: T) => Listed, query: PageQuery): Page<T> {
  const after = query.pageToken === undefined ? '' : decodeToken(query.pageToken);
  const keyed = items
    .map((item) => ({ item, key: sortKey(listed(item)) }))
    .filter(({ key }) => key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = keyed.slice(0, query.pageSize);
  const last = page.at(-1);
  return {
    items: page.map(({ item }) => item),
    next: last && keyed.length > page.length ? encodeToken(last.key) : null,
  };
}

function sortKey({ createdAt, id }: Listed): string {
  return `${createdAt} ${id}`;
}

function encodeToken(key: string): string {
  return Buffer.from(key).toString('base64url');
}

function decodeToken(token: string): string {
  const key = Buffer.from(token, 'base64url').toString('utf8');
  if (encodeToken(key) === token && /^\S+ [a-z0-9]+$/.test(key)) return key;
  throw new ApiError('invalid_argument', 'pageToken: is not one that this server gave');
}
