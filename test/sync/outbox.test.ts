/** The outbox against a real hub over HTTP: whatever is lost, repeated or killed on the way, a note takes effect once. */

import { describe, expect, it } from 'vitest'
import { rules } from '../../core/domain/transactions/index.ts'
import { MemoryLedger } from '../../core/drivers/memory/store.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import type { OutboxStore } from '../../core/ledger/outbox-store.ts'
import { checkProof, receiptOf } from '../../core/ledger/receipt.ts'
import { checkSignedRefusal } from '../../core/ledger/signed-refusal.ts'
import type { StoreReader } from '../../core/ledger/store.ts'
import { checkEvidence, formatEvidence, parseEvidence } from '../../core/sync/evidence.ts'
import { HubBusy, type RemoteAnswer, RemoteError, type RemoteHub } from '../../core/sync/remote.ts'
import { ADA, accepted, BOB, CYD, memoryHome, TestLedger } from '../ledger/support.ts'
import { TestHub, TestOutbox, TRUST } from './hub.ts'

/** The hub with something between it and the outbox. */
function between(hub: RemoteHub, submit: (notes: readonly Uint8Array[]) => Promise<RemoteAnswer[]>): RemoteHub {
  return { name: hub.name, submit }
}

async function started() {
  const hub = await TestHub.start()
  return { hub, pen: hub.pen, outbox: await TestOutbox.make(hub) }
}

describe('a note', () => {
  it('is queued, sent, and accepted with a receipt that anybody can check', async () => {
    const { hub, pen, outbox } = await started()
    const [id] = await outbox.put(pen.model(ADA))
    expect(await outbox.states()).toEqual(['queued'])
    expect(await outbox.deliver()).toEqual({ answered: 1, failure: undefined })
    const kept = await outbox.use((store) => store.find(id!))
    expect(kept).toMatchObject({ id, state: 'accepted', answer: { index: 2 }, isMirrored: false })
    const proven = checkProof({ rules, sha256 }, (kept!.answer as { receipt: Uint8Array }).receipt, TRUST)
    expect(proven).toMatchObject({ what: 'entry', index: 2, transaction: { id } })
    expect(await outbox.mirror()).toBeUndefined()
    expect(await outbox.use((store) => store.find(id!))).toMatchObject({ isMirrored: true })
    expect(hub.size).toBe(3)
  })

  it('that is refused keeps the reason, and the signed word of the hub', async () => {
    const { pen, outbox } = await started()
    const purchase = { listing: `lst_${'0'.repeat(32)}`, price: '25', terms: 1 }
    const [id] = await outbox.put(pen.sign(ADA, 'dataset.purchase', purchase))
    expect(await outbox.deliver()).toEqual({ answered: 1, failure: undefined })
    const kept = await outbox.use((store) => store.find(id!))
    expect(kept).toMatchObject({ state: 'refused', answer: { refusal: { code: 'unknown_listing', data: {} } } })
    const { statement } = kept!.answer as { statement: Uint8Array }
    expect(checkSignedRefusal(statement, TRUST)).toMatchObject({ id, size: 2, refusal: { code: 'unknown_listing' } })
    expect(await outbox.mirror()).toBeUndefined()
    expect(await outbox.states()).toEqual(['refused'])
  })

  it('that is malformed is not kept; one that is there already stays as it is', async () => {
    const { pen, outbox } = await started()
    await expect(outbox.put(new TextEncoder().encode('{}\n\n— a b\n'))).rejects.toThrow('not well-formed')
    const note = pen.model(ADA)
    const [id] = await outbox.put(note)
    await outbox.deliver()
    expect(await outbox.put(note)).toEqual([id])
    expect(await outbox.states()).toEqual(['accepted'])
  })
})

