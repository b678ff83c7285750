/** The books are closed with a state root; from it every owner proves a balance, to anybody who has the log's key. */

import { describe, expect, test } from 'vitest'
import { utf8 } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { ACCOUNT_BOOKS } from '../../core/domain/books.ts'
import { canonicalize, type Json } from '../../core/domain/canonical.ts'
import { formatMicros } from '../../core/domain/money.ts'
import { type Account, accounts } from '../../core/domain/state.ts'
import { decodeRow } from '../../core/domain/table.ts'
import { formatSeconds, wholeSeconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { chooseVerifier } from '../../core/drivers/sodium/ed25519.ts'
import { exportTiles, openTileFolder } from '../../core/drivers/tile-folder.ts'
import { readAccepted } from '../../core/ledger/accepted.ts'
import { balanceProofOf, checkProof, type ProvenBalance, receiptOf, receiptsOf } from '../../core/ledger/receipt.ts'
import { stateAt } from '../../core/ledger/replay.ts'
import { noteVerifier } from '../../core/log/checkpoint.ts'
import { leafHash } from '../../core/log/merkle.ts'
import { homes, temporaryFolder } from './homes.ts'
import { allRows, openMarketplace, trade } from './marketplace.ts'
import {
  ADA,
  type Answer,
  accepted,
  auditOf,
  BOB,
  DAY,
  holding,
  LOG_KEY,
  MODEL,
  OPERATOR,
  ORIGIN,
  submitAll,
  TestLedger,
  turns,
} from './support.ts'

const TOOLS = { rules, sha256 }
const TRUST = { origin: ORIGIN, logKeys: [noteVerifier(chooseVerifier(), LOG_KEY)], witnesses: [], quorum: 0 }

async function closingBody(test: TestLedger): Promise<{ [field: string]: Json }> {
  const now = wholeSeconds(test.time)
  return { end: formatSeconds(now), size: test.ledger.size, ...(await test.ledger.summary(now)) }
}

async function close(test: TestLedger): Promise<Answer> {
  return test.submit(OPERATOR, 'period.close', await closingBody(test))
}

async function balanceProof(test: TestLedger, index: number, number: number): Promise<Uint8Array> {
  const replay = await stateAt(TOOLS, test.store, index)
  const { leaves } = replay.leaves(test.time)
  return (await balanceProofOf(sha256, test.store, index, leaves, number))!
}

/** The root of RFC 6962 over leaf hashes, by its definition. */
function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 1) return leaves[0]!
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1))
  return sha256(Buffer.concat([Uint8Array.of(1), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split))]))
}

/** The leaves of the state, made from the stored rows and entries by nothing but their definition in log-format. */
async function leavesByDefinition(test: TestLedger): Promise<string[]> {
  const stored = await allRows(test.store)
  const entries = await test.store.entries(0, 10_000)
  const found = stored.filter(({ table }) => table === accounts.name)
  const leaves = await Promise.all(
    found.map(async ({ key: account, value }) => {
      const row = decodeRow(value) as Account
      const own = stored.filter(({ key, value }) => key.split('/')[0] === account || JSON.parse(value).account === account)
      const touching: Uint8Array[] = []
      for (const { index, bytes } of entries) {
        const { outcome } = await readAccepted({ rules, sha256 }, test.store, index)
        if (outcome.touched.some((one) => one.account === account)) touching.push(leafHash(sha256, bytes))
      }
      const books = Object.entries(ACCOUNT_BOOKS).map(([book, { field }]) => [book, formatMicros(row[field])])
      const rest = canonicalize(own.map(({ table, key, value }) => [table, key, JSON.parse(value) as Json]))
      return {
        ...{
          account,
          books: Object.fromEntries(books),
          carry: row.carry,
          entries: row.entries,
          last: row.last,
          number: row.number,
        },
        head: Buffer.from(rootOf(touching)).toString('hex'),
        rest: Buffer.from(sha256(utf8(rest))).toString('hex'),
      }
    }),
  )
  return leaves.sort((a, b) => a.number - b.number).map((leaf) => canonicalize(leaf))
}

