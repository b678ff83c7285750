/**
 * Writers are killed at random moments, again and again on the same ledger. Whatever one of them acknowledged must be there
 * for ever, once, and nothing that is there may contradict the log.
 */

import { describe, expect, onTestFinished, test } from 'vitest'
import { Writer } from './children.ts'
import { found, randomOf } from './crash-writer.ts'
import { temporaryFolder } from './homes.ts'
import { ADA, accepted, auditOf, folderHome, openedCheckpoint } from './support.ts'
import { newMarket, openedFolder, Witness } from './witness.ts'

const KILLS = Number(process.env.CRASH_KILLS ?? 200)
/** A new ledger after so many kills, so that the audit after each of them stays short. */
const KILLS_OF_A_LEDGER = 10
const LANES = 2

/** Waits for the moment at which to kill, and kills. */
async function killSomewhere(writer: Writer, random: () => number): Promise<void> {
  const chance = random()
  const pause = (most: number) => new Promise((resolve) => setTimeout(resolve, random() * most))
  if (chance < 0.1) await pause(30)
  else {
    await writer.says('open')
    const changes = chance < 0.6 ? random() * 8 : chance < 0.97 ? random() * 30 : 300
    await writer.says('>', 1 + Math.floor(changes))
    // At once, which is within the change that has just begun, or a little later.
    if (random() < 0.4) await pause(4)
  }
  await writer.kill()
}

interface Tally {
  kills: number
  opening: number
  between: number
  within: number
  inFlight: number
  acknowledged: number
}

async function lane(number: number, kills: number, tally: Tally): Promise<void> {
  let ledger = await newMarket()
  let witness = new Witness()
  let writer = new Writer()
  const stop = () => writer.kill().catch(() => {})
  onTestFinished(stop)
  for (let kill = 0; kill < kills; kill++) {
    const seed = number * 100_000 + kill
    const random = randomOf(seed)
    if (kill > 0 && kill % KILLS_OF_A_LEDGER === 0) {
      ledger = await newMarket()
      witness = new Witness()
    }
    await writer.begin({ ...ledger, seed })
    await killSomewhere(writer, random)
    const killed = writer
    writer = new Writer()
    witness.hear(killed)
    tally.kills += 1
    tally[killed.place] += 1
    tally.inFlight += Number(witness.unanswered.size > 0)
    tally.acknowledged += killed.acknowledged.length
    await checkLedger(ledger.folder, witness, random, kill % 2 === 0)
  }
}

async function checkLedger(folder: string, witness: Witness, random: () => number, isReadFirst: boolean): Promise<void> {
  const home = folderHome(folder)
  const read = async () => {
    const reader = await home.openReader()
    expect(await auditOf(reader, reader)).toMatchObject({ ok: true, defects: [] })
    await witness.checkStored(reader)
    await reader.close()
  }
  // Sometimes a reader is the first to see what the crash left, sometimes the next writer.
  if (isReadFirst) await read()
  const opened = await openedFolder(folder)
  expect(openedCheckpoint(opened.ledger.checkpoint).size).toBe(await opened.store.size())
  if (!isReadFirst) await read()
  await witness.checkAnswers(opened, random)
  await witness.checkStored(opened.store)
  await opened.close()
}

test(`${KILLS} writers that are killed lose nothing that they acknowledged`, { timeout: 60_000 + KILLS * 3_000 }, async () => {
  const tally: Tally = { kills: 0, opening: 0, between: 0, within: 0, inFlight: 0, acknowledged: 0 }
  const share = Math.ceil(KILLS / LANES)
  await Promise.all(
    Array.from({ length: LANES }, (_, number) => lane(number + 1, Math.min(share, KILLS - number * share), tally)),
  )
  expect(tally.kills).toBe(KILLS)
  // Most kills must hit a writer with notes in flight, and many of those a change of the store that had begun and was not done.
  expect(tally, JSON.stringify(tally)).toSatisfy(({ inFlight }: Tally) => inFlight > KILLS * 0.7)
  expect(tally, JSON.stringify(tally)).toSatisfy(({ within }: Tally) => within > KILLS * 0.3)
})

describe('a founding that is killed', () => {
  test('can be done again from wherever it stopped', { timeout: 120_000 }, async () => {
    const kills = Math.max(3, Math.floor(KILLS / 10))
    let writer = new Writer()
    onTestFinished(() => writer.kill().catch(() => {}))
    for (let kill = 0; kill < kills; kill++) {
      const random = randomOf(kill)
      const folder = temporaryFolder()
      await writer.begin({ folder, seed: 0 })
      const steps = ['', '> commit', '<', '> replaceCheckpoint', 'founded']
      const step = steps[kill % steps.length]!
      if (step !== '') await writer.says(step)
      await new Promise((resolve) => setTimeout(resolve, random() * (step === '' ? 60 : 2)))
      await writer.kill()
      writer = new Writer()
      const test = await found(folder)
      const size = await test.store.size()
      expect(size).toBe(1)
      await test.reopen()
      expect(openedCheckpoint(test.ledger.checkpoint).size).toBe(1)
      accepted(await test.ledger.submit(test.opening(ADA)))
      expect(await test.audit()).toMatchObject({ ok: true, size: 2, unsigned: 0 })
      await test.close()
    }
  })
})
