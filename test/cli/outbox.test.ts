/** Transactions of a mirror: through the outbox to a real hub, offline and online, and killed at any moment. */

import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { durationMs, killed } from './killing.ts'
import { beginCheaply, found } from './market.ts'
import { accepted, auditOf, cli, expectFailed, expectRefused, folder, ok, start } from './run.ts'

/** How often a program with an outbox is killed. */
const KILLS = Number(process.env.OUTBOX_KILLS ?? 6)
const LISTING = `lst_${'0'.repeat(32)}`
const MODEL = { name: 'm', base: 'b', artifact: 'a'.repeat(64), description: 'd' }

let hubDir: string
let vkey: string
let address = '127.0.0.1:0'
let hub: ChildProcess | undefined

async function startHub(): Promise<void> {
  hub = start(hubDir, ['hub', '--listen', address])
  const facts = await new Promise<{ listening: string }>((resolve, reject) => {
    let out = ''
    hub!.stdout!.on('data', (chunk: Buffer) => {
      out += chunk
      if (out.includes('\n')) resolve(JSON.parse(out) as { listening: string })
    })
    hub!.on('exit', () => reject(new Error(`The hub ended: ${out}`)))
  })
  // At the same place whenever it starts again.
  address = new URL(facts.listening).host
}

async function stopHub(): Promise<void> {
  const ended = new Promise((resolve) => hub!.once('close', resolve))
  hub!.kill('SIGTERM')
  await ended
  hub = undefined
}

beforeAll(async () => {
  hubDir = join(folder(), 'hub')
  vkey = (await found(hubDir, 'hub.example/credits')).vkey
  await startHub()
})

afterAll(async () => {
  if (hub !== undefined) await stopHub()
})

const url = () => `http://${address}`
const sync = (dir: string, ...more: string[]) => cli(dir, ['sync', '--hub', url(), '--vkey', vkey, ...more])
const model = (name: string) => ['tx', 'model.create', '--as', 'Ada', '--body', JSON.stringify({ ...MODEL, name })]
const purchase = ['tx', 'dataset.purchase', '--as', 'Ada', '--body', JSON.stringify({ listing: LISTING, price: '25', terms: 1 })]

interface Listed {
  readonly id: string
  readonly state: string
  readonly index?: number
}

async function outboxOf(dir: string): Promise<readonly Listed[]> {
  return (await ok(cli(dir, ['outbox']))).notes as unknown as Listed[]
}

/** A mirror of the hub with an account of its own. */
async function withAda(): Promise<string> {
  const dir = join(folder(), 'mirror')
  await ok(sync(dir))
  beginCheaply(dir)
  await ok(cli(dir, ['account', 'new', 'Ada']))
  return dir
}