describe('on a bad network', () => {
  it('a note whose answer was lost is sent again, answered as the first time, and in the log once', async () => {
    const { hub, pen, outbox } = await started()
    await outbox.put(pen.model(ADA, 'a'), pen.model(ADA, 'b'))
    const lossy = between(hub.client, async (notes) => {
      await hub.client.submit(notes)
      throw new RemoteError('offline', 'The answer was lost.')
    })
    expect(await outbox.deliver(lossy)).toMatchObject({ answered: 0, failure: { reason: 'offline' } })
    expect(await outbox.states()).toEqual(['sent', 'sent'])
    expect(hub.size).toBe(4)
    expect(await outbox.deliver()).toEqual({ answered: 2, failure: undefined })
    expect(await outbox.states()).toEqual(['accepted', 'accepted'])
    expect(hub.size).toBe(4)
  })

  it('the mirror settles what the hub never answered', async () => {
    const { hub, pen, outbox } = await started()
    const note = pen.model(ADA)
    const [id] = await outbox.put(note)
    await hub.client.submit([note])
    expect(await outbox.mirror()).toBeUndefined()
    const kept = await outbox.use((store) => store.find(id!))
    expect(kept).toMatchObject({ state: 'accepted', answer: { index: 2 }, isMirrored: true })
    expect(checkProof({ rules, sha256 }, (kept!.answer as { receipt: Uint8Array }).receipt, TRUST)).toMatchObject({ index: 2 })
  })

  it('pauses longer after each failure, as long as the hub asks, and not at all once it is through', async () => {
    const { hub, pen, outbox } = await started()
    await outbox.put(pen.model(ADA))
    const calls: number[] = []
    const failures: (RemoteError | undefined)[] = [
      ...Array.from({ length: 9 }, () => new RemoteError('offline', 'Nobody is there.')),
      new HubBusy('Not now.', 90_000),
      undefined,
    ]
    await outbox.use(async (store) => {
      const flaky = between(hub.client, async (notes) => {
        calls.push(outbox.now)
        const failure = failures.shift()
        if (failure !== undefined) throw failure
        return hub.client.submit(notes)
      })
      const sender = outbox.sender({ hub: flaky, store })
      const pauses: number[] = []
      for (let i = 0; i < 11; i++) {
        await sender.deliver()
        pauses.push(sender.pauseMs)
        outbox.now += sender.pauseMs
      }
      // Between a half and the whole of 0.5 s, 1 s, 2 s …, here in the middle.
      expect(pauses).toEqual([375, 750, 1_500, 3_000, 6_000, 12_000, 24_000, 45_000, 45_000, 60_000, 0])
    })
    expect(await outbox.states()).toEqual(['accepted'])
    expect(calls).toHaveLength(11)
  })

  it('many notes go in few calls, in order; after a failure in shorter ones', async () => {
    const { hub, pen, outbox } = await started()
    const notes = Array.from({ length: 250 }, (_, i) => pen.model(ADA, `m${i}`))
    const ids = await outbox.put(...notes)
    const sizes: number[] = []
    const first = between(hub.client, async (sent) => {
      sizes.push(sent.length)
      if (sizes.length === 1) throw new RemoteError('offline', 'It was too long.')
      return hub.client.submit(sent)
    })
    await outbox.use(async (store) => {
      const sender = outbox.sender({ hub: first, store })
      await sender.deliver()
      await sender.deliver()
    })
    expect(sizes).toEqual([100, 50, 100, 100])
    const indexes = await outbox.use(async (store) =>
      Promise.all(ids.map(async (id) => ((await store.find(id))!.answer as { index: number }).index)),
    )
    expect(indexes).toEqual(ids.map((_, i) => i + 2))
  })
})

describe('order', () => {
  /** A hub that cannot take some notes for now. */
  const failing = (hub: TestHub, sent: Uint8Array[], isFailing: (note: string) => boolean) =>
    between(hub.client, async (notes) => {
      sent.push(...notes)
      const texts = notes.map((note) => new TextDecoder().decode(note))
      const taken = notes.filter((_, i) => !isFailing(texts[i]!))
      const answers = taken.length === 0 ? [] : await hub.client.submit(taken)
      return texts.map((text): RemoteAnswer => {
        return isFailing(text) ? { status: 'failed', code: 'busy', message: 'Not now.' } : answers.shift()!
      })
    })

  it('what depends on a note that could not be taken waits for it, and what does not goes on', async () => {
    const { hub, pen, outbox } = await started()
    const opening = pen.opening(BOB)
    await outbox.put(opening)
    const sent: Uint8Array[] = []
    const isFailing = (text: string) => text.includes('"type":"account.open"')
    await outbox.use(async (store) => {
      const sender = outbox.sender({ hub: failing(hub, sent, isFailing), store })
      expect(await sender.deliver()).toMatchObject({ answered: 0, failure: { message: expect.stringContaining('Not now.') } })
    })
    // One that he signs, one in which the operator names him, one of the operator's that waits for that one, and Ada's.
    const [signed, named, behind, free] = [pen.model(BOB), pen.topup(BOB, '5'), pen.topup(CYD, '5'), pen.model(ADA)]
    await outbox.put(signed, named, behind, free)
    sent.length = 0
    await outbox.use(async (store) => {
      // In calls of one: nothing is handed in together with what it depends on.
      const list: OutboxStore['list'] = (states, after) => store.list(states, after, 1)
      const single = new Proxy(store, { get: (_, name) => (name === 'list' ? list : bind(store, name)) })
      await outbox.sender({ hub: failing(hub, sent, isFailing), store: single }).deliver()
    })
    expect(sent).toEqual([opening, free])
    expect(await outbox.states()).toEqual(['sent', 'queued', 'queued', 'queued', 'accepted'])
    expect(await outbox.deliver()).toMatchObject({ answered: 4 })
    expect(await outbox.states()).toEqual(['accepted', 'accepted', 'accepted', 'refused', 'accepted'])
  })
})

