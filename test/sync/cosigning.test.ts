/** Cosigning: witnesses over real HTTP, some of them away, slow or false, and what is published meanwhile. */

import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { concatBytes, utf8 } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { keepPublished, readPublished } from '../../core/drivers/published-files.ts'
import { checkProof, receiptOf } from '../../core/ledger/receipt.ts'
import {
  cosignatureMessage,
  cosignersOf,
  hasQuorum,
  type LogTrust,
  noteVerifier,
  openCheckpoint,
  readCheckpoint,
} from '../../core/log/checkpoint.ts'
import { COSIGNATURE_V1, formatSignatureLines, parseNote, type VerifierKey } from '../../core/log/note.ts'
import { parseHubUrl } from '../../core/net/hub-url.ts'
import { WitnessClient } from '../../core/net/witness-client.ts'
import { Cosigning, type CosigningOptions, type Published } from '../../core/sync/cosigning.ts'
import { temporaryFolder } from '../ledger/homes.ts'
import { ADA, accepted, LOG_KEY, memoryHome, ORIGIN, SECOND, TestLedger } from '../ledger/support.ts'
import { namedKey, sha256, text, wellFormed } from '../log/support.ts'
import { logsOf, TestWitness, verify } from './witnesses.ts'

vi.setConfig({ testTimeout: 30_000 })

/** Pauses are a hundredth of what they are, and the clock goes as much faster. */
const SPEED = 100
const pause = (ms: number, signal: AbortSignal) => sleep(ms / SPEED, undefined, { signal }).catch(() => {})
const now = () => performance.now() * SPEED

const NAMES = ['witness.example/w1', 'witness.example/w2', 'witness.example/w3'] as const
const LOGS = logsOf(LOG_KEY)

/** A log that grows, whose checkpoints are to be cosigned. */
class Log {
  readonly memory = new MemoryLedger()
  readonly ledger = new TestLedger(memoryHome(this.memory))

  static async open(): Promise<Log> {
    const log = new Log()
    accepted(await log.ledger.found())
    accepted(await log.ledger.ledger.submit(log.ledger.opening(ADA)))
    return log
  }

  async grow(count = 1): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.ledger.time += SECOND
      accepted(await this.ledger.ledger.submit(this.ledger.model(ADA, `m${this.size}`)))
    }
  }

  get size(): number {
    return this.ledger.ledger.size
  }

  reading: CosigningOptions['reading'] = async (read) => read(await openMemoryReader(this.memory))
}

/** A server that can be away, slow, or answer as it likes, in front of a witness. */
class Door {
  instead: RequestListener | undefined
  readonly url: string

  private constructor(url: string) {
    this.url = url
  }

