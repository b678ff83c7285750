/**
 * Draws transactions from a seed, beside the model: it asks the model what is there, so that most of what it draws succeeds, and
 * then spoils some of it, so that every refusal occurs. What it draws is concrete, so a sequence is told again, or told in part,
 * without it.
 */

import { DAY, toSeconds } from '../catalogue/calendar.ts'
import type { Signature } from '../catalogue/history.ts'
import { type Key, keysOf, maySign } from '../catalogue/keys.ts'
import type { Model, Told } from '../catalogue/model.ts'
import { type Actor, CITIZENS, OPERATOR, SEQUENCER, WEAK } from '../people.ts'
import type { Random } from '../random.ts'
import { Desk, type Draft } from './desk.ts'
import { type Edge, edgesAhead } from './edges.ts'
import { drawScenario, ORIGIN, type Scenario } from './scenario.ts'
import { spoilBody, spoilEnvelope } from './spoil.ts'
import { Trade } from './trade.ts'

/** 2026-01-31: months that end early and leap days are near. */
const FOUNDED = toSeconds('2026-01-31T09:30:00Z') * 1000
/** Sequences stay clear of the last times that a transaction id can hold. */
const LAST = toSeconds('2090-01-01T00:00:00Z')

export class Workload {
  readonly scenario: Scenario
  readonly #random: Random
  readonly #model: Model
  readonly #desk: Desk
  readonly #trade: Trade
  readonly #sent: Told[] = []
  #at = FOUNDED
  #edge: Edge | undefined
  #nonce = 0

  constructor(random: Random, model: Model) {
    this.#random = random
    this.#model = model
    this.scenario = drawScenario(random)
    this.#desk = new Desk(random, model, this.scenario)
    this.#trade = new Trade(this.#desk)
  }

  next(): Told {
    const random = this.#random
    if (this.#nonce > 0) this.#passTime()
    const told = this.#nonce > 9 && random.chance(0.04) ? this.#again() : this.#fresh()
    this.#nonce += 1
    this.#sent.push(told)
    return told
  }

  #fresh(): Told {
    const random = this.#random
    const isFounded = this.#model.genesis !== undefined
    const draft = isFounded ? this.#draw() : this.#genesis()
    const isBodySpoiled = isFounded && random.chance(0.04)
    const told = this.#envelope(isBodySpoiled ? { ...draft, body: spoilBody(random, draft.body) } : draft)
    return this.#nonce > 2 && random.chance(0.04) ? spoilEnvelope(random, told) : told
  }

  /** What was sent before, word for word, under another id. */
  #again(): Told {
    const told = this.#random.pick(this.#sent.slice(this.#random.chance(0.5) ? -25 : 0))
    const now = Math.floor(this.#at / 1000)
    return { ...told, at: this.#at, made: now, validUntil: now + DAY, nonce: this.#nonce }
  }

  #draw(): Draft {
    const people = this.#people()
    this.#desk.people = [OPERATOR, ...people]
    this.#desk.now = Math.floor(this.#at / 1000)
    const left = this.scenario.people - people.length
    if (left > 0 && this.#random.chance(people.length < 3 ? 0.7 : 0.15)) return this.#open()
    if (this.#random.chance(0.003)) return this.#genesis()
    if (this.#random.chance(0.007)) return this.#open()
    return this.#trade.draw(this.#edge)
  }

  /** Citizens with an account, in order of opening. */
  #people(): Actor[] {
    return this.#model.accounts().flatMap((account) => CITIZENS.filter((one) => one.account === account))
  }

  #genesis(): Draft {
    const random = this.#random
    if (this.#nonce === 0 && random.chance(0.1)) {
      const body = { name: 'Early', base: 'b', artifact: '00'.repeat(32), description: 'd' }
      return random.chance(0.5) ? { signer: OPERATOR, type: 'model.create', body } : this.#open()
    }
    const isOther = this.#model.genesis !== undefined && random.chance(0.3)
    const body = isOther ? { ...this.scenario.genesis, operatorKey: CITIZENS[0]!.publicKey } : this.scenario.genesis
    return { signer: isOther ? CITIZENS[0]! : OPERATOR, type: 'ledger.genesis', body }
  }

  #open(): Draft {
    const random = this.#random
    const opened = this.#people()
    const fresh = CITIZENS.slice(0, this.scenario.people).filter((one) => !opened.includes(one))
    const odd = random.pick([...WEAK, OPERATOR, SEQUENCER, ...opened])
    const signer = random.chance(0.85) ? (fresh[0] ?? odd) : odd
    return { signer, type: 'account.open', body: { publicKey: signer.publicKey, name: signer.name } }
  }