function bind(store: OutboxStore, name: string | symbol): unknown {
  const value = store[name as keyof OutboxStore]
  return typeof value === 'function' ? (value as (...given: unknown[]) => unknown).bind(store) : value
}

describe('killed', () => {
  class Killed extends Error {}

  /** A program that is gone at its `at`th step, before the step takes effect or right after. */
  function killing(at: number, isLate: boolean) {
    let steps = 0
    const step = async <T>(work: () => Promise<T>): Promise<T> => {
      steps += 1
      if (steps > at) throw new Killed()
      if (steps < at) return work()
      if (isLate) await work()
      throw new Killed()
    }
    return {
      step,
      wrap: (store: OutboxStore) =>
        new Proxy(store, {
          get:
            (_, name) =>
            (...given: unknown[]) =>
              step(async () => call(store, name, given)),
        }),
    }
  }
  const call = (store: OutboxStore, name: string | symbol, given: unknown[]) =>
    (store[name as keyof OutboxStore] as (...given: unknown[]) => Promise<unknown>).apply(store, given)

  it('at any step, it takes up again and every note takes effect once', async () => {
    const { hub, pen, outbox } = await started()
    let size = hub.size
    for (const isLate of [false, true]) {
      for (let at = 1; at <= 6; at++) {
        await outbox.put(pen.model(ADA, `a${at}`), pen.model(ADA, `b${at}`))
        const { step, wrap } = killing(at, isLate)
        const mortal = between(hub.client, (notes) => step(() => hub.client.submit(notes)))
        const ended = await outbox.deliver(mortal, wrap).catch((error: unknown) => error)
        // list, markSent, submit, settle, list: the sixth step is none.
        expect(ended instanceof Killed, `${at} ${isLate}`).toBe(at < 6)
        expect(await outbox.deliver()).toMatchObject({ failure: undefined })
        size += 2
        expect(hub.size).toBe(size)
        expect(new Set(await outbox.states())).toEqual(new Set(['accepted']))
      }
    }
    expect(await outbox.mirror()).toBeUndefined()
    expect(await outbox.use((store) => store.unmirrored(undefined, 1))).toEqual([])
  })
})