describe('online', () => {
  it('a mirror answers what its hub answers, with the entry verified, a receipt, and a signed refusal', async () => {
    const dir = await withAda()
    const entered = await accepted(cli(dir, model('first')))
    expect(entered).toMatchObject({ type: 'model.create', created: expect.stringMatching(/^mdl_/) })
    expect((await ok(cli(dir, ['status']))).outbox).toEqual({ queued: 0, sent: 0, accepted: 2, refused: 0 })
    expectRefused(await cli(dir, purchase), 'unknown_listing')
    const [, second, third] = await outboxOf(dir)
    expect(second).toMatchObject({ id: entered.id, state: 'accepted', index: entered.index, mirrored: true })
    expect(third).toMatchObject({ state: 'refused', code: 'unknown_listing', signed: true })

    const receipt = join(dir, 'mine.tlog-proof')
    await ok(cli(dir, ['outbox', 'save', entered.id, '-o', receipt]))
    const checked = { ok: true, what: 'entry', origin: 'hub.example/credits', index: entered.index, id: entered.id }
    expect(await ok(cli('', ['check', receipt, '--vkey', vkey]))).toMatchObject(checked)
    const refusal = join(dir, 'mine.refusal')
    await ok(cli(dir, ['outbox', 'save', third!.id, '-o', refusal]))
    const shown = await ok(cli('', ['check', refusal, '--vkey', vkey]))
    expect(shown).toMatchObject({ ok: true, what: 'refusal', id: third!.id, code: 'unknown_listing', data: { listing: LISTING } })
    writeFileSync(refusal, readFileSync(refusal, 'utf8').replace('unknown_listing', 'frozen'))
    expect((await cli('', ['check', refusal, '--vkey', vkey])).code).toBe(3)

    // Known by now: neither address nor key need be given again.
    expect(await ok(cli(dir, ['sync']))).toMatchObject({ applied: 0, outbox: { accepted: 2, refused: 1 } })
    expect(await ok(cli(dir, ['outbox', 'drop', third!.id]))).toEqual({ id: third!.id, state: 'refused' })
    expect(await outboxOf(dir)).toHaveLength(2)
    expectFailed(await cli(dir, ['outbox', 'drop', third!.id]), 'usage')
    expectFailed(await cli(folder(), ['outbox']), 'usage')
  })

  it('notes made elsewhere go through it as well', async () => {
    const dir = await withAda()
    const note = join(dir, 'offline.note')
    await ok(cli(dir, ['tx', 'sign', ...model('signed').slice(1), '-o', note]))
    await accepted(cli(dir, ['tx', 'submit', note]))
    // A key for the account comes through the hub like everything else; one for the sequencer is the hub's own affair.
    const key = ['keys', 'add', 'Ada', '--label', 'phone']
    expect(await ok(cli(dir, key))).toMatchObject({ label: 'phone', index: expect.any(Number) })
    expectFailed(await cli(dir, ['keys', 'add', 'sequencer']), 'usage')
    const again = await ok(cli(dir, ['tx', 'submit', note]))
    expect(again).toMatchObject({ status: 'accepted', repeated: true })
    expect(await outboxOf(dir)).toHaveLength(3)
  })

  it('while another program follows, that one sends', async () => {
    const dir = await withAda()
    const watching = start(dir, ['sync', '--watch'])
    let said = ''
    watching.stdout!.on('data', (chunk: Buffer) => {
      said += chunk
    })
    while (!said.includes('\n')) await sleep(50)
    await accepted(cli(dir, model('watched')))
    // What others enter comes as well, without being asked for.
    const { size } = await ok(cli(dir, ['status']))
    await ok(cli(hubDir, ['topup', 'operator', '1', '--provider', 'bank', '--reference', dir]))
    while (!said.includes(`{"size":${size + 1},`)) await sleep(50)
    const ended = new Promise((resolve) => watching.once('close', resolve))
    watching.kill('SIGTERM')
    await ended
    expect(JSON.parse(said.trimEnd().split('\n').at(-1)!)).toMatchObject({ outbox: { queued: 0, sent: 0, accepted: 2 } })
  })
})

describe('offline', () => {
  it('what is signed waits, in order, and is sent when the hub is there again', async () => {
    const dir = await withAda()
    await stopHub()
    const [first, second] = [await ok(cli(dir, model('a'))), await ok(cli(dir, ['account', 'list']))]
    expect(second).toBeDefined()
    expect(first).toEqual({ status: 'sent', id: expect.stringMatching(/^[0-9a-f]{48}$/), note: expect.stringContaining('nim1') })
    // What cannot go on without an answer says where the note is.
    const opening = await cli(dir, ['account', 'new', 'Bob'])
    expectFailed(opening, 'offline')
    expect(opening.json.message).toMatch(/in the outbox and not answered yet/)
    await ok(cli(dir, ['tx', 'model.create', '--as', 'Bob', '--body', JSON.stringify(MODEL)]))
    expectFailed(await cli(dir, ['sync']), 'offline')
    expect((await ok(cli(dir, ['status']))).outbox).toEqual({ queued: 0, sent: 3, accepted: 1, refused: 0 })
    expectFailed(await cli(dir, ['outbox', 'drop', first.id]), 'usage')
    const { findings } = (await ok(cli(dir, ['doctor']))) as unknown as { findings: { code: string; severity: string }[] }
    const told = findings.filter(({ code }) => ['unanswered', 'mirror', 'sequencer_key_missing'].includes(code))
    expect(told.map(({ code }) => code)).toEqual(['unanswered', 'mirror'])
    await startHub()
    expect(await ok(cli(dir, ['sync']))).toMatchObject({ applied: 3, outbox: { queued: 0, sent: 0, accepted: 4, refused: 0 } })
    const notes = await outboxOf(dir)
    const indexes = notes.map(({ index }) => index!)
    expect(indexes).toEqual([...indexes].sort((a, b) => a - b))
  })
})

