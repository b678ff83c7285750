/**
 * A storm of well-formed transactions: every type, signed by anybody with any key, with figures at the ends of their ranges and
 * at the very second at which something begins or ends. Whatever comes, the core answers with a value and its books hold.
 */

import { assert } from '../../core/base/assert.ts'
import { toHex } from '../../core/base/bytes.ts'
import type { Json } from '../../core/domain/canonical.ts'
import { formatMicros } from '../../core/domain/money.ts'
import type { Refusal } from '../../core/domain/refusal.ts'
import type { Execution } from '../../core/domain/run.ts'
import * as state from '../../core/domain/state.ts'
import type { RowKey } from '../../core/domain/table.ts'
import { formatSeconds, MAX_SECONDS, wholeSeconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import type { Signatory } from '../../core/domain/view.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { ED25519, keyId } from '../../core/log/note.ts'
import { publicKeyOf } from '../domain/json.ts'
import { Random } from '../model/random.ts'
import { ORIGIN, World } from '../support/world.ts'
import { StormAudit } from './storm-audit.ts'
import { BODIES } from './storm-bodies.ts'

const PEOPLE = ['ada', 'bob', 'carol', 'dora']
const STARTS = ['1970-01-01T00:00:00Z', '2026-01-31T23:59:59Z', '2028-02-28T12:00:00Z', '2105-09-30T00:00:00Z']
const DAY = 86_400
const TYPES = [...rules.get(1)!.keys()].filter((type) => type !== 'ledger.genesis')
/** Drawn more often than the others, for there to be something to attack. */
const FREQUENT = words(`
  credit.topup credit.topup credit.grant account.unfreeze plan.subscribe plan.subscribe plan.change plan.renew
  model.deploy model.deploy listing.publish listing.publish subscription.start subscription.renew
  hold.open hold.capture hold.release query.charge usage.mandate usage.batch usage.batch
  credit.refund credit.refund credit.chargeback debt.forgive dataset.purchase dataset.license feature.purchase
  earnings.move payout.request`)
/** Drawn seldom: they end what others need. */
const RARE = words('account.freeze listing.withdraw model.undeploy sequencer.rotate account.open plan.cancel')
/** What a storm begins with, once everybody has credits. */
const PRELUDE = words(`
  plan.subscribe plan.subscribe model.create model.create model.create model.deploy model.deploy model.deploy
  listing.publish listing.publish listing.publish listing.publish listing.publish
  usage.mandate usage.mandate subscription.start hold.open key.add key.add key.add key.add`)

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}

/** What was sent, so that a failure can be told and the same notes can be sent to others. */
export interface Sent {
  readonly type: string
  readonly text: string
  /** Milliseconds. */
  readonly time: number
  /** Who signed, and the name of the key (publicKeyOf). */
  readonly signers: readonly { readonly account: string; readonly key: string }[]
  /** `accepted`, or the code of the refusal. */
  answer?: string
}

interface Signing extends Signatory {
  readonly key: string
}

export class Storm {
  readonly random: Random
  readonly world = new World()
  readonly audit = new StormAudit(this.world)
  readonly sent: Sent[] = []
  /** The names of the keys that an account ever had or tried to have, by account. */
  readonly #keys = new Map<string, string[]>()
  readonly #guests: string[] = []
  readonly #without: readonly string[]
  #names = 0
  #references = 0

  /** `without` are types that are not drawn. */
  constructor(seed: number, without: readonly string[] = []) {
    this.random = new Random(seed)
    this.#without = without
    this.world.time = Date.parse(this.random.pick(STARTS))
    for (const name of ['operator', 'sequencer', ...PEOPLE]) this.world.person(name, publicKeyOf(name))
  }

  begin(): void {
    this.#found()
    for (const name of PEOPLE) this.#open(name)
    for (const [i, name] of this.people().entries()) {
      const body = { account: this.account(name), amount: '1000', provider: 'bank', reference: `first ${i}` }
      this.#send('operator', 'credit.topup', body)
    }
    for (const type of PRELUDE) this.#insist(type)
  }

