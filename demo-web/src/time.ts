// Times as documents and requests write them (UTC, whole seconds), and how long things took.

const MS_PER_SECOND = 1000;
const MS_PER_DAY = 86_400 * MS_PER_SECOND;

/** `2026-01-01T00:00:00Z`; a fraction of a second is cut off. */
export function timestamp(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}

/** `2026-01-01`, in UTC. */
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

/** Whether someone born on a date has completed so many years. Born on 29 February, one does so on 1 March. */
export function hasReached(age: number, birthDate: string, today: Date): boolean {
  const [year, month, day] = birthDate.split("-").map(Number);
  if (year === undefined || month === undefined || day === undefined) return false;
  return Date.UTC(year + age, month - 1, day) <= today.getTime();
}

/** Milliseconds as people read them. */
export function duration(ms: number): string {
  return ms < 10 * MS_PER_SECOND ? `${Math.round(ms)} ms` : `${(ms / MS_PER_SECOND).toFixed(1)} s`;
}

/** How long each stage of a proof took. */
export interface StageTime {
  readonly stage: string;
  readonly ms: number;
}

/** A stage as people read it. */
export function stageLabel(stage: string, device: "cpu" | "gpu"): string {
  return device === "gpu" ? `${stage} (GPU)` : stage;
}