describe('killed', () => {
  it(`at ${KILLS} moments, nothing that was kept is lost, and nothing takes effect twice`, async () => {
    const dir = await withAda()
    const wholeMs = await durationMs(dir, model('timed'))
    const before = (await outboxOf(dir)).length
    for (let i = 0; i < KILLS; i++) {
      // In turn: one that signs and sends, and one that sends what the other left.
      const args = i % 3 === 2 ? ['sync'] : model(`killed ${i}`)
      await killed(dir, args, wholeMs * (0.3 + (0.7 * i) / KILLS))
    }
    const run = await ok(cli(dir, ['sync']))
    expect(run.outbox).toMatchObject({ queued: 0, sent: 0, refused: 0 })
    const notes = await outboxOf(dir)
    expect(notes.length).toBeGreaterThanOrEqual(before)
    expect(new Set(notes.map(({ index }) => index)).size).toBe(notes.length)
    expect(notes).toEqual(notes.map((one) => ({ ...one, state: 'accepted', mirrored: true })))
    const log = await cli(dir, ['log', '--limit', '100000'])
    const ids = log.lines.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { id, index } of notes) expect(ids[index!]).toBe(id)
    // Nothing left this machine that was not kept first.
    const { account } = await ok(cli(dir, ['account', 'show', 'Ada']))
    const own = log.lines.filter((entry) => entry.signer === account)
    expect(own.map(({ id }) => id)).toEqual(notes.map(({ id }) => id))
    expect((await auditOf(dir)).ok).toBe(true)
  }, 3_600_000)
})

describe('join', () => {
  it('says what moves and what stays before it does anything, and then moves it once', async () => {
    const own = join(folder(), 'own')
    await found(own, 'own.example/credits')
    const { account } = await ok(cli(own, ['account', 'new', 'Cyd']))
    await ok(cli(own, ['topup', 'Cyd', '12.5', '--provider', 'bank', '--reference', 'r']))
    const dir = join(folder(), 'joined')
    const join_ = (...more: string[]) => cli(dir, ['join', '--from', own, ...more])
    expectFailed(await join_(), 'usage')
    const plan = await ok(join_('--hub', url(), '--vkey', vkey))
    const told = {
      origin: 'hub.example/credits',
      from: { dir: own, origin: 'own.example/credits' },
      moves: [{ account, name: 'Cyd', open: false }],
      stays: [{ account, name: 'Cyd', spendable: '12.5', earnings: '0' }],
      others: ['operator'],
    }
    expect(plan).toMatchObject({ status: 'planned', ...told })
    expect(existsSync(join(dir, 'keys.json'))).toBe(false)
    const opened = [{ account, name: 'Cyd', status: 'accepted', index: expect.any(Number) }]
    expect(await ok(join_('--yes'))).toMatchObject({ status: 'joined', ...told, opened })
    const again = await ok(join_('--yes'))
    expect(again).toMatchObject({ moves: [{ open: true }], opened: [{ account, name: 'Cyd', status: 'open' }] })
    expect(await ok(cli(dir, ['balance', 'Cyd']))).toMatchObject({ account, spendable: '0' })
    await ok(cli(dir, ['tx', 'model.create', '--as', 'Cyd', '--body', JSON.stringify(MODEL)]))
    const plain = await cli(dir, ['join', '--from', own], { plain: true })
    expect(plain.stdout).toContain('Cyd  spendable 12.5')
    expect(plain.stdout).toContain('Nothing was done yet')
    expect((await cli(own, ['verify'])).code).toBe(0)
    expectFailed(await cli(dir, ['join', '--from', folder()]), 'usage')
    expectFailed(await cli(dir, ['join', '--from', hubDir]), 'usage')
  })
})
