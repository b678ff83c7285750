/** How an account comes to be, through ledger.genesis (the operator's) and account.open. */

import type { Context, Effects } from './define.ts'
import { keyIdOf } from './key-ring.ts'
import { ZERO } from './money.ts'
import { accountNumbers, accounts, keyrings, keys, platform } from './state.ts'
import type { RowKey } from './table.ts'

interface NewAccount {
  readonly name: string
  readonly publicKey: string
}

/** The rows that openAccount writes. */
export function newAccountRows(context: Context<unknown>, publicKey: string): readonly RowKey[] {
  const { signer } = context
  return [
    accounts.at(signer),
    accountNumbers.at(context.get(platform)?.accounts ?? 0),
    keys.at(signer, keyIdOf(context, publicKey)),
    keyrings.at(signer),
  ]
}

/** Opens the signer's account with its first key, which may sign everything. */
export function openAccount(effects: Effects<unknown>, { name, publicKey }: NewAccount): void {
  const { signer, time } = effects
  const ledger = effects.need(platform)
  // In the order in which rows are stored, so that it need not be sorted whenever the account changes.
  effects.put(accounts.at(signer), {
    carry: 0,
    earningsMicros: ZERO,
    entries: 0,
    frozen: false,
    heldMicros: ZERO,
    last: 0,
    name,
    number: ledger.accounts,
    openedAt: time,
    payableMicros: ZERO,
    publicKey,
    receivableMicros: ZERO,
    walletMicros: ZERO,
  })
  effects.put(accountNumbers.at(ledger.accounts), { account: signer })
  const key = keyIdOf(effects, publicKey)
  effects.put(keys.at(signer, key), { publicKey, scopes: ['all'], addedAt: time })
  effects.put(keyrings.at(signer), { keys: [{ key, isMaster: true }] })
  effects.put(platform, { ...ledger, accounts: ledger.accounts + 1 })
}
