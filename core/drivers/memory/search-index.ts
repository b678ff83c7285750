/** An index in memory, for tests and simulations. A `MemoryIndex` outlives whoever opens it, as a file does. */

import type {
  Days,
  EntryQuery,
  IndexedEntry,
  IndexedRevenue,
  IndexedSpending,
  IndexedThing,
  IndexPosition,
  IndexStep,
  SearchIndexWriter,
  Tally,
  TallyQuery,
  ThingQuery,
} from '../../ledger/search-index.ts'
import { sha256 } from '../sha256.ts'

export class MemoryIndex implements SearchIndexWriter {
  entries: IndexedEntry[] = []
  things = new Map<string, IndexedThing>()
  revenue: IndexedRevenue[] = []
  spending: IndexedSpending[] = []
  sums = new Map<string, Tally>()
  texts = new Map<string, string>()
  root: Uint8Array = sha256(new Uint8Array())

  async position(): Promise<IndexPosition> {
    return { size: this.entries.length, root: this.root }
  }

  async follow({ size, entries, things, revenue, spending, tallies, kept, root }: IndexStep): Promise<boolean> {
    if (size !== this.entries.length) return false
    this.entries.push(...entries)
    for (const thing of things) this.things.set(`${thing.kind} ${thing.key}`, thing)
    this.revenue.push(...revenue)
    this.spending.push(...spending)
    for (const tally of tallies) {
      const place = `${tally.series} ${tally.period} ${tally.subject}`
      this.sums.set(place, { ...tally, sums: plus(this.sums.get(place)?.sums, tally.sums) })
    }
    for (const { key, text } of kept) this.texts.set(key, text)
    this.root = root
    return true
  }

  async findEntries({ from, to, order, limit, ...query }: EntryQuery): Promise<number[]> {
    const found = this.entries.slice(from, to).filter((entry) => fits(entry, query))
    const indexes = found.map(({ index }) => index)
    return (order === 'up' ? indexes : indexes.reverse()).slice(0, limit)
  }

  async findThings({ kind, owner, sort, words = [], mostMicros, after = '', limit }: ThingQuery): Promise<string[]> {
    const textOf = (thing: IndexedThing) => `${thing.text}\n${this.things.get(`account ${thing.owner}`)?.text ?? ''}`
    return [...this.things.values()]
      .filter((thing) => thing.kind === kind && thing.key > after)
      .filter((thing) => (owner === undefined || thing.owner === owner) && (sort === undefined || thing.sort === sort))
      .filter(({ priceMicros }) => mostMicros === undefined || (priceMicros !== undefined && priceMicros <= mostMicros))
      .filter((thing) => words.every((word) => textOf(thing).includes(word)))
      .map(({ key }) => key)
      .sort()
      .slice(0, limit)
  }

  async revenueOf(payee: string): Promise<IndexedRevenue[]> {
    return this.revenue.filter((one) => one.payee === payee)
  }

  async spendingOf(payer: string, { from, to }: Days): Promise<IndexedSpending[]> {
    return this.spending.filter((one) => one.payer === payer && one.day >= from && one.day < to)
  }

  async tallies({ series, from, to, after, limit }: TallyQuery): Promise<Tally[]> {
    return [...this.sums.values()]
      .filter((one) => one.series === series && one.period >= from && one.period < to)
      .filter((one) => after === undefined || inOrder(after, one) < 0)
      .sort(inOrder)
      .slice(0, limit)
  }

  async kept(keys: readonly string[]): Promise<(string | undefined)[]> {
    return keys.map((key) => this.texts.get(key))
  }

  async forget(): Promise<void> {
    this.entries = []
    this.things.clear()
    this.revenue = []
    this.spending = []
    this.sums.clear()
    this.texts.clear()
    this.root = sha256(new Uint8Array())
  }

  async close(): Promise<void> {}
}

function plus(before: readonly bigint[] | undefined, more: readonly bigint[]): readonly bigint[] {
  return before === undefined ? more : before.map((sum, at) => sum + more[at]!)
}

function inOrder(a: Pick<Tally, 'period' | 'subject'>, b: Pick<Tally, 'period' | 'subject'>): number {
  return a.period - b.period || Buffer.compare(Buffer.from(a.subject), Buffer.from(b.subject))
}

function fits(entry: IndexedEntry, query: Omit<EntryQuery, 'from' | 'to' | 'order' | 'limit'>): boolean {
  const { account, isPayee, book, type, leastMicros, mostMicros } = query
  const { amountMicros, touched } = entry
  if (type !== undefined && entry.type !== type) return false
  if (leastMicros !== undefined && amountMicros < leastMicros) return false
  if (mostMicros !== undefined && amountMicros > mostMicros) return false
  if (account === undefined) return true
  const touch = touched.find((one) => one.account === account)
  return touch !== undefined && (!isPayee || touch.isPayee) && (book === undefined || touch.books.includes(book))
}
