/** Logs that misbehave, each in its way: the mirror stops, its evidence says what happened and is good; nothing false gets in. */

import { describe, expect, test } from 'vitest'
import { equalBytes } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { chooseVerifier } from '../../core/drivers/sodium/ed25519.ts'
import { type LogTrust, noteVerifier, signCheckpoint } from '../../core/log/checkpoint.ts'
import { leafHash } from '../../core/log/merkle.ts'
import { ED25519 } from '../../core/log/note.ts'
import { formatBundle } from '../../core/log/tiles.ts'
import { checkEvidence, type Evidence, formatEvidence, parseEvidence } from '../../core/sync/evidence.ts'
import { type Forging, forge } from '../ledger/forging.ts'
import { openMarketplace } from '../ledger/marketplace.ts'
import { BOB, LOG_KEY, memoryHome, ORIGIN, OTHER_SEQUENCER, SEQUENCER, TestLedger } from '../ledger/support.ts'
import { cut, followed, models, more, publish, served, twisted } from './histories.ts'
import { bookOf, TestMirror, TileServer } from './served.ts'

const TRUST: LogTrust = { origin: ORIGIN, logKeys: [noteVerifier(chooseVerifier(), LOG_KEY)], witnesses: [], quorum: 0 }

/** The evidence of a round that ends with it; it goes through its file, and what can be checked of it is good. */
async function caught(mirror: TestMirror): Promise<Evidence> {
  const result = await mirror.sync()
  if (result.status !== 'caught') throw new Error('Nothing was found.')
  const file = formatEvidence(result.evidence)
  const read = parseEvidence(file)
  if (read instanceof Malformed) throw new Error(read.reason)
  expect(formatEvidence(read)).toEqual(file)
  expect(checkEvidence(sha256, read, TRUST)).toMatchObject({ kind: read.kind, isProof: read.kind === 'fork' })
  return read
}

async function sizeOf(mirror: TestMirror): Promise<number> {
  return mirror.read((reader) => reader.size())
}

/** After the log told the truth again, the mirror is its very copy. */
async function expectRecovery(mirror: TestMirror, server: TileServer, memory: MemoryLedger): Promise<void> {
  await publish(server, memory)
  expect(await mirror.sync()).toMatchObject({ status: 'synced', size: memory.entries.length })
  const source = await openMemoryReader(memory)
  await mirror.read(async (reader) => expect(await bookOf(reader)).toEqual(await bookOf(source)))
}

describe('a log that signs two histories', () => {
  test('of one size', async () => {
    const { memory, server, mirror } = await followed()
    await publish(server, await twisted(memory, 300))
    const evidence = await caught(mirror)
    expect(evidence).toMatchObject({ kind: 'fork', message: 'The log signed two different trees of 600 entries.' })
    expect(Buffer.from(evidence.held!)).toEqual(Buffer.from(memory.checkpoint!))
    await expectRecovery(mirror, server, memory)
  })

  test('of which the later one is longer', async () => {
    const { memory, ledger, server, mirror } = await followed()
    await more(ledger, 100)
    await publish(server, await twisted(memory, 300))
    const evidence = await caught(mirror)
    expect(evidence).toMatchObject({
      kind: 'fork',
      message: expect.stringContaining('of 700 entries does not begin with its tree of 600'),
    })
    expect(await sizeOf(mirror)).toBe(600)
    await expectRecovery(mirror, server, memory)
  })

  test('of which the later one is shorter', async () => {
    const { memory, server, mirror } = await followed()
    await publish(server, await cut(await twisted(memory, 300), 450))
    const evidence = await caught(mirror)
    expect(evidence).toMatchObject({
      kind: 'fork',
      message: expect.stringContaining('of 600 entries does not begin with its tree of 450'),
    })
    await expectRecovery(mirror, server, memory)
  })

  test('before the first of them was taken: what was shown once is held', async () => {
    const { memory, server, mirror } = await served()
    server.remove('tile/entries/000')
    expect(await caught(mirror)).toMatchObject({ kind: 'withheld' })
    await publish(server, await twisted(memory, 300))
    expect(await caught(mirror)).toMatchObject({ kind: 'fork' })
    await publish(server, await cut(await twisted(memory, 300), 450))
    expect(await caught(mirror)).toMatchObject({ kind: 'rollback' })
    expect(await sizeOf(mirror)).toBe(0)
  })

  test('shows it to whoever has its key and nothing else; no changed byte is passed', async () => {
    const { memory, ledger, server, mirror } = await followed()
    await more(ledger, 100)
    await publish(server, await twisted(memory, 300))
    const evidence = await caught(mirror)
    const file = formatEvidence(evidence)
    for (let at = 0; at < file.length; at += 7) {
      const changed = Uint8Array.from(file)
      changed[at]! ^= 1
      const read = parseEvidence(changed)
      const checked = read instanceof Malformed ? read : checkEvidence(sha256, read, TRUST)
      if (checked instanceof Malformed) continue
      expect((read as Evidence).message).not.toBe(evidence.message)
    }
    const honest = { ...evidence, shown: evidence.held! }
    expect(checkEvidence(sha256, honest, TRUST)).toMatchObject({ reason: 'the two checkpoints do not contradict each other' })
    const alone = { ...evidence, path: [] }
    expect(checkEvidence(sha256, alone, TRUST)).toMatchObject({ reason: 'the two checkpoints do not contradict each other' })
  })
})