  static async open(behind: string): Promise<Door> {
    const server = createServer((request, response) => {
      if (door.instead !== undefined) return door.instead(request, response)
      void (async () => {
        const parts: Buffer[] = []
        for await (const part of request) parts.push(part as Buffer)
        const answer = await fetch(behind + request.url, { method: 'POST', body: Buffer.concat(parts) })
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type')! })
        response.end(Buffer.from(await answer.arrayBuffer()))
      })().catch(() => response.destroy())
    })
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const door = new Door(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    return door
  }
}

interface Place {
  readonly log: Log
  readonly witnesses: readonly TestWitness[]
  readonly doors: readonly Door[]
  readonly folder: string
  readonly published: Uint8Array[]
  readonly reports: string[]
  cosigning: Cosigning
  start(given?: Partial<CosigningOptions> & { quorumOf?: number }): Cosigning
}

async function open(given: Parameters<Place['start']>[0] = {}, log?: Log): Promise<Place> {
  const witnesses = await Promise.all(NAMES.map((name, i) => TestWitness.open(LOGS, { name, seed: 20 + i })))
  const doors = await Promise.all(witnesses.map(async (one) => Door.open(await one.serve())))
  const place: Omit<Place, 'cosigning'> = {
    log: log ?? (await Log.open()),
    ...{ witnesses, doors, folder: temporaryFolder(), published: [], reports: [] },
    start: ({ quorumOf = 2, ...more } = {}) => {
      const cosigning = new Cosigning({
        ...{ sha256, verify, pause, now, random: () => 0.5, timeoutMs: 400, unwitnessed: 'serve' },
        reading: place.log.reading,
        witnesses: witnesses.map(({ key }, i) => ({ key, remote: new WitnessClient(parseHubUrl(doors[i]!.url) as URL) })),
        quorum: { witnesses: witnesses.map(({ key }) => noteVerifier(verify, key)), quorum: quorumOf },
        kept: readPublished(place.folder),
        keep: (published: Published) => keepPublished(place.folder, published),
        publish: (checkpoint) => place.published.push(checkpoint),
        report: (message, witness) => place.reports.push(`${witness ?? 'log'}: ${message}`),
        ...more,
      })
      onTestFinished(() => cosigning.close())
      return cosigning
    },
  }
  return Object.assign(place, { cosigning: place.start(given) })
}

/** Who cosigned what is published, and of how many entries it is. */
function publishedBy(cosigning: Cosigning, keys: readonly VerifierKey[]): [number, string[]] | undefined {
  if (cosigning.published === undefined) return undefined
  const witnesses = keys.map((key) => noteVerifier(verify, key))
  const trust: LogTrust = { origin: ORIGIN, logKeys: [noteVerifier(verify, LOG_KEY)], witnesses, quorum: 0 }
  const opened = wellFormed(openCheckpoint(cosigning.published, trust))
  const names = cosignersOf(opened, trust).map(({ name }) => name.at(-1)!)
  return [opened.checkpoint.size, names.sort()]
}

const expectPublished = (place: Place, size: number, names: readonly string[]) => {
  const keys = place.witnesses.map(({ key }) => key)
  return vi.waitFor(() => expect(publishedBy(place.cosigning, keys)).toEqual([size, names]), { timeout: 10_000, interval: 10 })
}

describe('with a quorum of two of three', () => {
  test('what the log signs is published with all cosignatures, over many sizes', async () => {
    const place = await open()
    await expectPublished(place, 2, ['1', '2', '3'])
    for (const count of [1, 5, 300, 1]) {
      await place.log.grow(count)
      place.cosigning.grown()
      await expectPublished(place, place.log.size, ['1', '2', '3'])
    }
    expect(place.reports).toEqual([])
    expect(place.cosigning.witnesses.map(({ size, isFailing }) => [size, isFailing])).toEqual(
      NAMES.map(() => [place.log.size, false]),
    )
  })

  test('one that is away is done without, and added once it is back', async () => {
    const place = await open()
    await expectPublished(place, 2, ['1', '2', '3'])
    place.doors[1]!.instead = (_request, response) => response.destroy()
    await place.log.grow()
    place.cosigning.grown()
    await expectPublished(place, 3, ['1', '3'])
    expect(place.cosigning.cosigned).toEqual(place.cosigning.published)
    place.doors[1]!.instead = undefined
    await expectPublished(place, 3, ['1', '2', '3'])
    expect(place.reports).toEqual([expect.stringMatching(/^witness\.example\/w2: .* does not answer/)])
  })

  test('one that never answers holds nothing up once there are two', async () => {
    const place = await open({ timeoutMs: 20_000 })
    place.doors[2]!.instead = () => {}
    await place.log.grow()
    place.cosigning.grown()
    await expectPublished(place, 3, ['1', '2'])
  })

  test('served without them after their time, where the operator said so', async () => {
    const place = await open()
    await expectPublished(place, 2, ['1', '2', '3'])
    const before = place.cosigning.published
    for (const door of place.doors.slice(1)) door.instead = () => {}
    await place.log.grow()
    place.cosigning.grown()
    await expectPublished(place, 3, ['1'])
    expect(place.cosigning.cosigned).toEqual(before)
    for (const door of place.doors) door.instead = undefined
    await expectPublished(place, 3, ['1', '2', '3'])
    expect(place.cosigning.cosigned).toEqual(place.cosigning.published)
  })

  test('held back until they have cosigned, where the operator said so', async () => {
    const place = await open({ unwitnessed: 'hold' })
    await expectPublished(place, 2, ['1', '2', '3'])
    for (const door of place.doors.slice(1)) door.instead = (_request, response) => response.writeHead(503).end()
    await place.log.grow()
    place.cosigning.grown()
    await vi.waitFor(() => expect(place.reports).toHaveLength(2))
    expect(publishedBy(place.cosigning, [])).toEqual([2, []])
    for (const door of place.doors) door.instead = undefined
    await expectPublished(place, 3, ['1', '2', '3'])
  })

  test('nothing is published at first, where it is held back and nobody cosigns', async () => {
    const place = await open({ unwitnessed: 'hold', quorumOf: 4 })
    await vi.waitFor(() => expect(place.cosigning.witnesses.every(({ counts }) => counts.cosigned === 1)).toBe(true))
    await sleep(50)
    expect([place.cosigning.published, place.published]).toEqual([undefined, []])
  })
})

describe('over a restart', () => {
  test('what was published is published still, and witnesses are asked from the size that they know', async () => {
    const place = await open()
    await place.log.grow(10)
    place.cosigning.grown()
    await expectPublished(place, 12, ['1', '2', '3'])
    await place.cosigning.close()
    await place.log.grow(10)
    for (const door of place.doors) door.instead = () => {}
    place.cosigning = place.start({ unwitnessed: 'hold' })
    expect(publishedBy(place.cosigning, [])).toEqual([12, []])
    for (const door of place.doors) door.instead = undefined
    await expectPublished(place, 22, ['1', '2', '3'])
  })

  test('cosignatures of the same checkpoint are not asked for again', async () => {
    const place = await open()
    await expectPublished(place, 2, ['1', '2', '3'])
    await place.cosigning.close()
    let asked = 0
    for (const door of place.doors)
      door.instead = (_request, response) => {
        asked += 1
        response.destroy()
      }
    place.cosigning = place.start()
    place.cosigning.grown()
    await sleep(100)
    await expectPublished(place, 2, ['1', '2', '3'])
    expect(asked).toBe(0)
  })

  test('a file that was changed into something else is not taken', () => {
    const folder = temporaryFolder()
    keepPublished(folder, { checkpoint: utf8('nonsense') })
    expect(() => readPublished(folder)).toThrow('is no checkpoint')
  })
})

describe('a witness that', () => {
  test('cosigned more than there is says that this is an older copy', async () => {
    const log = await Log.open()
    await log.grow(5)
    const older = await Log.open()
    await older.grow(2)
    const ahead = await open({}, log)
    await expectPublished(ahead, 7, ['1', '2', '3'])
    await ahead.cosigning.close()
    const place = Object.assign(ahead, { folder: temporaryFolder() })
    const cosigning = place.start({ reading: older.reading, unwitnessed: 'hold', kept: {} })
    await vi.waitFor(() => expect(place.reports).toHaveLength(3))
    expect(place.reports[0]).toContain('It has cosigned 7 entries of this log, and there are 4: this ledger is an older copy')
    expect(cosigning.published).toBeUndefined()
  })

  test('cosigned another history refuses, and is told of', async () => {
    const log = await Log.open()
    await log.grow(5)
    const place = await open({}, log)
    await expectPublished(place, 7, ['1', '2', '3'])
    await place.cosigning.close()
    const fork = await Log.open()
    fork.ledger.time += 1_000 * SECOND
    await fork.grow(9)
    const cosigning = place.start({ reading: fork.reading, unwitnessed: 'hold', kept: {} })
    await vi.waitFor(() => expect(place.reports).toHaveLength(3))
    expect(place.reports[0]).toMatch(/It refuses the checkpoint of 11 entries: 422 the consistency proof does not verify/)
    expect(cosigning.published).toBeUndefined()
  })

  const key = namedKey(NAMES[0], COSIGNATURE_V1, 20)
  const stranger = namedKey(NAMES[0], COSIGNATURE_V1, 99)
  const line = (of: typeof key, seconds: bigint, textBytes: Uint8Array, by = of) => {
    const time = new Uint8Array(8)
    new DataView(time.buffer).setBigUint64(0, seconds)
    const signature = concatBytes(time, by.sign(cosignatureMessage(seconds, textBytes)))
    return formatSignatureLines([{ name: of.key.name, keyId: of.key.keyId, signature }])
  }
  const answers: [string, (textBytes: Uint8Array) => readonly [number, string, string?], RegExp][] = [
    ['signs with another key', (textBytes) => [200, line(stranger, 5n, textBytes)], /without a cosignature/],
    [
      "signs with another key in its key's name",
      (textBytes) => [200, line(key, 5n, textBytes, stranger)],
      /without a cosignature/,
    ],
    ['signs another text', () => [200, line(key, 5n, utf8('another\n'))], /without a cosignature/],
    ['states no time', (textBytes) => [200, line(key, 0n, textBytes)], /without a cosignature/],
    ['answers nothing', () => [200, ''], /without a cosignature/],
    ['answers with a page', () => [200, '<html></html>'], /without a cosignature/],
    ['names no size', () => [409, 'x\n'], /409 without a size/],
    ['names a size for ever', () => [409, '1\n'], /names another size each time/],
    ['does not know the log', () => [404, 'this log is not witnessed here\n'], /404 this log is not witnessed here/],
    ['answers with too much', () => [200, 'x'.repeat(100_000)], /has more than/],
    ['sends on', () => [302, '', 'http://127.0.0.1:1/'], /redirect/],
    ['has trouble', () => [500, 'x'], /it answers 500/],
  ]

  test.each(answers)('%s is not counted', async (_, answer, reason) => {
    const place = await open({ unwitnessed: 'hold', quorumOf: 3 })
    place.doors[0]!.instead = (request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        const body = Buffer.concat(parts)
        const note = parseNote(body.subarray(body.indexOf('\n\n') + 2), 100_000)
        const [status, said, location] = answer(note instanceof Malformed ? utf8('') : note.textBytes)
        response.writeHead(status, location === undefined ? {} : { location }).end(said)
      })
    }
    await place.log.grow(3)
    place.cosigning.grown()
    await vi.waitFor(() => expect(place.reports.join('\n')).toMatch(reason))
    expect(place.reports.every((report) => report.startsWith(NAMES[0]))).toBe(true)
    place.doors[0]!.instead = undefined
    await expectPublished(place, 5, ['1', '2', '3'])
  })
})

