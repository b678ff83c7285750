/**
 * What a sequence is like, drawn from its seed: how much money, how fast time moves, how many people, which rules the genesis
 * lays down.
 */

import { type Fields, toAmount } from '../catalogue/form.ts'
import { OPERATOR, SEQUENCER } from '../people.ts'
import type { Random } from '../random.ts'

export const PERIODS = ['week', 'month', 'quarter', 'year']
export const ORIGIN = 'test.example/credits'

export type Flood = 'streams' | 'holds' | 'keys' | 'reserves' | 'policies' | 'grants'

export interface Scenario {
  readonly money: 'dust' | 'common' | 'big'
  readonly pace: 'seconds' | 'days' | 'months' | 'mixed'
  readonly people: number
  /** One kind of thing is made with almost every step, until there are too many. */
  readonly flood: Flood | undefined
  /** What people do more often than elsewhere. */
  readonly focus: 'calls' | 'plans' | 'subscriptions' | undefined
  /** What goes wrong more often than elsewhere: top-ups are charged back, or keys are many and tight. */
  readonly trouble: 'debts' | 'keys' | undefined
  /** The most lines and payers of a batch. */
  readonly lines: number
  readonly genesis: Fields
}

/** Microcredits, spread over what is usual in the scenario. */
export function someMicros(random: Random, money: Scenario['money'], scale = 1): bigint {
  const most = { dust: 60, common: 30_000_000, big: 2 ** 52 }[money] * scale
  if (money === 'dust' || random.chance(0.3)) return BigInt(1 + random.spread(most))
  // Round prices are as usual as odd ones.
  const whole = BigInt(1 + random.spread(Math.max(1, Math.floor(most / 1_000_000)))) * 1_000_000n
  return random.chance(0.5) ? whole : whole + BigInt(random.int(0, 999_999))
}

export function drawScenario(random: Random): Scenario {
  const money = random.weighted({ common: 5, dust: 3, big: 2 })
  const floods = { streams: 3, holds: 2, keys: 1.5, reserves: 1.5, policies: 1, grants: 1 }
  const flood = random.chance(0.2) ? random.weighted<Flood>(floods) : undefined
  const focus = random.pick(['calls', 'calls', 'plans', 'subscriptions', undefined, undefined] as const)
  const slow = focus === 'calls' ? 0 : 2
  return {
    money,
    flood,
    focus: flood === undefined ? focus : undefined,
    pace: flood !== undefined ? 'seconds' : random.weighted({ mixed: 5, seconds: 2, days: 3, months: slow }),
    people: random.int(3, 7),
    trouble:
      flood !== undefined
        ? undefined
        : { none: undefined, debts: 'debts' as const, keys: 'keys' as const }[random.weighted({ none: 6, debts: 2, keys: 2 })],
    lines: random.chance(0.08) ? 150 : 12,
    genesis: drawGenesis(random, money),
  }
}

function drawGenesis(random: Random, money: Scenario['money']): Fields {
  const price = () => toAmount(someMicros(random, money))
  const plans = [
    { plan: 'starter', modelLimit: 3, price: money === 'common' ? '19' : price(), period: 'month' },
    { plan: 'experienced', modelLimit: 10, price: money === 'common' ? '49' : price(), period: 'month' },
    { plan: 'tiny', modelLimit: 1, price: price(), period: random.pick(PERIODS) },
  ]
  return {
    origin: ORIGIN,
    name: 'Test ledger',
    operatorKey: OPERATOR.publicKey,
    sequencerKey: SEQUENCER.publicKey,
    clock: 'manual',
    feeBps: random.chance(0.8) ? 1500 : random.pick([0, 1, 333, 1499]),
    plans,
    policy: {
      minimumPayout: random.pick(['0', '25', toAmount(someMicros(random, money))]),
      earningsHoldDays: random.pick([0, 7, 30]),
      graceDays: random.pick([0, 1, 7, 30]),
      creditNote: '1 credit = 1 USD',
    },
  }
}