test('evidence across two keys of the log takes both', () => {
  const head = (fill: number) => ({ origin: ORIGIN, size: 5, root: new Uint8Array(32).fill(fill), extensions: [] })
  const held = signCheckpoint(head(1), [SEQUENCER])
  const shown = signCheckpoint(head(2), [OTHER_SEQUENCER])
  const evidence: Evidence = { kind: 'fork', message: 'm', held, shown }
  const other = noteVerifier(chooseVerifier(), { ...OTHER_SEQUENCER, type: ED25519 })
  expect(checkEvidence(sha256, evidence, { ...TRUST, logKeys: [...TRUST.logKeys, other] })).toMatchObject({ isProof: true })
  const alone = checkEvidence(sha256, evidence, TRUST)
  expect(alone).toMatchObject({ reason: expect.stringContaining('the checkpoint that was shown is not good') })
})

describe('a log that goes back', () => {
  test('is caught, and the mirror keeps what it has', async () => {
    const { memory, server, mirror } = await followed()
    await publish(server, await cut(memory, 450))
    const evidence = await caught(mirror)
    expect(evidence).toMatchObject({
      kind: 'rollback',
      message: expect.stringContaining('shows 450 entries, after it showed 600'),
    })
    expect(await sizeOf(mirror)).toBe(600)
    const swapped = { ...evidence, held: evidence.shown, shown: evidence.held! }
    expect(checkEvidence(sha256, swapped, TRUST)).toBeInstanceOf(Malformed)
    await expectRecovery(mirror, server, memory)
  })
})

describe('what is served under a signed checkpoint', () => {
  const cases: [string, (server: TileServer) => void, object][] = [
    ['lacks a bundle', (server) => server.remove('tile/entries/001'), { kind: 'withheld', resource: 'tile/entries/001' }],
    [
      'lacks its last bundle',
      (server) => server.remove('tile/entries/002.p/88'),
      { kind: 'withheld', resource: 'tile/entries/002.p/88' },
    ],
    ['lacks a tile of the proofs', (server) => server.remove('tile/1/000.p/2'), { kind: 'withheld', resource: 'tile/1/000.p/2' }],
    [
      'has an entry changed',
      (server) => server.alter('tile/entries/001', 5_000),
      { kind: 'altered', resource: 'tile/entries/001' },
    ],
    [
      'has its last entry changed',
      (server) => server.alter('tile/entries/002.p/88', -1),
      { kind: 'altered', resource: 'tile/entries/002.p/88' },
    ],
    [
      'has a bundle that goes on',
      (server) => server.write('tile/entries/001', Buffer.concat([server.read('tile/entries/001'), Buffer.from([0])])),
      { kind: 'altered' },
    ],
    [
      'has the bundles mixed up',
      (server) => server.write('tile/entries/001', server.read('tile/entries/000')),
      { kind: 'altered', resource: 'tile/entries/001' },
    ],
    ['has a hash of the proofs changed', (server) => server.alter('tile/1/000.p/2', 40), { kind: 'altered' }],
    ['has a hash at its edge changed', (server) => server.alter('tile/0/002.p/88', -1), { kind: 'altered' }],
    [
      'has a bundle that never ends',
      (server) => server.answerOnly('tile/entries/000', endless),
      { kind: 'altered', resource: 'tile/entries/000' },
    ],
  ]

  test.each(cases)('%s', async (_what, misbehave, expected) => {
    const { memory, server, mirror } = await served()
    misbehave(server)
    expect(await caught(mirror)).toMatchObject(expected)
    // Nothing but entries of the log ever gets in.
    const kept = await mirror.read((reader) => reader.entries(0, 1_000))
    for (const { index, bytes } of kept) expect(equalBytes(bytes, memory.entries[index]!.bytes)).toBe(true)
    server.instead = () => false
    await expectRecovery(mirror, server, memory)
  })

  test('has a tile changed that nobody needs for the proofs: it is still no log', async () => {
    const { memory, server, mirror } = await served()
    server.alter('tile/1/000.p/2', 0)
    expect(await caught(mirror)).toMatchObject({ kind: 'altered' })
    expect(await caught(mirror)).toMatchObject({ kind: 'altered' })
    expect(await mirror.read((reader) => reader.checkpoint())).toBeUndefined()
    await expectRecovery(mirror, server, memory)
  })

  test('has another entry in a bundle: which one is said', async () => {
    const { memory, server, mirror } = await served()
    const entries = memory.entries.slice(256, 512).map(({ bytes }) => bytes)
    server.write('tile/entries/001', formatBundle(entries.with(44, entries[45]!)))
    expect(await caught(mirror)).toMatchObject({
      kind: 'altered',
      resource: 'tile/entries/001',
      message: 'Entry 300 is not the one that the checkpoint was signed over.',
    })
  })
})

