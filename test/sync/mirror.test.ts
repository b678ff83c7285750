/** Mirrors of honest logs: they converge to the very book, from wherever they were left, and follow the log's key. */

import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, test } from 'vitest'
import { toHex, utf8 } from '../../core/base/bytes.ts'
import { formatSeconds, wholeSeconds } from '../../core/domain/time.ts'
import { MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { keyPair } from '../../core/drivers/sodium/signer.ts'
import { openSqliteMirror } from '../../core/drivers/sqlite/mirror-store.ts'
import { createSqliteLedger, openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import { audit } from '../../core/ledger/audit.ts'
import { type Commit, type MirrorWriter, StoreError } from '../../core/ledger/store.ts'
import { ED25519, verifierKey } from '../../core/log/note.ts'
import type { Synced } from '../../core/sync/mirror.ts'
import { openRemoteLog } from '../../core/sync/remote-reader.ts'
import { OPTIONS } from '../ledger/forging.ts'
import { temporaryFolder } from '../ledger/homes.ts'
import { goOn, openMarketplace, trade } from '../ledger/marketplace.ts'
import {
  ADA,
  accepted,
  auditOf,
  DAY,
  LOG_KEY,
  memoryHome,
  OPERATOR,
  ORIGIN,
  SECOND,
  SEQUENCER,
  signerAs,
  submitAll,
  TestLedger,
} from '../ledger/support.ts'
import { bookOf, clientOf, TestMirror, TileServer } from './served.ts'

/** A ledger with whatever happens in a marketplace, two closings, and this many entries. */
async function sell(entries: number): Promise<{ ledger: TestLedger; memory: MemoryLedger }> {
  const memory = new MemoryLedger()
  const ledger = await TestLedger.found(memoryHome(memory))
  const market = await openMarketplace(ledger)
  await trade(ledger, market)
  await close(ledger)
  await goOn(ledger, market)
  await close(ledger)
  await fill(ledger, entries)
  return { ledger, memory }
}

async function close(ledger: TestLedger): Promise<void> {
  const now = wholeSeconds(ledger.time)
  const body = { end: formatSeconds(now), size: ledger.ledger.size, ...(await ledger.ledger.summary(now)) }
  await ledger.accept(OPERATOR, 'period.close', body as never)
  ledger.time += DAY
}

/** Grows by models that are only made, up to a size. */
async function fill(ledger: TestLedger, size: number): Promise<void> {
  while (ledger.ledger.size < size) {
    ledger.time += SECOND
    const count = Math.min(300, size - ledger.ledger.size)
    const notes = Array.from({ length: count }, (_, i) => ledger.model(ADA, `m${ledger.ledger.size + i}`))
    for (const answer of await submitAll(ledger, notes)) accepted(answer)
  }
}

async function expectSame(mirror: TestMirror, memory: MemoryLedger): Promise<void> {
  const source = await openMemoryReader(memory)
  await mirror.read(async (reader) => {
    expect(await bookOf(reader)).toEqual(await bookOf(source))
    expect(await reader.checkpoint()).toEqual(await source.checkpoint())
    expect(await auditOf(reader, reader, { trusted: LOG_KEY })).toMatchObject({ ok: true, defects: [], unsigned: 0 })
  })
}

async function served(memory: MemoryLedger): Promise<TileServer> {
  return (await TileServer.start()).publish(await openMemoryReader(memory))
}

/** Commits that are durable some while after they were asked for; one of them may fail, before it is made or after. */
class SlowCommits {
  underway = 0
  /** How many were under way at a time. */
  most = 0
  count = 0
  /** How often rows were asked for while one was under way. */
  readsMeanwhile = 0
  readonly #failing: { readonly at: number; readonly when: 'before' | 'after' } | undefined

  constructor(failing?: { readonly at: number; readonly when: 'before' | 'after' }) {
    this.#failing = failing
  }

  of(store: MirrorWriter): MirrorWriter {
    const commit = (given: Commit) => this.#commit(store, given)
    return new Proxy(store, {
      get: (target, name) => {
        if (name === 'rows' && this.underway > 0) this.readsMeanwhile += 1
        return name === 'commit' ? commit : (target[name as 'size'] as () => unknown).bind(target)
      },
    })
  }

  async #commit(store: MirrorWriter, commit: Commit): Promise<void> {
    const failing = this.#failing?.at === this.count++ ? this.#failing.when : undefined
    this.underway += 1
    this.most = Math.max(this.most, this.underway)
    try {
      await sleep(150)
      if (failing === 'before') throw new StoreError('disk_full', 'The disk is full.')
      await store.commit(commit)
      if (failing === 'after') throw new StoreError('disk_full', 'The disk is full.')
    } finally {
      this.underway -= 1
    }
  }
}

describe('a mirror', () => {
  test('has the very book of its log, and asks for nothing twice', async () => {
    const { ledger, memory } = await sell(700)
    const server = await served(memory)
    const mirror = new TestMirror(server)
    const first = (await mirror.sync()) as Synced
    expect(first).toMatchObject({ status: 'synced', size: 700, applied: 700 })
    await expectSame(mirror, memory)

    server.asked.length = 0
    expect(await mirror.sync()).toMatchObject({ status: 'synced', size: 700, root: first.root, applied: 0 })
    expect(server.asked).toEqual(['checkpoint'])

    await fill(ledger, 1_100)
    await close(ledger)
    await server.publish(await openMemoryReader(memory))
    server.asked.length = 0
    expect(await mirror.sync()).toMatchObject({ status: 'synced', size: 1_101, applied: 401 })
    await expectSame(mirror, memory)
    const bundles = server.asked.filter((path) => path.startsWith('tile/entries/'))
    expect(bundles).toEqual(['tile/entries/002', 'tile/entries/003', 'tile/entries/004.p/77'])
  })

  test('converges at every size, round by round, also where partial tiles are gone', async () => {
    const memory = new MemoryLedger()
    const ledger = await TestLedger.found(memoryHome(memory))
    accepted(await ledger.ledger.submit(ledger.opening(ADA)))
    const server = await TileServer.start()
    const mirror = new TestMirror(server)
    for (const size of [2, 3, 128, 255, 256, 257, 511, 512, 513]) {
      await fill(ledger, size)
      await server.publish(await openMemoryReader(memory))
      expect(await mirror.sync()).toMatchObject({ status: 'synced', size })
    }
    await expectSame(mirror, memory)

    // The checkpoint is of a moment in which the bundle was partial; when the bundle is asked for, it is full.
    const at = (await openMemoryReader(memory)).checkpoint()
    await fill(ledger, 800)
    await server.publish(await openMemoryReader(memory))
    server.write('checkpoint', (await at)!)
    server.remove('tile/entries/002.p/1')
    server.remove('tile/0/002.p/1')
    const late = new TestMirror(server)
    expect(await late.sync()).toMatchObject({ status: 'synced', size: 513 })
  })

  test('executes entries that name others, wherever those are: beside them, waiting for their commit, or committed', async () => {
    const { ledger, memory } = await sell(120)
    const provider = 'bank'
    const topup = { account: ADA.account, amount: '80', provider, reference: 'paid' }
    const { index } = await ledger.accept(OPERATOR, 'credit.topup', topup)
    for (const size of [0, 500, 2_200, 4_300]) {
      await fill(ledger, size)
      const back = { entry: index, amount: '1', provider, reference: `back at ${size}` }
      await ledger.accept(OPERATOR, 'credit.return', back)
    }
    const server = await served(memory)
    const mirror = new TestMirror(server)
    expect(await mirror.sync()).toMatchObject({ status: 'synced', size: 4_301 })
    await expectSame(mirror, memory)

    // Commits that take long are not waited for, and follow each other all the same.
    const slow = new TestMirror(server)
    const commits = new SlowCommits()
    expect(await slow.sync({ wrap: (store) => commits.of(store) })).toMatchObject({ status: 'synced', size: 4_301 })
    expect(commits.readsMeanwhile).toBeGreaterThan(0)
    expect(commits).toMatchObject({ underway: 0, most: 1 })
    await expectSame(slow, memory)

    // One that fails while the next entries are executed ends the round, once nothing is under way.
    for (const when of ['before', 'after'] as const) {
      const cut = new TestMirror(server)
      const failures = new SlowCommits({ at: 1, when })
      await expect(cut.sync({ wrap: (store) => failures.of(store) })).rejects.toThrow('The disk is full.')
      expect(failures).toMatchObject({ underway: 0, most: 1, count: 2 })
      expect(await cut.read((reader) => reader.checkpoint())).toBeUndefined()
      expect(await cut.sync()).toMatchObject({ status: 'synced', size: 4_301 })
      await expectSame(cut, memory)
    }
  })

  test('is audited like a ledger, over HTTP as in its folder', async () => {
    const { memory } = await sell(600)
    const server = await served(memory)
    const log = await openRemoteLog(sha256, clientOf(server))
    const report = await audit(log, undefined, { ...OPTIONS, trusted: LOG_KEY })
    expect(report).toMatchObject({ ok: true, size: 600, entries: 600, vkeySource: 'given' })
    // Each resource once, whatever the pages of the audit are.
    expect(new Set(server.asked).size).toBe(server.asked.length)

    server.alter('tile/entries/001', 300)
    const altered = await audit(await openRemoteLog(sha256, clientOf(server)), undefined, { ...OPTIONS, trusted: LOG_KEY })
    expect(altered.ok).toBe(false)
    server.remove('tile/entries/001')
    const missing = audit(await openRemoteLog(sha256, clientOf(server)), undefined, OPTIONS)
    await expect(missing).rejects.toThrow('tile/entries/001 is not served')
  })
})

describe('a mirror that is cut off', () => {
  let source: Awaited<ReturnType<typeof sell>>
  beforeAll(async () => {
    source = await sell(300)
  })

  /** Fails at the change of this number, before or after it was made. */
  function failing(store: MirrorWriter, at: number, when: 'before' | 'after', done: { count: number }): MirrorWriter {
    return new Proxy(store, {
      get: (target, name) => {
        const value = target[name as keyof MirrorWriter] as (...given: unknown[]) => Promise<unknown>
        if (!['commit', 'keepShown', 'coverShown'].includes(String(name))) return value.bind(target)
        return async (...given: unknown[]) => {
          const isNow = done.count++ === at
          if (isNow && when === 'before') throw new StoreError('disk_full', 'The disk is full.')
          await value.apply(target, given)
          if (isNow) throw new StoreError('disk_full', 'The disk is full.')
        }
      },
    })
  }

  test.each(['before', 'after'] as const)('%s any of its changes goes on from there', async (when) => {
    const server = await served(source.memory)
    for (let at = 0; ; at++) {
      const mirror = new TestMirror(server)
      const done = { count: 0 }
      const cut = mirror.sync({ wrap: (store) => failing(store, at, when, done) })
      if (done.count <= at && (await cut.catch(() => undefined)) !== undefined) {
        // What it was shown, the entries up to each closing and after the last, and that it has them.
        expect(at).toBe(5)
        break
      }
      await expect(cut).rejects.toThrow('The disk is full.')
      // What is there is a prefix of the log that a reader finds sound.
      await mirror.read(async (reader) => {
        const { ok, defects } = await auditOf(reader, reader)
        const isBare = (await reader.checkpoint()) === undefined
        expect(ok || (isBare && ['no_checkpoint'].includes(defects[0]!.what))).toBe(true)
      })
      expect(await mirror.sync()).toMatchObject({ status: 'synced', size: 300 })
      await mirror.read(async (reader) =>
        expect(await bookOf(reader)).toEqual(await bookOf(await openMemoryReader(source.memory))),
      )
    }
  })

  test('by its network keeps what it has, and gets further each time', async () => {
    const server = await served((await sell(2_600)).memory)
    const mirror = new TestMirror(server)
    const enough = 20
    let rest = enough
    server.instead = (request, _response, path) => {
      if (path === 'checkpoint' || rest-- > 0) return false
      request.socket.destroy()
      return true
    }
    const sizes: number[] = []
    for (let result: Awaited<ReturnType<TestMirror['sync']>> | undefined; result === undefined; rest = enough) {
      result = await mirror.sync().catch((error) => {
        expect(error).toMatchObject({ code: 'offline', reason: 'offline' })
        return undefined
      })
      sizes.push(await mirror.read((reader) => reader.size()))
    }
    expect(sizes.length).toBeGreaterThan(1)
    expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b))
    expect(sizes.at(-1)).toBe(2_600)
  })
})

