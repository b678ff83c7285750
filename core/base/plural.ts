/** How many of something, as an English sentence says it. */

/** "1 entry", "2 entries", "0.5 credits"; of `are`: "1 is", "2 are". */
export function plural(count: number | bigint | string, one: string, many = `${one}s`): string {
  return `${count} ${String(count) === '1' ? one : many}`
}

/** "1 entry", "2 entries": the size of a log in a sentence. */
export function entryCount(count: number | bigint | string): string {
  return plural(count, 'entry', 'entries')
}
