// Times in the form that documents and requests use (UTC, whole seconds), and durations in the form that the page
// shows.

const MS_PER_SECOND = 1000;
const MS_PER_DAY = 86_400 * MS_PER_SECOND;

/** Formats a time as `2026-01-01T00:00:00Z`. Fractions of a second are cut off. */
export function timestamp(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** Formats the date of a time as `2026-01-01`, in UTC. */
export function fullDate(time: Date): string {
  return time.toISOString().slice(0, 10);
}

export function addDays(time: Date, days: number): Date {
  return new Date(time.getTime() + days * MS_PER_DAY);
}

export function addYears(time: Date, years: number): Date {
  const later = new Date(time);
  later.setUTCFullYear(time.getUTCFullYear() + years);
  return later;
}

/**
 * Whether a person born on `birthDate` has completed `age` years. In years without a 29 February, a person born on that
 * day completes the year on 1 March.
 */
export function hasReached(age: number, birthDate: string, today: Date): boolean {
  const [year, month, day] = birthDate.split("-").map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  return Date.UTC(year + age, month - 1, day) <= today.getTime();
}

/** Formats milliseconds for people. */
export function duration(ms: number): string {
  return ms < 10 * MS_PER_SECOND ? `${Math.round(ms)} ms` : `${(ms / MS_PER_SECOND).toFixed(1)} s`;
}

/** How long one stage of a proof took. */
export interface StageTime {
  readonly stage: string;
  readonly ms: number;
}

/** The label of a stage, which says so if the stage ran on a GPU. */
export function stageLabel(stage: string, device: "cpu" | "gpu"): string {
  return device === "gpu" ? `${stage} (GPU)` : stage;
}
