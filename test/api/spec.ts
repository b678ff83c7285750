/** What the console does, whatever carries its calls: the same for HTTP and for the window's channel. */

import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { TRPCClientError } from '@trpc/client'
import { describe, expect, it } from 'vitest'
import type { Router } from '../../core/api/router.ts'
import type { DeskEvent, Entry, ExportEvent, Outcome, PreviewAccepted } from '../../core/api/views.ts'
import { toBase64, tryFromBase64 } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { noteVerifier } from '../../core/log/checkpoint.ts'
import { leafHash } from '../../core/log/merkle.ts'
import { parseVerifierKey } from '../../core/log/note.ts'
import { parseProof, verifyProof } from '../../core/log/proof.ts'
import type { Market } from '../cli/market.ts'
import { ORIGIN } from '../cli/market.ts'
import { PASSPHRASE } from '../cli/run.ts'
import type { Client } from './console.ts'

export interface Connected {
  readonly client: Client
  readonly market: Market
  /** Breaks off what carries events, where that can happen; it comes back by itself. */
  readonly cut: (() => void) | undefined
}

export async function failureOf(call: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await call.then(
    (value) => new Error(`It went well: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof TRPCClientError)) throw error
  const { failure } = (error as TRPCClientError<Router>).data ?? {}
  if (failure === undefined) throw error
  return failure
}

/** What a subscription gives, one after the other. */
function collect<T>(start: (hear: (value: T) => void, fail: (error: unknown) => void) => { unsubscribe(): void }) {
  const values: T[] = []
  const errors: unknown[] = []
  const { unsubscribe } = start(
    (value) => values.push(value),
    (error) => errors.push(error),
  )
  return { values, errors, unsubscribe }
}

export function watch(client: Client, after?: number) {
  return collect<Entry>((hear, fail) =>
    client.log.watch.subscribe(after === undefined ? {} : { after }, { onData: ({ data }) => hear(data), onError: fail }),
  )
}

export async function unlocked({ client }: Connected): Promise<void> {
  const { status } = await client.desk.state.query()
  if (status === 'locked') await client.desk.unlock.mutate({ passphrase: PASSPHRASE })
}

function accepted(outcome: Outcome) {
  expect(outcome).toMatchObject({ status: 'accepted' })
  if (outcome.status !== 'accepted') throw new Error(outcome.message)
  return outcome
}

type Connect = () => Promise<Connected>

/** Registers the cases; `connect` gives each its own ledger, locked. */
export function consoleSpec(connect: Connect): void {
  describe('shows and checks', () => checksSpec(connect))
  describe('hands out', () => filesSpec(connect))
  describe('signs', () => signingSpec(connect))
  describe('takes', () => notesSpec(connect))
  describe('tells', () => eventsSpec(connect))
}

/** What is signed is what was shown. */
function signingSpec(connect: Connect): void {
  it('shows a purchase, signs the very bytes that it showed, and sees it live', async () => {
    const connected = await connect()
    const { client, market } = connected
    await unlocked(connected)
    const live = watch(client)
    const { size } = await client.log.checkpoint.query()
    const body = { listing: market.things.dataset!, terms: 1, price: '25' }
    const preview = (await client.transaction.preview.query({
      signer: market.accounts.Bob!,
      type: 'dataset.purchase',
      body,
    })) as PreviewAccepted
    expect(preview).toMatchObject({ status: 'preview', gross: '25', fee: '3.75', takeHome: '21.25', isSignable: true })
    expect(preview.names[market.things.dataset!]).toBe('Contracts, annotated')
    expect(JSON.parse(preview.text)).toMatchObject({ type: 'dataset.purchase', body })
    const outcome = accepted(await client.transaction.sign.mutate({ text: preview.text }))
    expect(outcome).toMatchObject({ id: preview.id, index: size, balances: preview.balances })
    expect(outcome.note.startsWith(preview.text)).toBe(true)
    await expect.poll(() => live.values.map(({ index }) => index)).toEqual([size])
    expect(live.values[0]).toMatchObject({ type: 'dataset.purchase', gross: '25', signer: market.accounts.Bob })
    live.unsubscribe()
    // The same text again is the same transaction.
    expect(accepted(await client.transaction.sign.mutate({ text: preview.text }))).toMatchObject({ repeated: true, index: size })
  })

  it('says before anybody signs what would be refused, and signs nothing that would be', async () => {
    const connected = await connect()
    const { client, market } = connected
    await unlocked(connected)
    const asked = { signer: market.accounts.Bob!, type: 'dataset.purchase' }
    const body = { listing: market.things.dataset!, terms: 1, price: '24' }
    const refused = await client.transaction.preview.query({ ...asked, body })
    expect(refused).toMatchObject({ status: 'refused', code: 'price_changed', data: { price: '25', named: '24' } })
    expect(refused).toMatchObject({ draft: { summary: expect.stringContaining('24'), signer: asked.signer } })
    const { text } = (refused as { draft: { text: string } }).draft
    expect(await client.transaction.sign.mutate({ text })).toMatchObject({ status: 'refused', code: 'price_changed' })
    for (const hostile of [null, 'text', { listing: 1.5 }, { ...body, extra: true }, { listing: '\ud800' }, []]) {
      const answer = await client.transaction.preview.query({ ...asked, body: hostile })
      expect(answer, JSON.stringify(hostile)).toMatchObject({ status: 'refused', code: 'malformed' })
    }
    expect(await client.transaction.sign.mutate({ text: 'nothing that is a transaction' })).toMatchObject({ code: 'malformed' })
  })

  it('signs with no key that it does not have', async () => {
    const connected = await connect()
    const { client, market } = connected
    await unlocked(connected)
    const preview = await client.transaction.preview.query({
      signer: market.accounts.Bob!,
      type: 'model.create',
      body: { name: 'm', base: 'b', artifact: 'a'.repeat(64), description: '' },
    })
    const bob = market.accounts.Bob!
    const nobody = bob.slice(0, -1) + (bob.endsWith('q') ? 'p' : 'q')
    const foreign = (preview as PreviewAccepted).text.replaceAll(bob, nobody)
    expect(await client.transaction.sign.mutate({ text: foreign })).toMatchObject({ status: 'refused', code: 'unknown_account' })
  })
}

/** Notes and accounts. */
function notesSpec(connect: Connect): void {
  it('takes notes that were signed elsewhere, byte by byte', async () => {
    const connected = await connect()
    const { client, market } = connected
    await unlocked(connected)
    const body = { account: market.accounts.Bob!, amount: '2', provider: 'bank', reference: 'elsewhere' }
    const preview = await client.transaction.preview.query({ signer: market.operator, type: 'credit.topup', body })
    const { note, index } = accepted(await client.transaction.sign.mutate({ text: (preview as PreviewAccepted).text }))
    const bytes = toBase64(new TextEncoder().encode(note))
    expect(accepted(await client.transaction.submit.mutate({ note: bytes }))).toMatchObject({ index, repeated: true })
    const forged = toBase64(new TextEncoder().encode(note.replace('"amount":"2"', '"amount":"9"')))
    const answers = await client.transaction.submitMany.mutate({ notes: [forged, bytes] })
    expect(answers).toMatchObject([
      { status: 'refused', code: 'bad_signature' },
      { status: 'accepted', index },
    ])
  })

  it('opens an account with a key of its own', async () => {
    const connected = await connect()
    const { client } = connected
    await unlocked(connected)
    const { created } = accepted(await client.desk.openAccount.mutate({ name: 'Dora' }))
    const { accounts } = await client.desk.state.query()
    expect(accounts.find(({ label }) => label === 'Dora')).toEqual({
      account: created,
      label: 'Dora',
      name: 'Dora',
      role: 'user',
      sheet: 'due',
    })
    expect(await client.desk.openAccount.mutate({ name: 'x\u202e' })).toMatchObject({ status: 'refused', code: 'malformed' })
    expect(await failureOf(client.desk.openAccount.mutate({ name: 'operator' }))).toMatchObject({ code: 'usage' })
  })

  it('refuses input that is not of the form, and does many calls in one go', async () => {
    const connected = await connect()
    const { client, market } = connected
    await unlocked(connected)
    expect(await failureOf(client.log.page.query({ limit: 10_000 }))).toMatchObject({ code: 'usage' })
    expect(await failureOf(client.wallet.show.query({ account: 'nim1nobody' }))).toMatchObject({ code: 'usage' })
    expect(await failureOf(client.log.page.query({ limit: 1, unknown: 1 } as never))).toMatchObject({ code: 'usage' })
    const unknown = client as unknown as { desk: { rob: { query(): Promise<unknown> } } }
    expect(await failureOf(unknown.desk.rob.query())).toMatchObject({ code: 'missing' })
    const wallets = await Promise.all(
      Array.from({ length: 60 }, () => client.wallet.show.query({ account: market.accounts.Ada! })),
    )
    expect(new Set(wallets.map(({ spendable }) => spendable)).size).toBe(1)
  })
}

/** What happens is told while it happens. */
function eventsSpec(connect: Connect): void {
  it('goes on with events where they were cut, and leaves none out', async () => {
    const connected = await connect()
    const { client, market, cut } = connected
    await unlocked(connected)
    const live = watch(client, 0)
    const topup = async (reference: string) => {
      const body = { account: market.accounts.Bob!, amount: '1', provider: 'bank', reference }
      const preview = await client.transaction.preview.query({ signer: market.operator, type: 'credit.topup', body })
      return accepted(await client.transaction.sign.mutate({ text: (preview as PreviewAccepted).text })).index
    }
    const first = await topup('one')
    await expect.poll(() => live.values.at(-1)?.index, { timeout: 10_000 }).toBe(first)
    cut?.()
    const last = await topup('two')
    await expect.poll(() => live.values.at(-1)?.index, { timeout: 20_000 }).toBe(last)
    expect(live.values.map(({ index }) => index)).toEqual(Array.from({ length: last }, (_, i) => i + 1))
    live.unsubscribe()
  })

  it('tells who watches that the keys were locked, and ends what was being read', async () => {
    const connected = await connect()
    const { client } = connected
    await unlocked(connected)
    const events = collect<DeskEvent>((hear, fail) => client.desk.watch.subscribe(undefined, { onData: hear, onError: fail }))
    const live = watch(client, 0)
    await expect.poll(() => live.values.length, { timeout: 10_000 }).toBeGreaterThan(5)
    expect(await client.desk.lock.mutate()).toMatchObject({ status: 'locked', accounts: [] })
    await expect.poll(() => events.values, { timeout: 10_000 }).toContainEqual({ what: 'state', status: 'locked' })
    await expect.poll(() => live.errors.length, { timeout: 10_000 }).toBe(1)
    expect((live.errors[0] as TRPCClientError<Router>).data?.failure).toMatchObject({ code: 'locked' })
    expect(await failureOf(client.transaction.types.query())).toMatchObject({ code: 'locked' })
    events.unsubscribe()
    live.unsubscribe()
  })
}

/** Files to keep. */
function filesSpec(connect: Connect): void {
  it('statements', async () => {
    const connected = await connect()
    const { client, market } = connected
    await unlocked(connected)
    const begins = { csv: 'index,time,type', pdf: '%PDF-' } as const
    for (const format of ['csv', 'pdf'] as const) {
      const { bytes } = await client.wallet.statement.query({ account: market.accounts.Bob!, format })
      expect(Buffer.from(bytes, 'base64').toString('latin1').startsWith(begins[format])).toBe(true)
    }
    const nobody = client.wallet.statement.query({ account: `nim1${'q'.repeat(38)}`, format: 'csv' })
    expect(await failureOf(nobody)).toMatchObject({ code: 'usage' })
  })

  it('the log for other programs, part by part, for as long as somebody fetches it', async () => {
    const connected = await connect()
    const { client } = connected
    await unlocked(connected)
    const told = collect<ExportEvent>((hear, fail) =>
      client.log.export.subscribe({ format: 'jsonl' }, { onData: hear, onError: fail }),
    )
    await expect.poll(() => told.values.at(-1)?.what, { timeout: 30_000 }).toBe('file')
    const { size } = await client.log.checkpoint.query()
    const file = told.values.at(-1) as Extract<ExportEvent, { what: 'file' }>
    expect(file).toMatchObject({ name: `test.example-credits-${size}.jsonl`, entries: size })
    const part = async (from: number) => Buffer.from(await client.log.exportPart.query({ id: file.id, from }), 'base64')
    const whole = await part(0)
    expect(whole.length).toBe(file.bytes)
    const lines = whole.toString('utf8').trimEnd().split('\n')
    expect(lines.map((line) => (JSON.parse(line) as { index: number }).index)).toEqual(Array.from({ length: size }, (_, i) => i))
    expect((await part(100)).equals(whole.subarray(100))).toBe(true)
    expect((await part(file.bytes)).length).toBe(0)
    told.unsubscribe()
    const gone = () => failureOf(client.log.exportPart.query({ id: file.id, from: 0 })).catch(() => undefined)
    await expect.poll(gone, { timeout: 30_000 }).toMatchObject({ code: 'usage' })
  })

  it('keys, sealed, to whoever knows the passphrase', async () => {
    const connected = await connect()
    const { client, market } = connected
    await unlocked(connected)
    const { bytes } = await client.keys.backUp.mutate({ account: market.accounts.Bob!, passphrase: PASSPHRASE })
    const file = JSON.parse(Buffer.from(bytes, 'base64').toString('utf8')) as { keys: { label: string }[] }
    expect(file.keys.map(({ label }) => label)).toEqual(['Bob'])
    expect(await failureOf(client.keys.backUp.mutate({ passphrase: 'wrong' }))).toMatchObject({ code: 'passphrase' })
  })
}

/** What is shown can be checked. */
function checksSpec(connect: Connect): void {
  it('shows nothing of a locked ledger, says what is wrong with a passphrase, and opens', async () => {
    const { client, market } = await connect()
    expect(await client.desk.state.query()).toMatchObject({ status: 'locked', accounts: [], dir: market.dir })
    expect(await failureOf(client.log.page.query())).toEqual({
      code: 'locked',
      message: 'The keys are locked: unlock them first.',
    })
    expect(await failureOf(client.desk.unlock.mutate({ passphrase: 'wrong' }))).toMatchObject({ code: 'passphrase' })
    const state = await client.desk.unlock.mutate({ passphrase: PASSPHRASE })
    expect(state).toMatchObject({ status: 'open', ledger: { origin: ORIGIN, vkey: market.vkey, feeBps: 1500 } })
    const roles = Object.fromEntries(state.accounts.map(({ label, role }) => [label, role]))
    expect(roles).toEqual({ operator: 'operator', Ada: 'creator', Bob: 'user', Chiara: 'user' })
  })

  it('gives an entry with all that a page needs to verify it by itself', async () => {
    const connected = await connect()
    const { client, market } = connected
    await unlocked(connected)
    const { size } = await client.log.checkpoint.query()
    for (const index of [0, 7, size - 1]) {
      const entry = await client.log.entry.query({ index })
      const proof = parseProof(tryFromBase64(entry.proof)!, 60_000)
      const key = parseVerifierKey(sha256, market.vkey)
      if (proof instanceof Malformed || key instanceof Malformed) throw new Error('The proof cannot be read.')
      const verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
        ed25519.verify(signature, message, publicKey)
      const trust = { origin: ORIGIN, logKeys: [noteVerifier(verify, key)], witnesses: [], quorum: 0 }
      const bytes = tryFromBase64(entry.bytes)!
      expect(verifyProof(sha256, proof, leafHash(sha256, bytes), trust)).toMatchObject({ checkpoint: { size } })
      bytes[40]! ^= 1
      expect(verifyProof(sha256, proof, leafHash(sha256, bytes), trust)).toBeInstanceOf(Malformed)
      expect(entry.vkey).toBe(market.vkey)
      expect(entry.note).toBe(new TextDecoder().decode(tryFromBase64(entry.bytes)!).replace(/^.*\n/, ''))
    }
    expect(await failureOf(client.log.entry.query({ index: size }))).toMatchObject({ code: 'missing' })
  })

  it('audits the whole log beside everything else', async () => {
    const connected = await connect()
    const { client } = connected
    await unlocked(connected)
    const told = collect<{ what: string; report?: { ok: boolean; size: number } }>((hear, fail) =>
      client.log.verify.subscribe(undefined, { onData: hear, onError: fail }),
    )
    await expect.poll(() => told.values.at(-1)?.report, { timeout: 30_000 }).toMatchObject({ ok: true })
    const { size } = await client.log.checkpoint.query()
    expect(told.values.at(-1)!.report!.size).toBe(size)
    told.unsubscribe()
  })
}
