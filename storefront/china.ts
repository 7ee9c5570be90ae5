/** The wall clock of China: one time zone, UTC+8, without summer time since 1992; `Intl` would load a megabyte for the same. */
const ahead = 8 * 3_600_000;

/** "2026-11-23T17:23:00". */
export const chinaTime = (time: Date): string => new Date(time.getTime() + ahead).toISOString().slice(0, 19);

/** "2026-11-23". */
export const chinaDay = (time: Date): string => chinaTime(time).slice(0, 10);

/** "17:23". */
export const chinaHour = (time: Date): string => chinaTime(time).slice(11, 16);

/** When the day of `time` began there. */
export const chinaMidnight = (time: Date): Date => new Date(`${chinaDay(time)}T00:00:00+08:00`);
