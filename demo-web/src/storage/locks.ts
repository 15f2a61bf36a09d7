// Web Locks: mutual exclusion across all tabs of this origin.

/** Runs `work` while no other tab holds the lock of this name. Waits for the lock if another tab holds it. */
export async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  return navigator.locks.request(name, work);
}

/** Runs `work` if no tab holds the lock of this name. Returns whether `work` ran. */
export async function ifFree(name: string, work: () => Promise<void>): Promise<boolean> {
  return navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock === null) return false;
    await work();
    return true;
  });
}
