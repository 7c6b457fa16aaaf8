export interface Credentials {
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/**
 * Names in a database's URL who connects, where it says nothing of its own. So an address can stand
 * in plain sight, and the password comes from where secrets are kept.
 *
 * @param url left as it is if it is none: the schema has said so
 */
export function withCredentials(url: string, { user, password }: Credentials): string {
  if (!URL.canParse(url)) return url;
  const filled = new URL(url);
  // A password belongs to its user: one of another user's is never added to a URL that names one.
  if (filled.username !== '' || user === undefined) return url;
  filled.username = encodeURIComponent(user);
  filled.password = encodeURIComponent(password ?? '');
  return filled.href;
}
