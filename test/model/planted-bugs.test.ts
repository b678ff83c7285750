/**
 * The harness is worth what it catches: each of these bugs, planted from outside into rules that are otherwise right, has to be
 * found within a bounded number of seeds. A bug that the machine's own assertions stop counts as found, so most are ones that
 * they let pass.
 */

import { expect, test } from 'vitest'
import { accountBugs, creditBugs } from './bugs/credits.ts'
import { feeBugs } from './bugs/fees.ts'
import { marketBugs, planBugs } from './bugs/market.ts'
import { meteringBugs } from './bugs/metering.ts'
import { runSeed, shorten } from './run.ts'

const SEEDS = 300
const STEPS = 300

const BUGS = { ...feeBugs, ...planBugs, ...marketBugs, ...meteringBugs, ...creditBugs, ...accountBugs }

test.each(Object.keys(BUGS))('finds that %s', { timeout: 180_000 }, (name) => {
  const bug = BUGS[name]!
  for (let seed = 1; seed <= SEEDS; seed++) {
    const failure = runSeed(seed, STEPS, undefined, bug)
    if (failure === undefined) continue
    const shortest = shorten(failure, bug)
    expect(shortest.sequence.length, 'a shortened sequence can be read').toBeLessThan(40)
    return
  }
  expect.fail(`${SEEDS} seeds of ${STEPS} steps did not find it`)
})
