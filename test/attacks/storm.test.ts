/**
 * No signed note stops the core: a storm of well-formed bodies with extreme figures, over states that the storm itself makes.
 * Bigger runs, with the first seed where it is not 1:
 *
 *   STORM_SEEDS=500 STORM_STEPS=2000 STORM_SEED=1 npm run -s test -- test/attacks/storm.test.ts
 */

import { expect, test } from 'vitest'
import { rules } from '../../core/domain/transactions/index.ts'
import { Storm } from './storm.ts'

const SEED = Number(process.env.STORM_SEED ?? 1)
const SEEDS = Number(process.env.STORM_SEEDS ?? 15)
const STEPS = Number(process.env.STORM_STEPS ?? 500)

/** Types that must have been accepted somewhere, or the storm blew past the rules. */
const TYPES = [...rules.get(1)!.keys()]

function weather(seed: number): Storm {
  const storm = new Storm(seed)
  try {
    storm.begin()
    for (let step = 0; step < STEPS; step++) storm.step()
  } catch (error) {
    const { text, time } = storm.sent.at(-1)!
    throw new Error(`seed ${seed}, note ${storm.sent.length} at ${new Date(time).toISOString()}: ${text}`, { cause: error })
  }
  return storm
}

test('whatever is signed, the answer is a value and the books hold', { timeout: 30_000 + SEEDS * STEPS * 20 }, () => {
  const met = new Set<string>()
  for (let seed = SEED; seed < SEED + SEEDS; seed++) {
    for (const { type, answer } of weather(seed).sent) if (answer === 'accepted') met.add(type)
  }
  if (SEEDS * STEPS < 7_000) return
  expect(TYPES.filter((type) => !met.has(type))).toEqual([])
})