describe('a hub that lies', () => {
  it.each<[string, (answer: RemoteAnswer, other: RemoteAnswer) => RemoteAnswer]>([
    ['gives no receipt', (answer) => ({ ...answer, receipt: undefined }) as RemoteAnswer],
    ['gives the receipt of another entry', (_, other) => other],
    ['names another index', (answer) => ({ ...answer, index: 1 }) as RemoteAnswer],
    ['gives a receipt whose checkpoint is changed', (answer) => ({ ...answer, receipt: flipped(answer) }) as RemoteAnswer],
    [
      'signs another refusal',
      () => ({ status: 'refused', code: 'frozen', message: '', data: {}, statement: new TextEncoder().encode('none') }),
    ],
  ])('and %s is not believed', async (_, lie) => {
    const { hub, pen, outbox } = await started()
    const [other] = await hub.client.submit([pen.model(ADA, 'other')])
    await outbox.put(pen.model(ADA))
    const lying = between(hub.client, async (notes) => (await hub.client.submit(notes)).map((one) => lie(one, other!)))
    expect(await outbox.deliver(lying)).toMatchObject({ answered: 0, failure: { code: 'damaged' } })
    expect(await outbox.states()).toEqual(['sent'])
    expect(await outbox.deliver()).toEqual({ answered: 1, failure: undefined })
  })

  it('and answers too few notes is not believed', async () => {
    const { hub, pen, outbox } = await started()
    await outbox.put(pen.model(ADA, 'a'), pen.model(ADA, 'b'))
    const lying = between(hub.client, async (notes) => (await hub.client.submit(notes)).slice(1))
    expect(await outbox.deliver(lying)).toMatchObject({ answered: 0, failure: { code: 'offline' } })
    expect(await outbox.states()).toEqual(['sent', 'sent'])
  })

  it('and refuses what it then enters is corrected by its own log', async () => {
    const { hub, pen, outbox } = await started()
    const [id] = await outbox.put(pen.model(ADA))
    const lying = between(hub.client, async (notes) => {
      await hub.client.submit(notes)
      return [{ status: 'refused', code: 'frozen', message: 'No.', data: {}, statement: undefined }]
    })
    expect(await outbox.deliver(lying)).toEqual({ answered: 1, failure: undefined })
    expect(await outbox.states()).toEqual(['refused'])
    expect(await outbox.mirror()).toBeUndefined()
    expect(await outbox.use((store) => store.find(id!))).toMatchObject({ state: 'accepted', answer: { index: 2 } })
  })

  it('and gives a receipt of another history than it publishes has signed the evidence', async () => {
    const { hub, pen, outbox } = await started()
    // The same sequencer key over another history: what the hub shows to those who ask for a receipt.
    const other = await TestLedger.found(memoryHome(new MemoryLedger()))
    accepted(await other.ledger.submit(other.opening(CYD)))
    accepted(await other.ledger.submit(other.opening(ADA)))
    const note = pen.model(ADA)
    const entered = accepted(await other.ledger.submit(note))
    const receipt = (await receiptOf(sha256, other.store, entered.index))!.file
    const [id] = await outbox.put(note)
    const lying = between(hub.client, async () => [{ status: 'accepted', index: entered.index, receipt }])
    expect(await outbox.deliver(lying)).toEqual({ answered: 1, failure: undefined })
    // The log that is published is shorter yet: nothing can be said.
    expect(await outbox.mirror()).toBeUndefined()
    expect(await outbox.use((store) => store.find(id!))).toMatchObject({ isMirrored: false })
    await hub.client.submit(Array.from({ length: 5 }, (_, i) => pen.model(ADA, `m${i}`)))
    const evidence = await outbox.mirror()
    expect(evidence).toMatchObject({ kind: 'fork', message: expect.stringContaining('receipt') })
    const parsed = parseEvidence(formatEvidence(evidence!))
    expect(checkEvidence(sha256, parsed as never, TRUST)).toMatchObject({ kind: 'fork', isProof: true })
  })

  it('is not accused where it is the tiles of the mirror that are damaged', async () => {
    const { hub, pen, outbox } = await started()
    await outbox.put(pen.model(ADA))
    expect(await outbox.deliver()).toMatchObject({ answered: 1 })
    await hub.client.submit([pen.model(ADA, 'another')])
    const spoiled = (store: StoreReader) =>
      new Proxy(store, {
        get: (target, name) =>
          name === 'tile' ? async () => new Uint8Array(256 * 32).fill(7) : (target[name as 'size'] as () => unknown).bind(target),
      })
    await expect(outbox.mirror(hub, spoiled)).rejects.toMatchObject({
      code: 'damaged',
      message: expect.stringContaining("The mirror's own tiles are damaged"),
    })
    expect(await outbox.mirror()).toBeUndefined()
  })
})

/** A receipt with one bit of its signature turned round. */
function flipped(answer: RemoteAnswer): Uint8Array {
  const receipt = Uint8Array.from((answer as { receipt: Uint8Array }).receipt)
  const at = receipt.length - 10
  receipt[at] = receipt[at] === 65 ? 66 : 65
  return receipt
}

describe('news', () => {
  it('come whenever the log has grown, and end with the hub', async () => {
    const { hub, pen } = await started()
    const heard = hub.client.news(new AbortController().signal)[Symbol.asyncIterator]()
    // That it is there, and how large the log is.
    await heard.next()
    const next = heard.next()
    await hub.client.submit([pen.model(ADA)])
    expect(await next).toMatchObject({ done: false })
    await hub.stop()
    const rest = async () => {
      while (!(await heard.next()).done);
    }
    await rest().catch((error: unknown) => expect(error).toMatchObject({ reason: 'offline' }))
  })
})
