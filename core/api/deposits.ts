/** What was paid in and out outside the ledger, by provider, beside what is outstanding: both sides come to the same. */

import type { BookClass } from '../domain/books.ts'
import type { Tools } from '../domain/envelope.ts'
import { formatMicros } from '../domain/money.ts'
import { DEPOSIT_TYPES, type DepositType } from '../ledger/deposits.ts'
import { everyBook } from '../ledger/queries.ts'
import type { StoreReader } from '../ledger/store.ts'
import type { Sight } from './host.ts'
import type { DepositsView, ProviderView } from './views.ts'

export async function readDeposits(tools: Tools, sight: Sight): Promise<DepositsView> {
  const sums = await sight.deposits.of(tools, sight)
  const books = await sumBooks(sight.store)
  const of = (...classes: readonly BookClass[]) => classes.reduce((sum, book) => sum + (books.get(book) ?? 0n), 0n)
  // The books of what was sold and of what was paid out stand on the other side of zero.
  const heldMicros = -of('issued', 'redeemed')
  let foundMicros = 0n
  const providers = Array.from(sums, ([provider, byType]): ProviderView => {
    const micros = DEPOSIT_TYPES.map((type) => (type === 'credit.topup' ? 1n : -1n) * byType[type].amountMicros)
    const providerMicros = micros.reduce((sum, one) => sum + one, 0n)
    foundMicros += providerMicros
    const shown = DEPOSIT_TYPES.map((type) => [
      type,
      { amount: formatMicros(byType[type].amountMicros), entries: byType[type].entries },
    ])
    return { provider, sums: Object.fromEntries(shown) as Record<DepositType, never>, held: formatMicros(providerMicros) }
  })
  return {
    size: await sight.store.size(),
    providers: providers.sort((a, b) => (a.provider < b.provider ? -1 : 1)),
    earlier: formatMicros(heldMicros - foundMicros),
    held: formatMicros(heldMicros),
    promotions: formatMicros(-of('promotions')),
    wallets: formatMicros(of('wallet', 'held')),
    creators: formatMicros(of('earnings', 'payable')),
    revenue: formatMicros(of('revenue:fees', 'revenue:plans')),
    owed: formatMicros(-of('receivable')),
  }
}

async function sumBooks(store: StoreReader): Promise<ReadonlyMap<BookClass, bigint>> {
  const sums = new Map<BookClass, bigint>()
  for await (const { book, balanceMicros } of everyBook(store)) sums.set(book, (sums.get(book) ?? 0n) + balanceMicros)
  return sums
}
