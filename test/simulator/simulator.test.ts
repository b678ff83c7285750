/**
 * Three mirrors, two consoles and a hub, simulated under networks that misbehave (fault-proxy.ts), full disks and kills.
 *
 *   SIM_SEEDS=200 SIM_STEPS=120 npm run -s test -- test/simulator/simulator.test.ts      SIM_SEED is the first seed, 1 by default
 */

import { expect, test } from 'vitest'
import { emptyTally, World } from './world.ts'

const FIRST = Number(process.env.SIM_SEED ?? 1)
const SEEDS = Number(process.env.SIM_SEEDS ?? 4)
const STEPS = Number(process.env.SIM_STEPS ?? 60)

test(`all converge to one log, under each of ${SEEDS} seeds`, { timeout: 60_000 + SEEDS * 30_000 }, async () => {
  const tally = emptyTally()
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    await World.run(seed, STEPS, tally).catch((error: Error) => {
      const again = `SIM_SEED=${seed} SIM_SEEDS=1 SIM_STEPS=${STEPS} npm run -s test -- test/simulator/simulator.test.ts`
      throw new Error(`${error.message}\n\nAgain: ${again}`, { cause: error })
    })
  }
  const { accepted, refusals, faults, cutOff, resumed } = tally
  expect({ accepted, cutOff, resumed, refused: refusals.size, faults: faults.size }).toSatisfy((found: Record<string, number>) =>
    Object.values(found).every((times) => times > 0),
  )
  process.stdout.write(
    `${JSON.stringify({ ...tally, actions: [...tally.actions], refusals: [...refusals], faults: [...faults] })}\n`,
  )
})
