/** What waits in order is worked at in groups, bounded by count and by bytes: in the sequencer, and in a replay. */

/** As many bytes as some five hundred purchases have: what a group is about, and the rows that it reads, grows with them. */
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