  get now(): number {
    return wholeSeconds(this.world.time)
  }

  #found(): void {
    const { random } = this
    const days = () => random.pick([0, 1, 7, 90])
    const key = (name: string) => this.world.people.get(name)!.publicKey
    const plan = (name: string, modelLimit: number, price: string) => ({ plan: name, modelLimit, price, period: this.period() })
    const genesis = {
      origin: ORIGIN,
      name: 'Storm',
      operatorKey: key('operator'),
      sequencerKey: key('sequencer'),
      clock: 'manual',
      feeBps: random.pick([0, 1, 1499, 1500, 1500, 1500]),
      plans: [
        plan('starter', random.pick([1, 3]), random.pick(['0.000001', '19'])),
        plan('experienced', 10, random.pick(['49.999999', '999999999999'])),
      ],
      policy: { minimumPayout: random.pick(['0', '25']), earningsHoldDays: days(), graceDays: days(), creditNote: 'n' },
    }
    const result = this.#send('operator', 'ledger.genesis', genesis)
    assert(result.status === 'executed', () => `the ledger is founded: ${JSON.stringify(result)}`)
  }

  #open(name: string): void {
    const { publicKey } = this.world.people.get(name)!
    const result = this.#send(name, 'account.open', { publicKey, name })
    assert(result.status === 'executed', 'people open accounts')
  }

  period(): string {
    return this.random.pick(['week', 'month', 'quarter', 'year'])
  }

  /** Lets time pass, or not, and sends one transaction. */
  step(): Execution | Refusal {
    const { random } = this
    if (random.chance(0.15)) this.#passTime()
    const type = random.chance(0.4) ? random.pick(TYPES) : random.pick(FREQUENT)
    if (this.#without.includes(type) || (RARE.includes(type) && random.chance(0.8))) return this.step()
    return this.#draw(type)
  }

  #draw(type: string): Execution | Refusal {
    const { body, signer } = BODIES[type]!(this)
    return this.#send(signer === undefined || this.random.chance(0.08) ? this.someone() : signer, type, body)
  }

  /** Draws a type until it is accepted, or for as long as it seems worth it. */
  #insist(type: string): void {
    for (let tries = 0; tries < 60; tries++) if (this.#draw(type).status === 'executed') return
  }

  #passTime(): void {
    const { random, now } = this
    const jump = random.pick([1, 60, 60, 3600, 3600, DAY, DAY, DAY, 7 * DAY, 31 * DAY])
    const edge = random.chance(0.5) ? this.edge() : undefined
    const next = edge === undefined ? now + jump : edge
    // What is signed in the last seconds cannot be valid any longer.
    if (next >= now && next < MAX_SECONDS - 2) this.world.time = Math.max(this.world.time, next * 1000)
  }

  /** A moment at which something that the rows hold begins or ends, or the second before or after it. */
  edge(): number | undefined {
    const rows = [...this.world.rows.values()]
    const moments: number[] = []
    for (let tries = 0; tries < 12 && moments.length === 0; tries++) collect(this.random.pick(rows).row, this.now, moments)
    const moment = moments.sort((a, b) => a - b)[0]
    return moment === undefined ? undefined : moment + this.random.int(-1, 1)
  }

  #send(signer: string, type: string, body: Json): Execution | Refusal {
    const definition = rules.get(1)!.get(type)!
    const text = this.world.compose(this.account(signer), type, body)
    const cosigners = definition.cosigned === undefined ? [] : [this.#signing(this.#meterOf(body))]
    const signing = [definition.publicKey === undefined ? this.#signing(signer) : this.#firstKey(signer), ...cosigners]
    const sent: Sent = { type, text, time: this.world.time, signers: signing }
    this.sent.push(sent)
    const result = this.world.run(text, definition.publicKey === undefined ? signing : [])
    this.audit.check(result, signing)
    sent.answer = result.status === 'refused' ? result.code : 'accepted'
    return result
  }

  #meterOf(body: Json): string {
    const { listing } = body as { readonly listing: string }
    const name = this.nameOf(this.world.get(state.listings.at(listing))?.account)
    return name === undefined || this.random.chance(0.2) ? this.someone() : name
  }

  #firstKey(name: string): Signing {
    return this.#signingWith(name, name)
  }

  #signingWith(name: string, key: string): Signing {
    const account = this.account(name)
    return { account, key, keyId: keyId(sha256, account, ED25519, publicKeyOf(key)) }
  }

  #signing(name: string): Signing {
    const others = this.#keys.get(this.account(name)) ?? []
    return this.#signingWith(name, others.length > 0 && this.random.chance(0.25) ? this.random.pick(others) : name)
  }

  /** A key of somebody's or, more often, a new one; the signer of a key.add will try to sign with it later. */
  publicKey(name: string): string {
    const isKnown = this.random.chance(0.1)
    const key = isKnown ? this.random.pick(['operator', 'sequencer', ...PEOPLE]) : `key ${this.#names++ % 60}`
    const account = this.account(name)
    this.#keys.set(account, [...(this.#keys.get(account) ?? []), key])
    return toHex(publicKeyOf(key))
  }

  knownKey(name: string): string {
    return this.#signingWith(name, this.random.pick([name, ...(this.#keys.get(this.account(name)) ?? [])])).keyId
  }

  /** A reference of its own or, now and then, one that many have. */
  reference(): { provider: string; reference: string } {
    return { provider: 'bank', reference: this.random.chance(0.9) ? `r${this.#references++}` : 'once' }
  }

  people(): string[] {
    return ['operator', ...PEOPLE, ...this.#guests]
  }

  /** Somebody who comes to open an account. */
  newcomer(): { readonly name: string; readonly publicKey: string } {
    const name = this.#guests.length < 3 ? `guest ${this.#guests.length}` : this.random.pick(this.#guests)
    if (!this.#guests.includes(name)) this.#guests.push(name)
    return { name, publicKey: this.world.person(name, publicKeyOf(name)).publicKey }
  }

  someone(): string {
    return this.random.pick(this.people())
  }

  account(name = this.someone()): string {
    return this.world.people.get(name)!.account
  }

  nameOf(account: string | undefined): string | undefined {
    return this.people().find((name) => this.account(name) === account)
  }

  rowsOf<Row>(table: string): { readonly key: RowKey<Row>; readonly row: Row }[] {
    return [...this.world.rows.values()].filter(({ key }) => key.table.name === table) as never
  }

  /** An amount: tiny, huge, usual, or what somebody has to the microcredit, one more or one less. */
  amount(): string {
    const { random } = this
    if (random.chance(0.6)) return random.pick(['0.000001', '0.000007', '1', '3', '10', '19', '25.000001', '100', '1000'])
    if (random.chance(0.2)) return random.pick(['500000000000', '999999999999.999999'])
    const accounts = this.rowsOf<state.Account>('account').map(({ row }) => row)
    const { walletMicros, earningsMicros, receivableMicros, heldMicros } = random.pick(accounts)
    const near = random.pick([walletMicros, earningsMicros, -receivableMicros, heldMicros]) + BigInt(random.int(-1, 1))
    return near > 0n && near < 10n ** 18n ? formatMicros(near) : '0.000001'
  }

  /** A time that may stand in a body. */
  time(): string {
    const { random, now } = this
    const edge = this.edge() ?? now
    const moments = [
      0,
      now - 1,
      now,
      now + 1,
      now + 1800,
      now + DAY,
      now + DAY + 1,
      now + 8 * DAY,
      now + 400 * DAY,
      edge,
      MAX_SECONDS,
    ]
    return formatSeconds(Math.min(MAX_SECONDS, Math.max(0, random.pick(moments))))
  }

  count(): number {
    return this.random.pick([0, 0, 1, 2, 3, 100, 1_000_000, Number.MAX_SAFE_INTEGER])
  }
}

/** The times to come that stand somewhere in a row. */
function collect(value: unknown, now: number, moments: number[]): void {
  if (typeof value === 'number' && value > now && value < now + 500 * DAY) moments.push(value)
  else if (typeof value === 'object' && value !== null) for (const item of Object.values(value)) collect(item, now, moments)
}