describe.each(homes)('a ledger on $kind', ({ make }) => {
  test('closes its books, and an audit of store or tiles has checked the root', async () => {
    const test = await TestLedger.found(await make())
    await trade(test, await openMarketplace(test))
    expect((await close(test)).status).toBe('accepted')
    test.time += DAY
    await test.accept(BOB, 'model.create', { name: 'm', base: 'b', artifact: 'a'.repeat(64), description: 'd' })
    expect((await close(test)).status).toBe('accepted')
    expect(await test.audit()).toMatchObject({ ok: true })
    const folder = temporaryFolder()
    await exportTiles(test.store, folder)
    expect(await auditOf(openTileFolder(folder) as never)).toMatchObject({ ok: true })
    // Whoever reopens the ledger comes to the same root as whoever kept it open.
    const kept = await closingBody(test)
    await test.reopen()
    expect(await closingBody(test)).toEqual(kept)
  })

  test('the leaves are what their definition says', async () => {
    const test = await TestLedger.found(await make())
    await trade(test, await openMarketplace(test))
    const { leaves } = (await stateAt(TOOLS, test.store, test.ledger.size)).leaves(test.time)
    const [operator, ...others] = await leavesByDefinition(test)
    expect(leaves.slice(1)).toEqual(others)
    const { platform, ...first } = JSON.parse(leaves[0]!) as { platform: { books: object } }
    expect(canonicalize(first as never)).toBe(operator)
    expect(platform).toMatchObject({ feeBps: 1500, books: { 'revenue:plans': '19' }, policy: { earningsHoldDays: 7 } })
    const root = rootOf(leaves.map((leaf) => leafHash(sha256, utf8(leaf))))
    expect((await closingBody(test)).stateRoot).toBe(Buffer.from(root).toString('hex'))
  })

  test('a closing that states another state is refused, and one behind another entry is stale', async () => {
    const test = await TestLedger.found(await make())
    await openMarketplace(test)
    const body = await closingBody(test)
    expect(await test.submit(OPERATOR, 'period.close', { ...body, stateRoot: '0'.repeat(64) })).toMatchObject({
      code: 'wrong_state',
    })
    const submitted = await Promise.all([test.ledger.submit(test.model(ADA)), test.submit(OPERATOR, 'period.close', body)])
    expect(submitted).toMatchObject([{ status: 'accepted' }, { code: 'stale_size' }])
    expect((await close(test)).status).toBe('accepted')
  })

  test('the books are closed over what was under way', async () => {
    const test = await TestLedger.found(await make())
    await openMarketplace(test)
    const body = await closingBody(test)
    const { held, wrap } = holding('before')
    await test.reopen({ wrap })
    held.isNext = true
    const model = test.ledger.submit(test.model(ADA))
    await held.reached.promise
    const closing = test.submit(OPERATOR, 'period.close', body)
    await turns(20)
    held.released.resolve()
    expect(await Promise.all([model, closing])).toMatchObject([{ status: 'accepted' }, { code: 'stale_size' }])
    expect((await close(test)).status).toBe('accepted')
    expect((await test.audit()).defects).toEqual([])
  })
})

describe('a summary of many rows', () => {
  test('lets others have their turn, and notes wait until it is made', async () => {
    const test = await TestLedger.found(await homes[0]!.make())
    await openMarketplace(test)
    const models = Array.from({ length: 450 }, () => test.sign(ADA, 'model.create', MODEL))
    for (const answer of await submitAll(test, models)) accepted(answer)
    const now = wholeSeconds(test.time)
    const { size } = test.ledger
    const before = await test.ledger.summary(now)
    await turns(1)
    const seen: string[] = []
    const say = (what: string) => () => void seen.push(what)
    const summing = test.ledger.summary(now)
    summing.then(say('summary'))
    const note = test.ledger.submit(test.topup(ADA, '3'))
    note.then(say('note'))
    const another = test.ledger.summary(now)
    another.then(say('another'))
    turns(3).then(say('turns'))
    expect(await summing).toEqual(before)
    expect(test.ledger.size).toBe(size)
    expect(accepted(await note).index).toBe(size)
    expect(await another).toMatchObject({ accounts: before.accounts, stateRoot: expect.not.stringMatching(before.stateRoot) })
    expect(seen).toEqual(['turns', 'summary', 'note', 'another'])
    await test.close()
  })
})

