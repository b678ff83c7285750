/** Draws what listings sell and for how much. */

import { type Fields, toAmount } from '../catalogue/form.ts'
import type { Random } from '../random.ts'
import { PERIODS, type Scenario, someMicros } from './scenario.ts'

type Money = Scenario['money']

export function datasetTerms(random: Random, money: Money): Fields {
  const price = () => toAmount(someMicros(random, money))
  const licences = Array.from({ length: random.int(1, 3) }, () => ({
    price: price(),
    days: random.int(1, 400),
    seats: random.int(1, 9),
    redistribution: random.chance(0.5),
  }))
  return random.pick<Fields>([{ purchase: price() }, { licences }, { purchase: price(), licences }])
}

/** A model's terms: subscriptions, prices of calls or both, at times with included units, for subscribers or for everybody. */
export function modelTerms(random: Random, money: Money): Fields {
  const isSubscribable = random.chance(0.7)
  const prices = random.some(PERIODS, 3).map((period) => [period, toAmount(someMicros(random, money))])
  const units = () => (random.chance(0.5) ? 0 : random.spread(3000))
  const included = { requests: random.int(0, 6), inputTokens: units(), outputTokens: units(), milliseconds: units() }
  const access = random.chance(0.4) ? 'open' : isSubscribable && random.chance(0.3) ? 'subscription' : undefined
  return {
    ...(isSubscribable && { subscription: Object.fromEntries(prices) }),
    ...(!(isSubscribable && random.chance(0.1)) && { query: queryPrices(random, money) }),
    ...(random.chance(0.5) && { included }),
    ...(access && { access }),
  }
}

/** A thousand tokens or a second cost about what a request costs; some calls cost a fraction of a microcredit. */
function queryPrices(random: Random, money: Money): Fields {
  const scale = money === 'dust' ? 1 : 0.001
  const price = (probability: number, times: number) => {
    const exact = Math.ceil(Number(someMicros(random, money)) * scale * times)
    return random.chance(probability) ? toAmount(BigInt(exact)) : '0'
  }
  return { perRequest: price(0.7, 1), perMInput: price(0.6, 100), perMOutput: price(0.6, 100), perSecond: price(0.3, 1) }
}
