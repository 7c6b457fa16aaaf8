/**
 * A statement of the request path. It is named, so that each connection parses and plans it once.
 * Only these are: a name for every text that Prisma makes would fill the server's memory.
 */
export interface HotStatement {
  readonly name: string;
  /** With `$1` and so on for every value; it is never put together from input. */
  readonly sql: string;
}

/** What `@prisma/adapter-pg` asks for each statement; the empty name prepares nothing. */
export function nameStatements(hot: readonly HotStatement[]) {
  const names = new Map(hot.map(({ name, sql }) => [sql, name]));
  return ({ sql }: { readonly sql: string }): string => names.get(sql) ?? '';
}