  /**
   * Moves time on, by a pace or to a moment at which something begins or ends, a little before, exactly then, or a little after.
   */
  #passTime(): void {
    const random = this.#random
    this.#edge = undefined
    const { pace, flood } = this.scenario
    if (flood === undefined && this.#model.genesis !== undefined && random.chance(pace === 'seconds' ? 0.05 : 0.15)) {
      this.#desk.people = [OPERATOR, ...this.#people()]
      this.#desk.now = Math.floor(this.#at / 1000)
      const edge = random.hot(edgesAhead(this.#desk).slice(0, random.chance(0.9) ? 8 : 80))
      this.#edge = edge
      if (edge !== undefined) this.#at = Math.max(this.#at, edge.time * 1000 + random.pick([-1000, -1, 0, 0, 0, 999, 1000]))
      return
    }
    const step = pace === 'mixed' ? random.weighted({ seconds: 8, days: 2, months: 0.4 }) : pace
    const most = { seconds: 90, days: 3 * DAY, months: 40 * DAY }[step]
    const passed = random.chance(0.3) ? 0 : random.spread(most) * 1000 + random.int(0, 999)
    const paid = passed > 3_600_000 && random.chance(0.6) ? this.#nextRenewal(passed / 1000) : undefined
    this.#edge = paid
    this.#at = paid === undefined ? Math.min(this.#at + passed, LAST * 1000) : Math.max(this.#at, paid.time * 1000)
  }

  /** The first moment of the seconds ahead at which a period could be renewed: mostly somebody sees to it. */
  #nextRenewal(seconds: number): Edge | undefined {
    if (this.#model.genesis === undefined) return undefined
    this.#desk.people = [OPERATOR, ...this.#people()]
    this.#desk.now = Math.floor(this.#at / 1000)
    const isRenewal = ({ what, time }: Edge) => (what === 'plan' || what === 'subscription') && time < this.#desk.now + seconds
    return edgesAhead(this.#desk).find(isRenewal)
  }

  #envelope(draft: Draft): Told {
    const random = this.#random
    const { signer, type, body, cosigner } = draft
    const now = Math.floor(this.#at / 1000)
    const made = now - (random.chance(0.8) ? random.int(0, 5) : random.pick([-300, -299, 3600, DAY - 1]))
    const validUntil = random.chance(0.8) ? made + DAY : random.pick([now + 1, made + 30 * DAY])
    const signers = [signer.account, ...(cosigner === undefined ? [] : [cosigner])]
    return {
      at: this.#at,
      ledger: ORIGIN,
      signer: signer.account,
      signatures: signers.map((account, place) => this.#sign(draft, account, place)),
      made,
      validUntil: Math.max(validUntil, now + 1, made + 1),
      nonce: this.#nonce,
      type,
      body,
    }
  }

  /** Who has several keys signs with any that will do, now and then with one that will not. */
  #sign({ signer, type, body }: Draft, account: string, place: number): Signature {
    const keys = keysOf(this.#model, account)
    const founds = type === 'account.open' || type === 'ledger.genesis'
    if (founds || keys.length === 0) {
      const publicKey = place === 0 ? signer.publicKey : WEAK[0]!.publicKey
      return { account, publicKey }
    }
    const now = Math.floor(this.#at / 1000)
    const suffices = ({ publicKey, isRevoked }: Key) =>
      !isRevoked && maySign(this.#model, type, { account, publicKey }, place, body, now)
    const publicKeys = keys.map(({ publicKey }) => publicKey)
    return this.#desk.signature(
      account,
      keys.filter(suffices).map(({ publicKey }) => publicKey),
      publicKeys,
    )
  }
}
