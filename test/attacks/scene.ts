/** A marketplace with one note under attack, and how a note's signature is tampered with. */

import { expect } from 'vitest'
import { tryFromBase64, utf8 } from '../../core/base/bytes.ts'
import { type Account, accounts } from '../../core/domain/state.ts'
import { decodeRow } from '../../core/domain/table.ts'
import { type Marketplace, openMarketplace } from '../ledger/marketplace.ts'
import { BOB, type Home, TestLedger } from '../ledger/support.ts'

/** Bob buys Ada's feature for 4 of his 250 credits. */
interface Scene extends Marketplace {
  readonly test: TestLedger
  readonly purchase: Uint8Array
}

export async function scene(home: Home): Promise<Scene> {
  const test = await TestLedger.found(home)
  const market = await openMarketplace(test)
  const purchase = test.sign(BOB, 'feature.purchase', { listing: market.feature, terms: 1, price: '4' })
  return { test, purchase, ...market }
}

/** The attack had no other effect: that is what Bob has, and an audit finds nothing. */
export async function bobHas({ test }: Pick<Scene, 'test'>, credits: bigint): Promise<void> {
  const [stored] = await test.store.rows([accounts.at(BOB.account)])
  expect((decodeRow(stored!.value) as Account).walletMicros).toBe(credits * 1_000_000n)
  expect((await test.audit()).defects).toEqual([])
}

export function textOf(note: Uint8Array): string {
  return new TextDecoder().decode(note)
}

/** The note with its signature bytes changed: key id, R and S of the first line. */
export function withSignature(note: Uint8Array, change: (bytes: Uint8Array) => void): Uint8Array {
  const text = textOf(note)
  const encoded = /([A-Za-z0-9+/=]+)\n$/.exec(text)![1]!
  const bytes = tryFromBase64(encoded)!.slice()
  change(bytes)
  return utf8(text.replace(`${encoded}\n`, `${Buffer.from(bytes).toString('base64')}\n`))
}
