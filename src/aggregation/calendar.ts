/** A UTC day as `YYYY-MM-DD`; such texts are in the order of the days. */
export type Day = string;

export const PERIODS = ['year', 'month', 'day'] as const;
export type Period = (typeof PERIODS)[number];

/** Both days included. */
export interface DayRange {
  readonly from: Day;
  readonly to: Day;
}

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const DAY_MS = 86_400_000;

/** Whether the text is a day of the Gregorian calendar, from 0001-01-01 to 9999-12-31. */
export function isDay(text: string): boolean {
  if (!DAY.test(text) || text < '0001-01-01') return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  // Date takes 2023-02-29 for March 1st.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** How many periods a range touches. */
export function periodsIn(period: Period, { from, to }: DayRange): number {
  return ordinal(period, to) - ordinal(period, from) + 1;
}

function ordinal(period: Period, day: Day): number {
  switch (period) {
    case 'year':
      return yearOf(day);
    case 'month':
      return monthIndex(day);
    case 'day':
      return Date.parse(`${day}T00:00:00Z`) / DAY_MS;
  }
}

/**
 * The months that lie in a range as a whole: from the first of one month to before the first of
 * another. Where there are none, both are the range's first day, so that the days before and after
 * are the range all the same.
 */
export function wholeMonths({ from, to }: DayRange): { readonly first: Day; readonly end: Day } {
  const first = monthIndex(from) + (from.endsWith('-01') ? 0 : 1);
  const end = monthIndex(to) + (isLastOfMonth(to) ? 1 : 0);
  return first < end ? { first: firstDay(first), end: firstDay(end) } : { first: from, end: from };
}

export function yearOf(day: Day): number {
  return Number(day.slice(0, 4));
}

export function monthOf(day: Day): number {
  return Number(day.slice(5, 7));
}

export function dayOfMonth(day: Day): number {
  return Number(day.slice(8, 10));
}

function monthIndex(day: Day): number {
  return yearOf(day) * 12 + monthOf(day) - 1;
}

function firstDay(index: number): Day {
  const year = String(Math.floor(index / 12)).padStart(4, '0');
  return `${year}-${String((index % 12) + 1).padStart(2, '0')}-01`;
}

function isLastOfMonth(day: Day): boolean {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).getUTCDate() === 1;
}
