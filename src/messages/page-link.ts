/** `Link` to the next older page (RFC 8288), which begins after the message `cursor`. */
export function nextPageLink(tag: string, limit: number, cursor: string): string {
  const query = `tag=${encodeURIComponent(tag)}&limit=${limit}&cursor=${cursor}`;
  return `</messages?${query}>; rel="next"`;
}
