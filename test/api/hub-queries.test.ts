/** What accounts' programs ask of a hub: what they have, what concerns them, what would be, what is new. */

import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink } from '@trpc/client'
import { EventSource } from 'eventsource'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { HubRouter } from '../../core/api/hub/router.ts'
import { toBase64, tryFromBase64 } from '../../core/base/bytes.ts'
import type { Json } from '../../core/domain/canonical.ts'
import { composeText } from '../../core/domain/envelope.ts'
import { wholeSeconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { chooseVerifier } from '../../core/drivers/sodium/ed25519.ts'
import { checkProof } from '../../core/ledger/receipt.ts'
import { noteVerifier } from '../../core/log/checkpoint.ts'
import { signNote } from '../../core/log/note.ts'
import { ADA, BOB, CYD, LOG_KEY, OPERATOR, ORIGIN, type Person } from '../ledger/support.ts'
import { TestHub } from '../net/hub.ts'

interface Entry {
  readonly index: number
  readonly signer: string
  readonly postings: readonly { readonly book: string; readonly amount: string }[]
}

interface Page {
  readonly size: number
  readonly entries: readonly Entry[]
  readonly next?: number
}

const TRUST = { origin: ORIGIN, logKeys: [noteVerifier(chooseVerifier(), LOG_KEY)], witnesses: [], quorum: 0 }

/** The text of a transaction that somebody could sign now. */
function draft(hub: TestHub, { account }: Person, type: string, body: Json): string {
  const made = wholeSeconds(hub.test.time)
  return composeText({ type, body, ledger: ORIGIN, signer: account, made, nonce: new Uint8Array(16) })
}

describe('an account', () => {
  it('is shown with what it has, what it bought and what it earned', async () => {
    const hub = await TestHub.start()
    const { account } = ADA
    expect(await hub.result('account.show', { account })).toMatchObject({
      account,
      name: 'Ada',
      number: 1,
      frozen: false,
      size: 5,
    })
    expect(await hub.result('account.wallet', { account })).toMatchObject({ account, name: 'Ada', spendable: '100', paid: '100' })
    expect(await hub.result('account.holdings', { account })).toEqual({
      ...{ account, size: 5, subscriptions: [], entitlements: [], mandates: [] },
    })
    expect(await hub.result('account.earnings', { account })).toMatchObject({ total: '0', available: '0' })
    const { accounts } = await hub.result<{ accounts: { name: string }[] }>('account.list', {})
    expect(accounts.map(({ name }) => name).sort()).toEqual(['Ada', 'Bob', 'Test ledger'])
    for (const procedure of ['show', 'wallet', 'holdings', 'earnings'])
      expect((await hub.call(`account.${procedure}`, { account: CYD.account })).status, procedure).toBe(404)
  })

  it('has its entries, the newest first, page by page', async () => {
    const hub = await TestHub.start()
    for (let i = 0; i < 5; i++) await hub.submit(hub.test.topup(ADA, '1'))
    const seen: number[] = []
    for (let before: number | undefined; ; ) {
      const page: Page = await hub.result('account.entries', {
        account: ADA.account,
        limit: 3,
        ...(before !== undefined && { before }),
      })
      seen.push(...page.entries.map(({ index }) => index))
      if (page.next === undefined) break
      before = page.next
    }
    expect(seen).toEqual([9, 8, 7, 6, 5, 3, 1])
    const opened: Page = await hub.result('account.entries', { account: ADA.account, type: 'account.open' })
    expect(opened.entries.map(({ index }) => index)).toEqual([1])
  })
})

describe('the log', () => {
  it('says which it is, and shows pages of itself', async () => {
    const hub = await TestHub.start()
    expect(await hub.result('log.head', undefined)).toMatchObject({ origin: ORIGIN, size: 5 })
    const range: Page = await hub.result('log.range', { from: 1, limit: 2 })
    expect(range.entries.map(({ index }) => index)).toEqual([1, 2])
    const page: Page = await hub.result('log.page', { limit: 2 })
    expect(page.entries.map(({ index }) => index)).toEqual([4, 3])
    expect(page.next).toBe(3)
    expect((await hub.call('log.range', { from: 0, limit: 501 })).status).toBe(400)
    expect((await hub.call('log.range', { from: -1 })).status).toBe(400)
  })

  it('shows an entry with a receipt that is checked offline', async () => {
    const hub = await TestHub.start()
    const entry = await hub.result<{ receipt: string; bytes: string }>('log.entry', { index: 3 })
    const proven = checkProof({ rules, sha256 }, Buffer.from(entry.receipt), TRUST)
    expect(proven).toMatchObject({ what: 'entry', index: 3 })
    expect(proven).toMatchObject({ bytes: tryFromBase64(entry.bytes) })
    expect((await hub.call('log.entry', { index: 5 })).status).toBe(404)
  })
})

describe('a submission', () => {
  it('gives each note its answer, in order, with the receipts that were asked for', async () => {
    const hub = await TestHub.start()
    const good = hub.test.topup(ADA, '1')
    const poor = hub.test.sign(BOB, 'plan.subscribe', { plan: 'starter', price: '19' })
    const notes = [good, Buffer.from('no note'), poor, good, hub.test.topup(BOB, '2')].map((note) => toBase64(note))
    const answers = await hub.result<Record<string, unknown>[]>('transaction.submitMany', { notes, receipts: true })
    expect(answers.map(({ status, code, index }) => code ?? `${status} ${index}`)).toEqual([
      ...['accepted 5', 'malformed', 'exceeds_credits', 'accepted 5', 'accepted 6'],
    ])
    expect(answers[3]).toMatchObject({ repeated: true, id: answers[0]!.id })
    for (const { index, receipt } of [answers[0]!, answers[3]!, answers[4]!])
      expect(checkProof({ rules, sha256 }, Buffer.from(receipt as string), TRUST)).toMatchObject({ what: 'entry', index })
    const [bare] = await hub.result<Record<string, unknown>[]>('transaction.submitMany', { notes: [notes[0]] })
    expect(bare).not.toHaveProperty('receipt')
  })

  it('is of at most 500 notes, and of bytes that are base64', async () => {
    const hub = await TestHub.start()
    const note = toBase64(Buffer.from('no note'))
    const many = (count: number) => ({ notes: Array.from({ length: count }, () => note) })
    expect((await hub.call('transaction.submitMany', many(500))).status).toBe(200)
    for (const input of [many(501), many(0), { notes: ['*'] }, { notes: note }, { notes: [note], more: 1 }, {}])
      expect((await hub.call('transaction.submitMany', input)).status).toBe(400)
  })
})

describe('a preview', () => {
  it('tells what a text would do, and changes nothing', async () => {
    const hub = await TestHub.start()
    const text = draft(hub, ADA, 'plan.subscribe', { plan: 'starter', price: '19' })
    const shown = await hub.result<Record<string, unknown>>('transaction.preview', { text })
    expect(shown).toMatchObject({ status: 'preview', type: 'plan.subscribe', balances: { [`wallet:${ADA.account}`]: '81' } })
    expect(shown.summary).toMatch(/starter/)
    expect(await hub.result('account.wallet', { account: ADA.account })).toMatchObject({ spendable: '100' })
    const dear = draft(hub, BOB, 'plan.subscribe', { plan: 'starter', price: '19' })
    expect(await hub.result('transaction.preview', { text: dear })).toMatchObject({ status: 'refused', code: 'exceeds_credits' })
    expect(await hub.result('transaction.preview', { text: 'x' })).toMatchObject({ status: 'refused', code: 'malformed' })
  })

  it('of a closing of the books is for the operator alone, who has signed in: it reads every row', async () => {
    const hub = await TestHub.start()
    const time = '2026-01-01T00:00:10Z'
    const body = { end: time, size: 5, stateRoot: 'a'.repeat(64), accounts: 3, entries: 5, books: {} }
    for (const person of [OPERATOR, ADA]) {
      const text = draft(hub, person, 'period.close', body)
      const { status } = await hub.call('transaction.preview', { text })
      const parsed = await hub.result<{ status?: string }>('transaction.preview', { text }).catch(() => ({ status: 'denied' }))
      expect([status, parsed.status], person.name).toEqual(parsed.status === 'refused' ? [200, 'refused'] : [403, 'denied'])
    }
  })
})

describe('on a private hub', () => {
  it('an account sees what an entry of another’s did to itself, and no more', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const [ada, bob] = [await hub.signIn(ADA), await hub.signIn(BOB)]
    const seen: Page = await hub.result('account.entries', { account: ADA.account }, { token: ada })
    expect(seen.entries.map(({ index }) => index)).toEqual([3, 1])
    // The operator's top-up: the platform's own book is not Ada's.
    expect(seen.entries[0]!.postings).toEqual([{ book: `wallet:${ADA.account}`, amount: '100' }])
    expect(seen.entries[0]!.signer).toBe(OPERATOR.account)
    expect((await hub.call('account.entries', { account: ADA.account }, { token: bob })).status).toBe(403)
    // The whole entry is its signer's.
    expect((await hub.call('log.entry', { index: 3 }, { token: ada })).status).toBe(403)
    expect((await hub.call('log.entry', { index: 1 }, { token: ada })).status).toBe(200)
    expect((await hub.call('log.entry', { index: 1 }, { token: bob })).status).toBe(403)
    expect((await hub.call('log.entry', { index: 99 }, { token: bob })).status).toBe(403)
  })

  it('a preview tells its own balances', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const token = await hub.signIn(OPERATOR)
    const text = draft(hub, OPERATOR, 'credit.topup', { account: ADA.account, amount: '1', provider: 'bank', reference: 'x' })
    const { balances } = await hub.result<{ balances: object }>('transaction.preview', { text }, { token })
    expect(balances).toEqual({})
    expect((await hub.call('transaction.preview', { text }, { token: await hub.signIn(ADA) })).status).toBe(403)
  })
})

