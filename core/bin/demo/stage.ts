/** Where the demonstration is played: people sign, time passes, and the scheduler does what is due in between. */

import { assert } from '../../base/assert.ts'
import type { Json } from '../../domain/canonical.ts'
import { formatSeconds, type Seconds, wholeSeconds } from '../../domain/time.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import { publicKeyHex } from '../desk.ts'
import { newKeyPair } from '../founding.ts'
import { OPERATOR } from '../place.ts'
import { emptyReport, runSchedule, type TimedDesk } from '../scheduling.ts'
import { submitAccepted } from './accepted.ts'

type Body = { readonly [field: string]: Json }

export class Stage {
  readonly timed: TimedDesk

  constructor(timed: TimedDesk) {
    this.timed = timed
  }

  /** Lets time pass. What is due by then is done on the way, each thing at its time. */
  async goTo(time: string): Promise<void> {
    const seconds: Seconds = wholeSeconds(Date.parse(time))
    assert(formatSeconds(seconds) === time, `${time} is a time`)
    await runSchedule(this.timed, seconds, emptyReport())
    this.timed.setTime(seconds)
  }

  /** Somebody signs, perhaps with another below, and the ledger has to accept. */
  act(signer: string, type: string, body: Body, cosigner?: string): Promise<Accepted> {
    return submitAccepted(this.timed.desk, { signer, type, body, cosigner })
  }

  /** The id of what an accepted transaction makes. */
  async make(signer: string, type: string, body: Body): Promise<string> {
    const { created } = (await this.act(signer, type, body)).outcome
    assert(created !== undefined, `${type} makes a thing`)
    return created
  }

  account(name: string): string {
    return this.timed.desk.account(name)
  }

  /** Makes another key of an account, kept in the vault; returns its public key in hex. */
  makeKey(label: string, account: string): string {
    const pair = newKeyPair()
    this.timed.desk.vault.add([{ label, account, pair }])
    return publicKeyHex(pair)
  }

  /** Opens an account with a key of its own and, where credits are given, a first top-up. */
  async join(
    name: string,
    topUp: { readonly amount: string; readonly provider: string; readonly reference: string },
  ): Promise<Accepted> {
    const { vault } = this.timed.desk
    if (vault.key(name) === undefined) vault.add([{ label: name, pair: newKeyPair() }])
    await this.act(name, 'account.open', { name, publicKey: publicKeyHex(vault.key(name)!) })
    return this.act(OPERATOR, 'credit.topup', { account: this.account(name), ...topUp })
  }
}
