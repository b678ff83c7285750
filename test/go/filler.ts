/** What fills a log: entries of many signers and of different lengths, in UTF-8 of one to four bytes, a second apart. */

import { type Person, person, SECOND, type TestLedger } from '../ledger/support.ts'

export function filler(test: TestLedger, i: number): { readonly note: Uint8Array; readonly opened?: Person } {
  test.time += SECOND
  const who = person(`Łucja 李 ${i - (i % 4)}`)
  if (i % 4 === 0) return { note: test.opening(who), opened: who }
  if (i % 4 === 1) return { note: test.topup(who, '0.000001', `zapłata 支払い 🧾 ${'·'.repeat(i % 90)}${i}`) }
  return { note: test.model(who, `модель ${i}`) }
}
