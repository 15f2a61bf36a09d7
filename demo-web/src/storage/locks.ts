// Web Locks: mutual exclusion over all tabs of this origin.

/** Runs `work` while no other tab holds the lock of this name; waits for it. */
export async function exclusively<T>(name: string, work: () => Promise<T>): Promise<T> {
  return navigator.locks.request(name, work);
}

/** Runs `work` if no tab holds the lock of this name; says whether it did. */
export async function ifFree(name: string, work: () => Promise<void>): Promise<boolean> {
  return navigator.locks.request(name, { ifAvailable: true }, async (lock) => {
    if (lock === null) return false;
    await work();
    return true;
  });
}
