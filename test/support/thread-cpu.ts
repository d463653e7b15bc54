/**
 * Processor time of this thread so far, in milliseconds; other programs and this process's other threads do not add to it.
 * Linux counts a thread by its ticks, some milliseconds each, until somebody asks about the whole process.
 */
export function threadCpuMs(): number {
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