function endless(response: import('node:http').ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream' })
  const part = Buffer.alloc(256 * 1024)
  const write = () => {
    while (!response.destroyed && response.write(part));
    if (!response.destroyed) response.once('drain', write)
  }
  write()
}

describe('a log with an entry that breaks the rules', () => {
  async function expectInvalid(
    change: (entries: Forging[], ledger: TestLedger) => void,
    index: number,
    message: string,
  ): Promise<void> {
    const { ledger, memory } = await models(600)
    const forged = await forge(memory, (entries) => change(entries, ledger))
    const server = await TileServer.start()
    await publish(server, forged)
    const mirror = new TestMirror(server)
    const evidence = await caught(mirror)
    expect(evidence).toMatchObject({ kind: 'invalid', index, message: expect.stringContaining(message) })
    expect(leafHash(sha256, evidence.entry!)).toEqual(leafHash(sha256, forged.entries[index]!.bytes))
    expect(await sizeOf(mirror)).toBeLessThanOrEqual(index)
    // It was signed: to tell it otherwise afterwards is a second history.
    await publish(server, memory)
    expect(await caught(mirror)).toMatchObject({ kind: 'fork' })
  }

  test('whose signature fails', () =>
    expectInvalid(
      (entries) => {
        const text = Buffer.from(entries[300]!.bytes).toString('utf8').replace('"name":"m300"', '"name":"m999"')
        entries[300] = { ...entries[300]!, bytes: Buffer.from(text) }
      },
      300,
      'does not verify',
    ))

  test('that is in it twice, where the rules alone would let it pass', async () => {
    const memory = new MemoryLedger()
    const ledger = await TestLedger.found(memoryHome(memory))
    const { dataset } = await openMarketplace(ledger)
    await ledger.accept(BOB, 'dataset.license', { listing: dataset, terms: 1, licence: 0, price: '0.5' })
    const twice = await forge(memory, (entries) => void entries.push(entries.at(-1)!))
    const server = await TileServer.start()
    await publish(server, twice)
    const mirror = new TestMirror(server)
    expect(await caught(mirror)).toMatchObject({
      kind: 'invalid',
      index: memory.entries.length,
      message: expect.stringContaining('twice'),
    })
  })

  test('that a rule refuses', () =>
    expectInvalid(
      (entries, ledger) => {
        const note = ledger.sign(BOB, 'model.create', { name: 'x', base: 'b', artifact: 'a'.repeat(64), description: 'd' })
        const time = Buffer.from(entries[300]!.bytes).subarray(0, 25)
        entries[300] = { ...entries[300]!, bytes: Buffer.concat([time, note]) }
      },
      300,
      'breaks its rules',
    ))

  test('that is none', () =>
    expectInvalid(
      (entries) => {
        entries[599] = { ...entries[599]!, bytes: Buffer.from('nothing') }
      },
      599,
      'does not begin with its acceptance time',
    ))
})

describe('a checkpoint that is not the log’s', () => {
  const foreign = [
    ['signed with another key', (m: MemoryLedger) => signCheckpoint(headOf(m), [OTHER_SEQUENCER])],
    ['of another log', (m: MemoryLedger) => signCheckpoint({ ...headOf(m), origin: 'other.example/credits' }, [SEQUENCER])],
    [
      'with a signature that fails beside a good one',
      (m: MemoryLedger) => signCheckpoint(headOf(m), [SEQUENCER, { ...SEQUENCER, sign: OTHER_SEQUENCER.sign }]),
    ],
    ['that is text', () => Buffer.from('Sign in to go on.\n')],
  ] as const

  test.each(foreign)('%s is told as such, and nothing is taken', async (_what, make) => {
    const { memory } = await models(50)
    const server = await TileServer.start()
    await publish(server, memory)
    server.write('checkpoint', make(memory))
    const mirror = new TestMirror(server)
    await expect(mirror.sync()).rejects.toMatchObject({
      code: 'damaged',
      message: expect.stringContaining('is not a checkpoint signed with'),
    })
    expect(await sizeOf(mirror)).toBe(0)
    await expectRecovery(mirror, server, memory)
  })
})

function headOf(memory: MemoryLedger) {
  const [, size, root] = Buffer.from(memory.checkpoint!).toString('utf8').split('\n')
  return { origin: ORIGIN, size: Number(size), root: Buffer.from(root!, 'base64'), extensions: [] }
}
