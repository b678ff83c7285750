/** What waits in order is worked on in groups, bounded by count and by bytes: in the sequencer, and in a replay. */

/** The bytes of some five hundred purchases. What a group deals with, and the rows that it reads, grow with its bytes. */
const GROUP_BYTES = 256 * 1024

/** How many of the items from `start` on make a group: up to `most` of them, one at least. */
export function groupLength<T>(items: readonly T[], start: number, most: number, bytesOf: (item: T) => number): number {
  const end = Math.min(items.length, start + most)
  let bytes = 0
  let next = start
  while (next < end) {
    bytes += bytesOf(items[next]!)
    if (next > start && bytes > GROUP_BYTES) break
    next += 1
  }
  return next - start
}
