/** RFC 3339, section 5.6, date-time. */
const DATE_TIME =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))$/i;

/** From here on an instant has no RFC 3339 form in UTC, in which it would be answered. */
const END = Date.UTC(10000, 0, 1);
const MINUTE_MS = 60_000;

/** Reads an RFC 3339 instant, to the millisecond; a text says why it is none, or not storable. */
export function parseInstant(text: string): Date | string {
  const match = DATE_TIME.exec(text);
  if (!match) return 'must be an RFC 3339 time with its offset, like 2024-05-15T19:06:16.846Z';
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map(Number);
  const [fraction = '', sign, offsetHour = '0', offsetMinute = '0'] = match.slice(7);
  // Before anything is computed: Date.UTC takes the years 0 to 99 for 1900 to 1999.
  if (year < 1969) return 'must not be before 1970';
  if (month < 1 || month > 12) return `has no such month: ${month}`;
  if (day < 1 || day > new Date(Date.UTC(year, month, 0)).getUTCDate()) {
    return `has no such day: ${text.slice(0, 10)}`;
  }
  if (hour > 23 || minute > 59 || second > 60 || +offsetHour > 23 || +offsetMinute > 59) {
    return 'has no such time of day or offset';
  }
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'));
  const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * (sign === '-' ? -1 : 1);
  const time =
    Date.UTC(year, month - 1, day, hour, minute, second, milliseconds) - offset * MINUTE_MS;
  if (time < 0) return 'must not be before 1970';
  if (time >= END) return 'must be before the year 10000';
  const instant = new Date(time);
  // A leap second ends a month in UTC; it is kept, as POSIX does, as the second after it.
  if (second === 60 && !/-01T00:00:00/.test(instant.toISOString())) {
    return 'has no such time of day or offset';
  }
  return instant;
}
