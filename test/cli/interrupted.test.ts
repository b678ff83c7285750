/** Commands that end before their answer, or meet one another: what is kept, what is told, and that nothing is charged twice. */

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeDemo } from '../../core/bin/demo/run.ts'
import { writing } from '../../core/bin/desk.ts'
import { submitKept, unansweredNotes } from '../../core/bin/unanswered.ts'
import type { Ledger } from '../../core/ledger/ledger.ts'
import { StoreError } from '../../core/ledger/store.ts'
import { foundMarket, placeOf } from './market.ts'
import { auditOf, cli, collect, copyOf, expectOneValue, folder, start } from './run.ts'

describe('a note whose answer was lost', () => {
  it('is kept, named, and takes effect once, however it is submitted again', async () => {
    const { dir } = await foundMarket()
    const place = placeOf(dir)
    const before = (await auditOf(dir)).size
    const note = await writing(place, async (desk) => {
      const topup = { account: desk.account('operator'), amount: '9', provider: 'bank', reference: 'lost' }
      const signed = await desk.sign({ signer: 'operator', type: 'credit.topup', body: topup })
      // The entry is committed; what fails is everything after it.
      const broken = {
        submit: async (bytes: Uint8Array) => {
          await desk.ledger.submit(bytes)
          throw new StoreError('disk_full', 'The disk is full.')
        },
      } as unknown as Ledger
      await expect(submitKept(dir, broken, 'ab12', signed)).rejects.toMatchObject({
        code: 'disk_full',
        message: expect.stringContaining('unanswered-ab12.note'),
      })
      return unansweredNotes(dir)[0]!
    })
    expect(existsSync(note)).toBe(true)

    const told = await cli(dir, ['status'])
    expect(told.code).toBe(0)
    const run = await cli(dir, ['tx', 'submit', note])
    expectOneValue(run)
    expect(run.json).toMatchObject({ status: 'accepted', repeated: true, index: before })
    expect(run.stderr).toContain('unanswered-ab12.note')
    expect(unansweredNotes(dir)).toEqual([])
    const report = await auditOf(dir)
    expect(report).toMatchObject({ ok: true, size: before + 1 })
  })

  it('is not kept once it is answered, accepted or refused', async () => {
    const { dir } = await foundMarket()
    const topup = ['topup', 'operator', '1', '--provider', 'bank', '--reference', 'once']
    expect((await cli(dir, topup)).code).toBe(0)
    expect((await cli(dir, topup)).code).toBe(1)
    expect(readdirSync(dir).filter((name) => name.includes('unanswered'))).toEqual([])
  })
})

describe('commands that meet', () => {
  it('two that found a ledger in one folder: one does, the other is told, and the keys fit the ledger', async () => {
    for (let round = 0; round < 3; round++) {
      const dir = join(folder(), 'ledger')
      const runs = await Promise.all([cli(dir, ['init']), cli(dir, ['init'])])
      expect(runs.map(({ code }) => code).sort()).toEqual([0, 1])
      expect(runs.find(({ code }) => code === 1)!.json.code).toBe('already_founded')
      const opened = await cli(dir, ['topup', 'operator', '1', '--provider', 'bank', '--reference', 'r'])
      expect(opened.code).toBe(0)
    }
  })

  it('a reader that closes the pipe early does not change what verify found', async () => {
    const { dir } = await foundMarket()
    const damaged = copyOf(dir)
    const child = start(join(damaged, 'nothing-here'), ['verify'])
    child.stdout!.destroy()
    expect((await collect(child)).code).toBe(2)
    const sound = start(dir, ['log', '--json'])
    sound.stdout!.destroy()
    expect((await collect(sound)).code).toBe(0)
  })
})

describe('a demonstration whose founding was cut off', () => {
  it('is begun anew, and a folder that holds something else is left alone', async () => {
    const place = { dir: join(folder(), 'demo'), passphrase: { environment: 'demo' } }
    mkdirSync(`${place.dir}.founding`)
    writeFileSync(join(`${place.dir}.founding`, 'ledger.db'), 'what a crash left')
    expect(await makeDemo(place, 'demo', () => {})).toHaveProperty('founded.listing')
    expect(existsSync(`${place.dir}.founding`)).toBe(false)
    expect((await auditOf(place.dir)).ok).toBe(true)
    expect(await makeDemo(place, 'demo', () => {})).toMatchObject({ status: 'refused', code: 'already_founded' })

    const taken = { ...place, dir: folder() }
    writeFileSync(join(taken.dir, 'letters.txt'), 'mine')
    await expect(makeDemo(taken, 'demo', () => {})).rejects.toThrow('holds something else')
    expect(readdirSync(taken.dir)).toEqual(['letters.txt'])
  })
})
