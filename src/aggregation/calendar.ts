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
