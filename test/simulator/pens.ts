/**
 * The people of the simulation: each signs on one machine, offline, without knowing what has become of what was signed before. So
 * what is signed names things that nobody may have heard of yet, spends what may not be there, is valid for a minute only, or is
 * signed with the wrong key.
 */

import { assert } from '../../core/base/assert.ts'
import { Malformed } from '../../core/base/malformed.ts'
import type { Json } from '../../core/domain/canonical.ts'
import { composeText, parseSignedTransaction } from '../../core/domain/envelope.ts'
import type { Seconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { createdId } from '../../core/domain/view.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { signNote } from '../../core/log/note.ts'
import { MODEL, OPERATOR, ORIGIN, type Person, person, signerAs } from '../ledger/support.ts'
import type { Random } from '../model/random.ts'

/** A note as its signer has it. */
export interface Signed {
  readonly id: string
  readonly account: string
  readonly type: string
  readonly note: Uint8Array
}

const DATASET = {
  kind: 'dataset',
  title: 'Contracts',
  description: 'Clauses with their readings.',
  content: { sha256: 'b'.repeat(64), bytes: 48_113_664 },
  licences: [{ price: '0.5', days: 365, seats: 5, redistribution: false }],
}

/** What everybody may know of the marketplace: listings that were published somewhere, accepted or not. */
export class Market {
  readonly datasets: { readonly listing: string; readonly by: string }[] = []
  readonly accounts: string[] = []
}

/** The key of this name is one of its owner's account, once the owner has added it. */
function phoneOf(owner: Person): Person {
  const { name, publicKey, pair } = person(`${owner.name}'s phone`)
  return { name, account: owner.account, publicKey, pair, signer: signerAs(pair, owner.account) }
}

const PHONE = "'s phone"

function named(name: string): Person {
  if (name.endsWith(PHONE)) return phoneOf(named(name.slice(0, -PHONE.length)))
  return person(`simulated ${name}`)
}

export class Pen {
  readonly person: Person
  readonly signed: Signed[] = []
  readonly #random: Random
  readonly #market: Market
  readonly #isPhone: boolean

  /** "Ada's phone" signs for Ada, with a key of its own. */
  constructor(name: string, random: Random, market: Market) {
    this.person = name === OPERATOR.name ? OPERATOR : named(name)
    this.#isPhone = name.endsWith(PHONE)
    this.#random = random
    this.#market = market
  }

  /** The next note that this person signs. */
  sign(made: Seconds): Signed {
    if (this.person === OPERATOR) return this.#topup(made)
    if (this.#isPhone) return this.#buy(made) ?? this.#write(made, 'account.profile', { name: 'on the way' })
    const { account, publicKey, name } = this.person
    if (this.signed.length === 0) {
      this.#market.accounts.push(account)
      return this.#write(made, 'account.open', { publicKey, name })
    }
    if (this.signed.length === 2)
      return this.#write(made, 'key.add', { publicKey: phoneOf(this.person).publicKey, scopes: ['spend'], label: 'phone' })
    const kind = this.#random.weighted({ model: 4, dataset: 2, licence: 6, brief: 1, forged: 1 })
    if (kind === 'licence') return this.#buy(made) ?? this.sign(made)
    if (kind === 'dataset') {
      const published = this.#write(made, 'listing.publish', DATASET)
      this.#market.datasets.push({ listing: created(published), by: account })
      return published
    }
    const body = { ...MODEL, name: `m${this.signed.length}` }
    if (kind === 'brief') return this.#write(made, 'model.create', body, { validUntil: made + this.#random.int(1, 90) })
    return this.#write(made, 'model.create', body, kind === 'forged' ? { by: person('somebody else') } : {})
  }

  /** A licence of what somebody else published. */
  #buy(made: Seconds): Signed | undefined {
    const others = this.#market.datasets.filter(({ by }) => by !== this.person.account)
    const dataset = this.#random.maybe(others)
    return dataset && this.#write(made, 'dataset.license', { listing: dataset.listing, terms: 1, licence: 0, price: '0.5' })
  }

  #topup(made: Seconds): Signed {
    const account = this.#random.maybe(this.#market.accounts) ?? OPERATOR.account
    const body = { account, amount: this.#random.pick(['0.5', '2', '5']), provider: 'bank', reference: `r${this.signed.length}` }
    return this.#write(made, 'credit.topup', body)
  }

  #write(
    made: Seconds,
    type: string,
    body: Json,
    { by = this.person, validUntil }: { by?: Person; validUntil?: Seconds } = {},
  ): Signed {
    const { account, signer } = this.person
    const nonce = Uint8Array.from({ length: 16 }, () => this.#random.int(0, 255))
    const until = validUntil === undefined ? {} : { validUntil }
    const text = composeText({ type, body, ledger: ORIGIN, signer: account, made, nonce, ...until })
    const note = signNote(text, [{ ...signer, sign: by.pair.sign }])
    const signed = { id: parsed(note).id, account, type, note }
    this.signed.push(signed)
    return signed
  }
}

function parsed(note: Uint8Array) {
  const transaction = parseSignedTransaction(rules, sha256, note)
  assert(!(transaction instanceof Malformed), 'what people sign is well formed')
  return transaction
}

function created({ note }: Signed): string {
  return createdId(parsed(note))!
}