/** A client as programs have it; `cut` breaks off what is open, as a network does. */
function client(hub: TestHub, token?: string) {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const open = new Set<AbortController>()
  class Events extends EventSource {
    constructor(url: string | URL) {
      const through = async (input: string | URL, init?: RequestInit) => {
        const line = new AbortController()
        open.add(line)
        const answer = await fetch(input, { ...init, headers: { ...(init?.headers as object), ...headers } })
        const cable = new TransformStream()
        const piped = answer.body!.pipeTo(cable.writable, { signal: line.signal })
        piped.catch(() => {})
        return Object.defineProperty(new Response(cable.readable, answer), 'url', { value: answer.url })
      }
      super(url, { fetch: through as never })
    }
  }
  const url = `${hub.url}/trpc`
  const trpc = createTRPCClient<HubRouter>({
    links: [
      splitLink({
        condition: ({ type }) => type === 'subscription',
        true: httpSubscriptionLink({ url, EventSource: Events as never }),
        false: httpBatchLink({ url, headers, methodOverride: 'POST' }),
      }),
    ],
  })
  const cut = () => {
    for (const line of open) line.abort(new Error('The line was cut.'))
    open.clear()
  }
  return { trpc, cut }
}

describe('what is new', () => {
  it('comes as it happens, and after a cut from where it was, each once', async () => {
    const hub = await TestHub.start()
    const { trpc, cut } = client(hub)
    const seen: number[] = []
    const sizes: number[] = []
    const entries = trpc.log.watch.subscribe({ after: 2 }, { onData: ({ data }) => void seen.push(data.index) })
    const growth = trpc.log.sizes.subscribe({}, { onData: ({ data }) => void sizes.push(data.size) })
    onTestFinished(() => {
      entries.unsubscribe()
      growth.unsubscribe()
    })
    await expect.poll(() => seen).toEqual([3, 4])
    await expect.poll(() => sizes).toEqual([5])
    await hub.submit(hub.test.topup(ADA, '1'))
    await expect.poll(() => seen).toEqual([3, 4, 5])
    cut()
    for (let i = 0; i < 3; i++) await hub.submit(hub.test.topup(ADA, '1'))
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual([3, 4, 5, 6, 7, 8])
    await expect.poll(() => sizes.at(-1), { timeout: 20_000 }).toBe(9)
    expect([...sizes].sort((a, b) => a - b)).toEqual(sizes)
  })

  it('goes on where the last id says, by the word of the standard', async () => {
    const hub = await TestHub.start()
    const aborting = new AbortController()
    onTestFinished(() => aborting.abort())
    const answer = await fetch(`${hub.url}/trpc/log.watch`, { headers: { 'last-event-id': '1' }, signal: aborting.signal })
    expect(answer.headers.get('content-type')).toMatch(/^text\/event-stream/)
    let text = ''
    for await (const part of answer.body!) {
      text += Buffer.from(part).toString('utf8')
      if (/^id: 4$/m.test(text)) break
    }
    expect([...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => id)).toEqual(['2', '3', '4'])
  })

  it('is read once for all who watch, however many', async () => {
    const hub = await TestHub.start()
    const watchers = Array.from({ length: 20 }, () => client(hub))
    const seen = watchers.map(() => [] as number[])
    const open = watchers.map(({ trpc }, i) =>
      trpc.log.watch.subscribe({ after: 3 }, { onData: ({ data }) => void seen[i]!.push(data.index) }),
    )
    onTestFinished(() => {
      for (const one of open) one.unsubscribe()
    })
    await expect.poll(() => seen.every((one) => one.length === 1), { timeout: 20_000 }).toBe(true)
    const notes = Array.from({ length: 150 }, () => toBase64(hub.test.topup(ADA, '0.01')))
    await hub.result('transaction.submitMany', { notes })
    await expect.poll(() => seen.every((one) => one.length === 151), { timeout: 20_000 }).toBe(true)
    for (const one of seen) expect(one).toEqual(Array.from({ length: 151 }, (_, i) => i + 4))
  })

  it('for an account is what concerns it, and ends with the right to see it', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const { trpc } = client(hub, await hub.signIn(ADA))
    const seen: Entry[] = []
    const failures: unknown[] = []
    const open = trpc.log.watch.subscribe(
      { after: 0 },
      { onData: ({ data }) => void seen.push(data as Entry), onError: (error) => void failures.push(error.data) },
    )
    onTestFinished(() => open.unsubscribe())
    await expect.poll(() => seen.map(({ index }) => index)).toEqual([1, 3])
    await hub.submit(hub.test.topup(BOB, '1'))
    await hub.submit(hub.test.topup(ADA, '1'))
    await expect.poll(() => seen.map(({ index }) => index)).toEqual([1, 3, 6])
    expect(JSON.stringify(seen)).not.toContain(`wallet:${BOB.account}`)
    expect(JSON.stringify(seen)).not.toContain('issued')
  })

  it('of another account is not for it', async () => {
    const hub = await TestHub.start({ policy: 'private' })
    const { trpc } = client(hub, await hub.signIn(ADA))
    const failure = await new Promise<unknown>((resolve) => {
      trpc.log.watch.subscribe(
        { account: BOB.account },
        { onData: () => resolve('an entry'), onError: ({ data }) => resolve(data) },
      )
    })
    expect(failure).toMatchObject({ failure: { code: 'denied' } })
  })
})

it('a note that was signed twice over the wire is one entry', async () => {
  const hub = await TestHub.start()
  const text = draft(hub, ADA, 'model.create', { name: 'm', base: 'b', artifact: 'a'.repeat(64), description: 'd' })
  const note = signNote(text, [ADA.signer])
  const answers = await Promise.all(Array.from({ length: 5 }, () => hub.submit(note)))
  expect(new Set(answers.map(({ index }) => index))).toEqual(new Set([5]))
  expect(await hub.result('log.head', undefined)).toMatchObject({ size: 6 })
})