describe('the key of the log', () => {
  const next = (name: string) => {
    const pair = keyPair(sha256(utf8(`mirror test ${name}`)))
    return {
      signer: signerAs(pair, ORIGIN),
      key: verifierKey(sha256, ORIGIN, ED25519, pair.publicKey),
      hex: toHex(pair.publicKey),
    }
  }
  const second = next('second')
  const foreign = next('foreign')

  test('is followed where the log names another, and the old one is not enough for ever', async () => {
    const memory = new MemoryLedger()
    const ledger = await TestLedger.found(memoryHome(memory), { sequencerKeys: [SEQUENCER, second.signer] })
    accepted(await ledger.ledger.submit(ledger.opening(ADA)))
    const server = await served(memory)
    const [early, late, never] = [new TestMirror(server), new TestMirror(server), new TestMirror(server)]
    for (const mirror of [early, late, never]) await mirror.sync()

    await ledger.accept(OPERATOR, 'sequencer.rotate', { sequencerKey: second.hex })
    await server.publish(await openMemoryReader(memory))
    // Both keys sign for 30 days: whoever comes by knows the new one from then on.
    expect(await early.sync()).toMatchObject({ status: 'synced', size: 3 })
    expect(await new TestMirror(server).sync()).toMatchObject({ status: 'synced', size: 3 })
    expect(await new TestMirror(server, { trusted: second.key }).sync()).toMatchObject({ status: 'synced', size: 3 })

    ledger.time += 40 * DAY
    await fill(ledger, 10)
    await server.publish(await openMemoryReader(memory))
    expect(await early.sync()).toMatchObject({ status: 'synced', size: 10 })
    await expect(late.sync()).rejects.toThrow(`with the key ${second.key.keyId} of the same name; if the log's key was replaced`)
    expect(await late.sync({ trusted: second.key })).toMatchObject({ status: 'synced', size: 10 })
    await expect(new TestMirror(server).sync()).rejects.toThrow('is not a checkpoint signed with')
    await expect(never.sync({ trusted: foreign.key })).rejects.toThrow('is not a checkpoint signed with')
    await ledger.close()
  })
})

describe('a folder', () => {
  test('of a mirror is read, and never written to as a ledger', async () => {
    const { memory } = await sell(80)
    const mirror = new TestMirror(await served(memory))
    await mirror.sync()
    await expect(openSqliteWriter(mirror.folder)).rejects.toMatchObject({
      code: 'missing',
      message: expect.stringContaining('has a mirror'),
    })
    await expect(openSqliteWriter(mirror.folder, { create: true })).rejects.toThrow('has a mirror')
    await expect(createSqliteLedger(mirror.folder)).rejects.toThrow('has a mirror')
  })

  test('of a ledger never becomes a mirror', async () => {
    const folder = temporaryFolder()
    await createSqliteLedger(folder)
    await expect(openSqliteMirror(folder)).rejects.toThrow('has a ledger of its own')
  })

  test('has one program that follows, at a time', async () => {
    const folder = temporaryFolder()
    const store = await openSqliteMirror(folder)
    await expect(openSqliteMirror(folder)).rejects.toMatchObject({ code: 'locked' })
    await store.close()
    await (await openSqliteMirror(folder)).close()
  })
})
