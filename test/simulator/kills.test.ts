/**
 * A hub and a mirror with its outbox, as processes, are killed at random moments, again and again, while others hand in notes.
 * What the hub acknowledged is in the log for ever, once, where it said; and in the end the mirror has the very book.
 *
 *   KILLS=300 npm run -s test -- test/simulator/kills.test.ts      KILL_SEED is the first seed, 1 by default
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Random } from '../model/random.ts'
import { Scene } from './scene.ts'

const KILLS = Number(process.env.KILLS ?? 6)
const FIRST = Number(process.env.KILL_SEED ?? 1)
/** A new ledger after so many kills, so that a look at the whole log stays short. */
const KILLS_OF_A_LEDGER = 25

/** Who is killed, in turns: a hub that is being handed notes, a hub at any moment, a mirror. */
const VICTIMS = ['busy hub', 'hub', 'mirror'] as const

/** Waits for the moment at which to kill. */
async function moment(scene: Scene, victim: (typeof VICTIMS)[number], random: Random): Promise<void> {
  if (victim !== 'busy hub' && random.chance(0.15)) return void (await sleep(random.int(0, 700)))
  await scene.isServing()
  if (victim === 'mirror') return void (await sleep(random.int(0, 2_500)))
  await scene.acknowledges(random.spread(60))
  if (victim === 'busy hub') {
    await scene.handsIn()
    await sleep(random.int(0, 2))
  }
  // At once, which is within a commit or an answer, or a little later.
  else if (random.chance(0.5)) await sleep(random.int(0, 20))
}

test(`${KILLS} kills of hub and mirror lose nothing and double nothing`, { timeout: 120_000 + KILLS * 10_000 }, async () => {
  const tally = { kills: 0, hub: 0, mirror: 0, serving: 0, inFlight: 0, acknowledged: 0, entries: 0 }
  for (let first = 0; first < KILLS; first += KILLS_OF_A_LEDGER) {
    const random = new Random(FIRST + first)
    const scene = await Scene.open(random)
    try {
      for (let kill = first; kill < Math.min(first + KILLS_OF_A_LEDGER, KILLS); kill++) {
        const chosen = VICTIMS[kill % VICTIMS.length]!
        await moment(scene, chosen, random)
        const victim = chosen === 'mirror' ? 'mirror' : 'hub'
        const { isServing, inFlight } = await scene.kill(victim)
        tally.kills += 1
        tally[victim] += 1
        tally.serving += Number(isServing)
        tally.inFlight += Number(inFlight > 0)
        await scene.check(victim)
        scene.start(victim)
      }
      const { acknowledged, entries } = await scene.finish()
      tally.acknowledged += acknowledged
      tally.entries += entries
    } finally {
      await scene.close()
    }
  }
  process.stdout.write(`${JSON.stringify(tally)}\n`)
  expect(tally.kills).toBe(KILLS)
  expect(tally.acknowledged).toBeGreaterThan(0)
  // Most kills must hit a hub that has notes in flight, or they prove little; of a few, those that waited for it.
  const least = KILLS < KILLS_OF_A_LEDGER ? Math.floor(KILLS / VICTIMS.length) : KILLS * 0.5
  expect(tally, JSON.stringify(tally)).toSatisfy((one: typeof tally) => one.inFlight >= least)
})
