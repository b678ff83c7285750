/** What the console of a mirror does, whatever carries its calls: the same for HTTP and for the window's channel. */

import { expect, it } from 'vitest'
import type { OutboxItem, PreviewAccepted, SyncState } from '../../core/api/views.ts'
import { tryFromBase64 } from '../../core/base/bytes.ts'
import { cli, ok, PASSPHRASE } from '../cli/run.ts'
import { MirroredMarket } from '../console/mirror.ts'
import type { Client } from './console.ts'
import { failureOf } from './spec.ts'

const EVENTUALLY = { timeout: 20_000, interval: 100 }

interface ConnectedMirror {
  readonly client: Client
  readonly mirrored: MirroredMarket
}

interface Watching {
  readonly states: SyncState[]
  unsubscribe(): void
}

function watchSync(client: Client): Watching {
  const states: SyncState[] = []
  const { unsubscribe } = client.sync.watch.subscribe(undefined, { onData: (state) => states.push(state) })
  return { states, unsubscribe }
}

async function signModel(client: Client, signer: string, name: string) {
  const body = { name, base: 'b', artifact: 'a'.repeat(64), description: '' }
  const preview = await client.transaction.preview.query({ signer, type: 'model.create', body })
  return client.transaction.sign.mutate({ text: (preview as PreviewAccepted).text })
}

const waiting = async (client: Client): Promise<readonly OutboxItem[]> =>
  (await client.sync.outbox.query({ which: 'waiting' })).notes
const answered = async (client: Client): Promise<readonly OutboxItem[]> =>
  (await client.sync.outbox.query({ which: 'answered' })).notes

type Open = () => Promise<ConnectedMirror>

/** Registers the cases; `connect` opens the console of a folder, locked. */
export function syncSpec(connect: (dir: string) => Promise<Client>): void {
  const open = async (): Promise<ConnectedMirror> => {
    const mirrored = await MirroredMarket.start()
    const client = await connect(mirrored.dir)
    expect(await client.desk.state.query()).toMatchObject({ status: 'locked', kind: 'mirror', hasKeys: true })
    expect(await failureOf(client.sync.state.query())).toMatchObject({ code: 'locked' })
    await client.desk.unlock.mutate({ passphrase: PASSPHRASE })
    return { client, mirrored }
  }
  onlineSpec(open)
  offlineSpec(open)
}

function onlineSpec(open: Open): void {
  it('enters at the hub a key that is made here', async () => {
    const { client, mirrored } = await open()
    const account = mirrored.market.accounts.Bob!
    const { publicKey } = await client.keys.make.mutate({ account, label: 'phone' })
    const body = { publicKey, label: 'phone', scopes: ['spend'] }
    const preview = await client.transaction.preview.query({ signer: account, type: 'key.add', body })
    const answer = await client.transaction.sign.mutate({ text: (preview as PreviewAccepted).text })
    expect(answer).toMatchObject({ status: 'accepted', type: 'key.add' })
    const { keys } = await client.keys.list.query({ account })
    expect(keys).toMatchObject([{ isHere: true }, { label: 'phone', isHere: true }])
  })

  it('shows the mirror, enters at the hub what is signed here, and follows what others enter there', async () => {
    const { client, mirrored } = await open()
    const { market } = mirrored
    const { size } = await client.log.checkpoint.query()
    const hub = { url: mirrored.url, vkey: market.vkey }
    const outbox = { queued: 0, sent: 0, accepted: 0, refused: 0 }
    const state = await client.sync.state.query()
    expect(state).toMatchObject({ hub, size, shown: size, outbox, evidence: 0, link: { status: 'following' } })
    expect(await client.wallet.show.query({ account: market.accounts.Bob! })).toMatchObject({ size })
    const watching = watchSync(client)
    const answer = await signModel(client, market.accounts.Bob!, 'one')
    expect(answer).toMatchObject({ status: 'accepted', index: size, type: 'model.create' })
    const [note] = await answered(client)
    expect(note).toMatchObject({ state: 'accepted', index: size, mirrored: true, summary: expect.stringContaining('one') })
    const proof = await client.sync.proof.query({ id: note!.id })
    expect(proof.name).toBe(`${note!.id}.tlog-proof`)
    expect(new TextDecoder().decode(tryFromBase64(proof.bytes))).toContain('c2sp.org/tlog-proof')
    // A command beside the hub enters something.
    await ok(cli(market.dir, ['topup', 'Bob', '2', '--provider', 'bank', '--reference', 'beside']))
    await expect.poll(async () => (await client.log.checkpoint.query()).size, EVENTUALLY).toBe(size + 2)
    await expect.poll(() => watching.states.at(-1), EVENTUALLY).toMatchObject({ size: size + 2, outbox: { accepted: 1 } })
    watching.unsubscribe()
    await client.sync.forget.mutate({ id: note!.id })
    expect(await answered(client)).toEqual([])
    expect(await failureOf(client.sync.forget.mutate({ id: note!.id }))).toMatchObject({ code: 'missing' })
  })
}

