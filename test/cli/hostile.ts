/**
 * A ledger of a few entries, the same in every run, whose people choose names and references that would break a careless export:
 * formulas, quotes, comments, tags, postings, escapes, characters that fonts lack.
 */

import { MemoryLedger } from '../../core/drivers/memory/store.ts'
import { accepted, DAY, memoryHome, person, SECOND, TestLedger } from '../ledger/support.ts'

export const HOSTILE_TEXTS = [
  '=HYPERLINK("http://x.example";"pay")',
  '; date:2020-01-01, type: E | x',
  '"\\" 2020-01-01 open Assets:Theft',
  "+cmd|' /C calc'!A0",
  'x  wallet:thief  99 CREDIT = 99 CREDIT',
  'Łódź Ελλάδα Київ 中文 \u{1f600}',
] as const

/** Zoë opens her account and is credited on two days, each time with a hostile reference. */
export async function hostileLedger(): Promise<MemoryLedger> {
  const memory = new MemoryLedger()
  const test = await TestLedger.found(memoryHome(memory))
  const zoe = person('Zoë')
  const body = { publicKey: zoe.publicKey, name: HOSTILE_TEXTS[0] }
  await test.accept(zoe, 'account.open', body)
  for (const [i, text] of HOSTILE_TEXTS.entries()) {
    test.time += i === 3 ? DAY : SECOND
    accepted(await test.ledger.submit(test.topup(zoe, i === 0 ? '0.000001' : `${i * 100}.5`, text)))
  }
  await test.accept(zoe, 'plan.subscribe', { plan: 'starter', price: '19' })
  await test.close()
  return memory
}
