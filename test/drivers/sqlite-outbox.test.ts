/** An outbox's store: what it was given outlives it, and nothing goes back or gets lost, whoever writes to it. */

import { describe, expect, test } from 'vitest'
import { OUTBOX, openDatabase } from '../../core/drivers/sqlite/database.ts'
import { openSqliteMirror } from '../../core/drivers/sqlite/mirror-store.ts'
import { openSqliteOutbox } from '../../core/drivers/sqlite/outbox-store.ts'
import type { OutboxAnswer, OutboxStore } from '../../core/ledger/outbox-store.ts'
import { temporaryFolder } from './folders.ts'

const id = (number: number) => number.toString(16).padStart(48, '0')
const note = (number: number) => Uint8Array.of(number, 1, 2, 3)
const ACCEPTED: OutboxAnswer = { status: 'accepted', index: 7, receipt: Uint8Array.of(9) }
const REFUSED: OutboxAnswer = {
  status: 'refused',
  refusal: { code: 'frozen', message: 'No.', data: { account: 'nim1' } },
  statement: Uint8Array.of(8),
}

async function mirrorFolder(): Promise<string> {
  const folder = temporaryFolder()
  await (await openSqliteMirror(folder)).close()
  return folder
}

async function withOutbox<T>(folder: string, use: (store: OutboxStore) => Promise<T>): Promise<T> {
  const store = openSqliteOutbox(folder, 'write')!
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

/** Four notes, one in each state. */
async function filledOutbox(): Promise<string> {
  const folder = await mirrorFolder()
  await withOutbox(folder, async (store) => {
    for (const number of [3, 1, 4, 2]) await store.put(id(number), note(number), 1_000 + number)
    await store.markSent([id(1), id(4), id(2)])
    await store.settle(
      new Map([
        [id(4), ACCEPTED],
        [id(2), REFUSED],
      ]),
      2_000,
    )
  })
  return folder
}

describe('an outbox in a folder', () => {
  test('is there with the mirror, and nowhere else', async () => {
    expect(openSqliteOutbox(temporaryFolder(), 'write')).toBeUndefined()
    await withOutbox(await mirrorFolder(), async (store) => {
      expect(await store.counts()).toEqual({ queued: 0, sent: 0, accepted: 0, refused: 0 })
      expect(await store.hub()).toBeUndefined()
    })
  })

  test('keeps notes in the order in which they were put in, and what became of them', async () => {
    await withOutbox(await filledOutbox(), async (store) => {
      expect(await store.list(undefined, undefined, 10)).toEqual([
        { id: id(3), note: note(3), state: 'queued', queued: 1_003, isMirrored: false },
        { id: id(1), note: note(1), state: 'sent', queued: 1_001, isMirrored: false },
        { id: id(4), note: note(4), state: 'accepted', queued: 1_004, answered: 2_000, answer: ACCEPTED, isMirrored: false },
        { id: id(2), note: note(2), state: 'refused', queued: 1_002, answered: 2_000, answer: REFUSED, isMirrored: false },
      ])
      const ids = async (...given: Parameters<OutboxStore['list']>) => (await store.list(...given)).map((kept) => kept.id)
      expect(await ids(['queued', 'sent'], undefined, 10)).toEqual([id(3), id(1)])
      expect(await ids(['refused', 'sent'], id(1), 10)).toEqual([id(2)])
      expect(await ids(undefined, id(3), 2)).toEqual([id(1), id(4)])
      const back = async (...given: Parameters<OutboxStore['listBack']>) =>
        (await store.listBack(...given)).map((kept) => kept.id)
      expect(await back(undefined, undefined, 10)).toEqual([id(2), id(4), id(1), id(3)])
      expect(await back(['accepted', 'refused'], id(2), 10)).toEqual([id(4)])
      expect(await back(undefined, id(2), 2)).toEqual([id(4), id(1)])
      expect(await store.counts()).toEqual({ queued: 1, sent: 1, accepted: 1, refused: 1 })
    })
  })

  test('takes a note once', async () => {
    await withOutbox(await filledOutbox(), async (store) => {
      await store.put(id(4), note(99), 9_000)
      expect(await store.find(id(4))).toMatchObject({ note: note(4), state: 'accepted', queued: 1_004 })
    })
  })

  test('tells which accepted notes the mirror has shown', async () => {
    await withOutbox(await filledOutbox(), async (store) => {
      expect((await store.unmirrored(undefined, 10)).map((kept) => kept.id)).toEqual([id(4)])
      await store.markMirrored([id(4)])
      expect(await store.unmirrored(undefined, 10)).toEqual([])
      expect(await store.find(id(4))).toMatchObject({ isMirrored: true })
    })
  })

  test('remembers the hub that was named last', async () => {
    const folder = await mirrorFolder()
    for (const url of ['https://a.example/', 'https://b.example/'])
      await withOutbox(folder, (store) => store.nameHub({ url, vkey: 'v' }))
    await withOutbox(folder, async (store) => expect(await store.hub()).toEqual({ url: 'https://b.example/', vkey: 'v' }))
  })

  test('never goes back: an answer stays, and the log alone turns a refusal round', async () => {
    await withOutbox(await filledOutbox(), async (store) => {
      await store.markSent([id(4), id(2)])
      await store.settle(new Map([[id(4), REFUSED]]), 3_000)
      expect(await store.find(id(4))).toMatchObject({ state: 'accepted', answered: 2_000 })
      expect(await store.find(id(2))).toMatchObject({ state: 'refused' })
      await store.settle(new Map([[id(2), ACCEPTED]]), 3_000)
      expect(await store.find(id(2))).toMatchObject({ state: 'accepted', answer: ACCEPTED, answered: 3_000 })
    })
  })

  test('forgets what is answered, and what was never sent', async () => {
    await withOutbox(await filledOutbox(), async (store) => {
      expect(await Promise.all([3, 4, 2, 5].map((number) => store.drop(id(number))))).toEqual([true, true, true, false])
      expect(await store.drop(id(1))).toBe(false)
      expect(await store.counts()).toEqual({ queued: 0, sent: 1, accepted: 0, refused: 0 })
    })
  })

  test('takes notes from several programs at a time', async () => {
    const folder = await mirrorFolder()
    const [one, two] = [openSqliteOutbox(folder, 'write')!, openSqliteOutbox(folder, 'write')!]
    for (let i = 0; i < 10; i++) {
      await one.put(id(2 * i), note(i), i)
      await two.put(id(2 * i + 1), note(i), i)
      await one.markSent([id(2 * i + 1)])
    }
    expect((await two.list(undefined, undefined, 100)).map((kept) => kept.id)).toEqual(
      Array.from({ length: 20 }, (_, i) => id(i)),
    )
    await one.close()
    await two.close()
  })

  test.each([
    [`UPDATE notes SET note = x'00'`, 'a note in the outbox is never changed'],
    ['UPDATE notes SET queued = 0', 'a note in the outbox is never changed'],
    [`UPDATE notes SET state = 'queued' WHERE state = 'sent'`, 'a note in the outbox never goes back'],
    [`UPDATE notes SET state = 'sent' WHERE state = 'refused'`, 'a note in the outbox never goes back'],
    [`DELETE FROM notes WHERE state = 'sent'`, 'a note that was sent and not answered is never deleted'],
    [`UPDATE notes SET receipt = NULL WHERE state = 'accepted'`, 'CHECK constraint failed'],
    [`UPDATE notes SET state = 'accepted' WHERE state = 'sent'`, 'CHECK constraint failed'],
    [`UPDATE notes SET mirrored = 1 WHERE state = 'sent'`, 'CHECK constraint failed'],
    [`INSERT INTO hub VALUES (2, 'u', 'v')`, 'CHECK constraint failed'],
  ])('aborts %s', async (sql, message) => {
    const database = openDatabase(await filledOutbox(), OUTBOX, 'write')
    expect(() => database.exec(sql)).toThrow(message)
    database.close()
  })

  test('says what is damaged', async () => {
    const folder = await filledOutbox()
    await withOutbox(folder, async (store) => expect(await store.defects()).toEqual([]))
    const database = openDatabase(folder, OUTBOX, 'write')
    database.exec(`UPDATE notes SET refusal = '{' WHERE state = 'refused'; DROP TRIGGER notes_delete`)
    database.close()
    await withOutbox(folder, async (store) => {
      await expect(store.find(id(2))).rejects.toMatchObject({ code: 'damaged', message: expect.stringContaining(id(2)) })
      expect(await store.defects()).toEqual(['outbox.db lacks the trigger notes_delete.'])
    })
  })
})