test('under witnesses that come and go what is published never goes back, nor below the quorum', async () => {
  const place = await open({ unwitnessed: 'hold', timeoutMs: 100 })
  let state = 7
  const random = () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state / 2 ** 32
  }
  for (let step = 0; step < 40; step++) {
    const door = place.doors[Math.floor(random() * 3)]!
    const dice = random()
    door.instead = dice < 0.4 ? undefined : dice < 0.7 ? (_request, response) => response.destroy() : () => {}
    await place.log.grow(Math.ceil(random() * 3))
    place.cosigning.grown()
    await sleep(10)
  }
  for (const door of place.doors) door.instead = undefined
  await expectPublished(place, place.log.size, ['1', '2', '3'])
  const keys = place.witnesses.map(({ key }) => noteVerifier(verify, key))
  const trust: LogTrust = { origin: ORIGIN, logKeys: [noteVerifier(verify, LOG_KEY)], witnesses: keys, quorum: 2 }
  const opened = place.published.map((checkpoint) => wellFormed(openCheckpoint(checkpoint, trust)))
  expect(opened.every(({ signatures }) => hasQuorum(trust, signatures))).toBe(true)
  const sizes = opened.map(({ checkpoint }) => checkpoint.size)
  expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
})

test('receipts rest on what was cosigned where that covers the entry, and else on the last checkpoint', async () => {
  const place = await open()
  await expectPublished(place, 2, ['1', '2', '3'])
  const cosigned = place.cosigning.cosigned!
  await place.cosigning.close()
  await place.log.grow(4)
  const witnesses = place.witnesses.map(({ key }) => noteVerifier(verify, key))
  const trust: LogTrust = { origin: ORIGIN, logKeys: [noteVerifier(verify, LOG_KEY)], witnesses, quorum: 3 }
  const reader = await openMemoryReader(place.log.memory)
  for (const [index, size, isWitnessed] of [
    [1, 2, true],
    [2, 6, false],
  ] as const) {
    const { file } = (await receiptOf(sha256, reader, index, cosigned))!
    expect(text(file)).toContain(`\n${ORIGIN}\n${size}\n`)
    expect(checkProof({ rules, sha256 }, file, trust) instanceof Malformed).toBe(!isWitnessed)
    expect(checkProof({ rules, sha256 }, file, { ...trust, quorum: 0 })).toMatchObject({ what: 'entry', index })
  }
  expect(wellFormed(readCheckpoint(cosigned)).size).toBe(2)
})