function offlineSpec(open: Open): void {
  it('keeps what is signed while the hub is away, and sends it when it is back', async () => {
    const { client, mirrored } = await open()
    const { market } = mirrored
    const bob = market.accounts.Bob!
    const { size } = await client.log.checkpoint.query()
    await mirrored.stopHub()
    const kept = await signModel(client, bob, 'offline')
    expect(kept).toMatchObject({ status: 'queued', state: 'sent', message: expect.stringContaining('in the outbox') })
    expect(await waiting(client)).toMatchObject([{ id: 'id' in kept && kept.id, state: 'sent', names: { [bob]: 'Bob' } }])
    expect(await client.sync.state.query()).toMatchObject({
      link: { status: 'offline', failure: { code: 'offline' } },
      outbox: { sent: 1 },
    })
    const id = (kept as { id: string }).id
    expect(await failureOf(client.sync.forget.mutate({ id }))).toMatchObject({ code: 'usage' })
    expect(await failureOf(client.sync.proof.query({ id }))).toMatchObject({ code: 'missing' })
    await mirrored.startHub()
    expect(await client.sync.now.mutate()).toMatchObject({
      size: size + 1,
      link: { status: 'following' },
      outbox: { sent: 0, accepted: 1 },
    })
    expect(await waiting(client)).toEqual([])
    expect(await answered(client)).toMatchObject([{ id, state: 'accepted', index: size, mirrored: true }])
  })

  it('says what the hub refused, with its signed word', async () => {
    const { client, mirrored } = await open()
    const { market } = mirrored
    const bob = market.accounts.Bob!
    await mirrored.stopHub()
    const body = { listing: market.things.dataset!, terms: 1, price: '25' }
    const draft = { signer: bob, type: 'dataset.purchase', body }
    const preview = (await client.transaction.preview.query(draft)) as PreviewAccepted
    expect(await client.transaction.sign.mutate({ text: preview.text })).toMatchObject({ status: 'queued' })
    // Asked again to sign what is on its way, it is on its way.
    expect(await client.transaction.sign.mutate({ text: preview.text })).toMatchObject({ status: 'queued', id: preview.id })
    // What is on its way counts here already; what Bob does elsewhere does not.
    expect(await client.transaction.preview.query(draft)).toMatchObject({ status: 'refused', code: 'already_owned' })
    expect(
      (await cli(mirrored.dir, ['tx', draft.type, '--as', 'Bob', '--body', JSON.stringify(body), '--preview'])).json,
    ).toMatchObject({
      code: 'already_owned',
    })
    await ok(cli(market.dir, ['tx', draft.type, '--as', 'Bob', '--body', JSON.stringify(body)]))
    await mirrored.startHub()
    await client.sync.now.mutate()
    await expect.poll(async () => (await answered(client)).map(({ state }) => state), EVENTUALLY).toEqual(['refused'])
    const [refused] = await answered(client)
    expect(refused).toMatchObject({ code: 'already_owned', signed: true, message: expect.stringMatching(/\.$/) })
    expect(await client.sync.proof.query({ id: refused!.id })).toMatchObject({ name: `${refused!.id}.refusal` })
  })
}