describe('a balance proof', () => {
  test('shows what an account had, offline, and fails with any byte changed', async () => {
    const test = await TestLedger.found(await homes[0]!.make())
    await trade(test, await openMarketplace(test))
    const closed = await close(test)
    const index = (closed as { index: number }).index
    // What happens later does not matter to it.
    test.time += DAY
    await test.accept(BOB, 'model.create', { name: 'm', base: 'b', artifact: 'a'.repeat(64), description: 'd' })
    for (const number of [0, 1, 2, 3]) {
      const file = await balanceProof(test, index, number)
      const proven = checkProof(TOOLS, file, TRUST) as ProvenBalance
      expect(proven).toMatchObject({ what: 'balance', leaf: { number } })
      expect(proven.closing.index).toBe(index)
      if (number === 1) expect(proven.leaf).toMatchObject({ account: ADA.account, books: { wallet: '231' } })
    }
    const file = await balanceProof(test, index, 2)
    for (let at = 0; at < file.length; at++) {
      const changed = Uint8Array.from(file)
      changed[at]! ^= 1 << (at % 8)
      expect(checkProof(TOOLS, changed, TRUST), `byte ${at} of ${file.length}`).toBeInstanceOf(Malformed)
    }
  })

  test("is worth nothing with another account's leaf, path or number, or under another key", async () => {
    const test = await TestLedger.found(await homes[0]!.make())
    await openMarketplace(test)
    const { index } = (await close(test)) as { index: number }
    const replay = await stateAt(TOOLS, test.store, index)
    const { leaves } = replay.leaves(test.time)
    const richer = leaves.map((leaf, i) => (i === 2 ? leaf.replace('"wallet":"250"', '"wallet":"2500"') : leaf))
    expect(richer[2]).not.toBe(leaves[2])
    const forged = (await balanceProofOf(sha256, test.store, index, richer, 2))!
    expect(checkProof(TOOLS, forged, TRUST)).toBeInstanceOf(Malformed)
    // The entry that it points at closes no books.
    const other = (await balanceProofOf(sha256, test.store, index - 1, leaves, 2))!
    expect(checkProof(TOOLS, other, TRUST)).toBeInstanceOf(Malformed)
    const genuine = (await balanceProofOf(sha256, test.store, index, leaves, 2))!
    expect(checkProof(TOOLS, genuine, { ...TRUST, origin: 'other.example/credits' })).toBeInstanceOf(Malformed)
    expect(checkProof(TOOLS, genuine, TRUST)).not.toBeInstanceOf(Malformed)
  })
})

describe('a receipt', () => {
  test('shows each entry in the log, and fails with any byte changed', async () => {
    const test = await TestLedger.found(await homes[0]!.make())
    await openMarketplace(test)
    for (let index = 0; index < test.ledger.size; index++) {
      const { file, entry } = (await receiptOf(sha256, test.store, index))!
      const [stored] = await test.store.entries(index, 1)
      expect(entry).toEqual(stored!.bytes)
      expect(checkProof(TOOLS, file, TRUST)).toMatchObject({ what: 'entry', index })
    }
    const { file } = (await receiptOf(sha256, test.store, 5))!
    for (let at = 0; at < file.length; at++) {
      const changed = Uint8Array.from(file)
      changed[at]! ^= 1 << (at % 8)
      expect(checkProof(TOOLS, changed, TRUST), `byte ${at} of ${file.length}`).toBeInstanceOf(Malformed)
    }
  })

  test('is the same whether it is made alone or among many, each by the checkpoint that covers it', async () => {
    const test = await TestLedger.found(await homes[0]!.make())
    await openMarketplace(test)
    const cosigned = (await test.store.checkpoint())!
    const more = Array.from({ length: 300 }, (_, i) => test.submit(ADA, 'model.create', { ...MODEL, name: `m${i}` }))
    for (const answer of await Promise.all(more)) expect(answer.status).toBe('accepted')
    const indexes = Array.from({ length: test.ledger.size + 1 }, (_, i) => (7 * i) % (test.ledger.size + 1))
    const many = await receiptsOf(sha256, test.store, indexes, cosigned)
    for (const [i, index] of indexes.entries()) {
      expect(many[i], String(index)).toEqual(await receiptOf(sha256, test.store, index, cosigned))
      if (index === test.ledger.size) expect(many[i]).toBeUndefined()
      else expect(checkProof(TOOLS, many[i]!.file, TRUST)).toMatchObject({ index })
    }
  })

  test('there is none of an entry that no checkpoint covers', async () => {
    const test = await TestLedger.found(await homes[0]!.make())
    expect(await receiptOf(sha256, test.store, test.ledger.size)).toBeUndefined()
  })
})
