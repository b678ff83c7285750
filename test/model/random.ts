/**
 * A seeded source of chance: one seed gives one sequence, on every machine and for ever, so a failure is replayed by its seed
 * alone.
 */

export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
    for (let i = 0; i < 4; i++) this.#next()
  }

  /** 32 random bits (mulberry32). */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  /** A number from 0 up to, and without, 1. */
  fraction(): number {
    return this.#next() / 2 ** 32
  }

  /** An integer from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1))
  }

  /** An integer up to `high` whose size, not value, is evenly spread: small ones and big ones are equally likely. */
  spread(high: number): number {
    return Math.floor(high ** this.fraction())
  }

  chance(probability: number): boolean {
    return this.fraction() < probability
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('nothing to pick from')
    return items[this.int(0, items.length - 1)]!
  }

  maybe<T>(items: readonly T[]): T | undefined {
    return items.length === 0 ? undefined : this.pick(items)
  }

  /** The first items far more often than the last: some things are hot, most are cold. */
  hot<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(items.length * this.fraction() ** 2.5)]
  }

  /** One of the names, as often as its weight says. */
  weighted<T extends string>(weights: Readonly<Record<T, number>>): T {
    const entries = Object.entries(weights) as [T, number][]
    let left = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [item, weight] of entries) {
      left -= weight
      if (left < 0) return item
    }
    return entries[0]![0]
  }

  /** Some of the items, in random order, at most `most`. */
  some<T>(items: readonly T[], most: number): T[] {
    const left = [...items]
    const taken: T[] = []
    const count = this.int(1, Math.max(1, Math.min(most, left.length)))
    while (taken.length < count && left.length > 0) taken.push(left.splice(this.int(0, left.length - 1), 1)[0]!)
    return taken
  }
}
