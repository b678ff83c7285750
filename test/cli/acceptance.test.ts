/** The story that the ledger is for, told through the command line from an empty folder to an audit, in order. */

import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { reading } from '../../core/bin/place.ts'
import { readPlatform } from '../../core/ledger/queries.ts'
import { MICROS, micros, priceTrace, sumOf } from './exact-money.ts'
import { DATASET, FEATURE, LISTING, mandateBody, modelBody, ORIGIN, placeOf, START, sealCheaply } from './market.ts'
import {
  type Answer,
  accepted,
  auditOf,
  cli,
  collect,
  copyOf,
  expectFailed,
  expectOneValue,
  expectRefused,
  folder,
  ok,
  start,
  stateOf,
  TRACE,
} from './run.ts'

const place = folder()
const dir = join(place, 'ledger')
const things: Record<string, string> = {}
const accounts: Record<string, string> = {}
let operator = ''
let vkey = ''

const tx = (type: string, signer: string, body: unknown, ...more: string[]) =>
  cli(dir, ['tx', type, '--as', signer, '--body', JSON.stringify(body), ...more])

const file = (name: string) => join(place, name)

/** Names, sizes and contents of a folder's files; of SQLite's bookkeeping beside a database only that it holds no change. */
function filesOf(path: string): Record<string, string> {
  const names = readdirSync(path).filter((name) => !name.endsWith('-shm') && statSync(join(path, name)).size > 0)
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(path, name)).toString('base64')]))
}

const trace = readFileSync(TRACE, 'utf8')

describe('a ledger from its founding to its audit', () => {
  it('is founded once, with a manual clock', async () => {
    const init = ['init', '--origin', ORIGIN, '--name', 'Test', '--clock', 'manual', '--at', START]
    const founded = await ok(cli(dir, init))
    expect(founded).toMatchObject({ origin: ORIGIN, size: 1 })
    expect(founded.vkey).toMatch(/^test\.example\/credits\+[0-9a-f]{8}\+[A-Za-z0-9+/]+=*$/)
    expect(founded.operator).toMatch(/^nim1[0-9a-z]{38}$/)
    vkey = founded.vkey
    operator = founded.operator as string
    const before = await stateOf(dir)
    expectRefused(await cli(dir, init), 'already_founded')
    expect(await stateOf(dir)).toEqual({ ...before, ok: true })
  })

  it('opens accounts that local names stand for, at times that only go forward', async () => {
    for (const [name, at] of [
      ['Ada', '2026-01-01T01:00:00Z'],
      ['Bob', '2026-01-01T03:00:00+01:00'],
    ] as const) {
      const opened = await ok(cli(dir, ['account', 'new', name, '--at', at]))
      expect(opened).toMatchObject({ name, account: expect.stringMatching(/^nim1[0-9a-z]{38}$/) })
      expect(opened.vkey.startsWith(`${opened.account}+`)).toBe(true)
      accounts[name] = opened.account
    }
    const [shown, listed, early, again] = await Promise.all([
      cli(dir, ['account', 'show', 'Bob']),
      cli(dir, ['account', 'list']),
      cli(dir, ['account', 'new', 'Carl', '--at', '2026-01-01T01:59:59Z']),
      cli(dir, ['account', 'new', 'Ada']),
    ])
    expect(shown.json).toMatchObject({ account: accounts.Bob, name: 'Bob', number: 2, keys: [{ scopes: ['all'] }] })
    expect(shown.json).not.toHaveProperty('plan')
    sealCheaply(dir)
    const list = listed.json as unknown as Answer[]
    expect(list.map((one) => [one.number, one.account])).toEqual([
      [0, operator],
      [1, accounts.Ada],
      [2, accounts.Bob],
    ])
    expectFailed(early, 'usage')
    expectRefused(again, 'exists')
    expect((await auditOf(dir)).size).toBe(3)
  })

  it('credits a payment once, however often its reference comes', async () => {
    const topup = (name: string, amount: string, reference: string) =>
      cli(dir, ['topup', name, amount, '--provider', 'stripe', '--reference', reference])
    const first = await accepted(topup('Ada', '100', 'pi_1'))
    expect(first).toMatchObject({
      index: 3,
      type: 'credit.topup',
      // A manual clock stands still until a command says otherwise.
      time: '2026-01-01T02:00:00.000Z',
      postings: [
        { book: 'issued', amount: '-100' },
        { book: `wallet:${accounts.Ada}`, amount: '100' },
      ],
      balances: { [`wallet:${accounts.Ada}`]: '100' },
    })
    expectRefused(await topup('Ada', '100', 'pi_1'), 'reference_used')
    expectRefused(await topup('Bob', '7', 'pi_1'), 'reference_used')
    await accepted(topup(accounts.Bob!, '250.5', 'pi_2'))
    expect((await ok(cli(dir, ['balance', 'Ada']))).spendable).toBe('100')
  })

  it('answers the very same note with its first outcome', async () => {
    const body = { account: accounts.Ada, amount: '1', provider: 'stripe', reference: 'pi_3' }
    const note = file('topup.note')
    const at = ['--at', '2026-01-01T02:00:00Z']
    await ok(cli(dir, ['tx', 'sign', 'credit.topup', '--as', 'operator', '--body', JSON.stringify(body), '-o', note, ...at]))
    const first = await accepted(cli(dir, ['tx', 'submit', note]))
    expect(first).not.toHaveProperty('repeated')
    expect(first.note).toBe(readFileSync(note, 'utf8'))
    const before = await stateOf(dir)
    // Also past its validUntil, and whatever has happened since.
    const second = await accepted(cli(dir, ['tx', 'submit', note, '--at', '2026-01-05T00:00:00Z']))
    expect(second).toEqual({ ...first, repeated: true })
    expect(await stateOf(dir)).toEqual(before)
  })

  it('deploys three models on Starter and refuses the fourth', async () => {
    expectRefused(await tx('plan.subscribe', 'Ada', { plan: 'starter', price: '18' }), 'price_changed')
    await accepted(tx('plan.subscribe', 'Ada', { plan: 'starter', price: '19' }))
    expectRefused(await tx('plan.subscribe', 'Ada', { plan: 'starter', price: '19' }), 'already_subscribed')
    const models: string[] = []
    for (const name of ['law-7b', 'claims-7b', 'triage-1b', 'fourth-1b']) {
      const { created } = await accepted(tx('model.create', 'Ada', modelBody(name)))
      expect(created).toMatch(/^mdl_[0-9a-f]{32}$/)
      models.push(created)
    }
    for (const model of models.slice(0, 3)) await accepted(tx('model.deploy', 'Ada', { model }))
    expectRefused(await tx('model.deploy', 'Ada', { model: models[3] }), 'plan_limit')
    things.model = models[0]!
    things.fourth = models[3]!
    const shown = await ok(cli(dir, ['account', 'show', 'Ada']))
    expect(shown.plan).toMatchObject({ plan: 'starter', modelLimit: 3 })
  })

  it('sells a subscription, a dataset, a licence and a feature, for 15 % each', async () => {
    const publish = async (body: unknown) => (await accepted(tx('listing.publish', 'Ada', body))).created
    things.listing = await publish({ ...LISTING, model: things.model })
    things.dataset = await publish(DATASET)
    things.feature = await publish({ ...FEATURE, model: things.model })
    const { listing, dataset, feature } = things
    const start = { listing, terms: 1, period: 'month', price: '10' }
    await accepted(cli(dir, ['topup', 'operator', '20', '--provider', 'stripe', '--reference', 'pi_operator']))
    const subscribed = await accepted(tx('subscription.start', 'operator', start))
    expect(subscribed).toMatchObject({ gross: '10', fee: '1.5', takeHome: '8.5', created: expect.stringMatching(/^sub_/) })
    expectRefused(await tx('subscription.start', 'operator', start), 'already_subscribed')
    expectRefused(await tx('subscription.start', 'Ada', start), 'own_listing')
    const bought = await accepted(tx('dataset.purchase', 'Bob', { listing: dataset, terms: 1, price: '25' }))
    expect(bought).toMatchObject({ gross: '25', fee: '3.75', takeHome: '21.25' })
    expectRefused(await tx('dataset.purchase', 'Bob', { listing: dataset, terms: 1, price: '25' }), 'already_owned')
    await accepted(tx('dataset.license', 'Bob', { listing: dataset, terms: 1, licence: 0, price: '9' }))
    await accepted(tx('feature.purchase', 'Bob', { listing: feature, terms: 1, price: '4' }))
    expect((await ok(cli(dir, ['balance', 'Ada']))).earnings).toBe('40.8')
  })

  it('refuses to bill calls without a mandate, and takes one', async () => {
    const { listing } = things
    const bill = ['usage', 'import', TRACE, '--listing', listing!, '--payer', 'Bob', '--meter', 'Ada']
    expectRefused(await cli(dir, bill), 'no_mandate')
    const mandated = await accepted(tx('usage.mandate', 'Bob', mandateBody(listing!)))
    expect(mandated).toMatchObject({ created: expect.stringMatching(/^man_/), postings: [] })
    expect(await ok(cli(dir, ['balance', 'Bob']))).toMatchObject({ spendable: '212.5', held: '0' })
  })

  it('previews what a transaction then does, and changes nothing by it', async () => {
    const body = { account: accounts.Bob, amount: '2.000001', provider: 'stripe', reference: 'pi_4' }
    const twin = copyOf(dir)
    const before = filesOf(twin)
    const args = ['tx', 'credit.topup', '--as', 'operator', '--body', JSON.stringify(body)]
    // Without a passphrase: a preview signs nothing.
    const previewed = await cli(twin, [...args, '--preview'], { passphrase: undefined })
    expectOneValue(previewed)
    expect(previewed.code).toBe(0)
    expect(filesOf(twin)).toEqual(before)
    const { id: _preview, status, ...foreseen } = previewed.json
    expect(status).toBe('preview')
    const { id: _id, status: _status, index: _index, time: _time, note: _note, ...done } = await accepted(cli(dir, args))
    expect(foreseen).toEqual(done)
    const refused = await cli(dir, [...args, '--preview'])
    expectRefused(refused, 'reference_used')
    expect((await cli(dir, args)).json).toEqual(refused.json)
  })

  it('takes a JSON body from standard input', async () => {
    const body = JSON.stringify({ account: accounts.Bob, amount: '1', provider: 'stripe', reference: 'pi_5' }, undefined, 2)
    await accepted(cli(dir, ['tx', 'credit.topup', '--as', operator, '--body', '-'], { stdin: `\n${body}\n` }))
  })

  it('takes several notes in a file and answers one a line, each on its own', async () => {
    const sign = async (name: string, reference: string, at: string) => {
      const body = JSON.stringify({ account: accounts.Bob, amount: '1', provider: 'bank', reference })
      const signed = ['tx', 'sign', 'credit.topup', '--as', 'operator', '--body', body, '--at', at, '-o', file(name)]
      await ok(cli(dir, signed))
      return readFileSync(file(name), 'utf8')
    }
    const at = '2026-01-05T00:00:00Z'
    const [first, second, third] = await Promise.all([sign('n1', 'tr_1', at), sign('n2', 'tr_1', at), sign('n3', 'tr_2', at)])
    writeFileSync(file('notes'), `${first}${second}${third}${first}`)
    const run = await cli(dir, ['tx', 'submit', file('notes'), '--at', at])
    expect(run.code).toBe(1)
    expect(run.lines.map(({ status, code }) => [status, code])).toEqual([
      ['accepted', undefined],
      ['refused', 'reference_used'],
      ['accepted', undefined],
      ['accepted', undefined],
    ])
    expect(run.lines[3]).toEqual({ ...run.lines[0], repeated: true })
    // A remembered refusal stays one, though nothing else stands in its way but time.
    const again = await cli(dir, ['tx', 'submit', '-'], { stdin: second! })
    expect(again.json).toEqual(run.lines[1])
  })

  it('refuses a second signature that no type asks for', async () => {
    const before = await stateOf(dir)
    expectRefused(await tx('model.create', 'Ada', modelBody('other'), '--cosign', 'Bob'), 'malformed')
    expectFailed(await tx('model.create', 'Ada', modelBody('other'), '--cosign', 'Nobody'), 'usage')
    expect(await stateOf(dir)).toEqual(before)
  })
})

describe('billing of 19 366 real calls', () => {
  const { lines, gross } = priceTrace(trace)
  const prefix = trace.split('\n', 7_501).join('\n')
  let before: Answer

  beforeAll(() => {
    writeFileSync(file('conversation.csv'), `${prefix}\n`)
  })

  const bill = (csv: string, ...more: string[]) => {
    const args = ['usage', 'import', csv, '--listing', things.listing!, '--payer', 'Bob', '--meter', 'Ada', ...more]
    return cli(dir, args)
  }

  it('charges what had come by then, and the rest later, and nothing twice', async () => {
    before = await ok(cli(dir, ['balance', 'Ada']))
    const early = priceTrace(prefix)
    const first = await ok(bill(file('conversation.csv'), '--at', '2026-01-05T10:00:00Z'))
    expect(first).toMatchObject({ stream: 'conversation.csv', lines: 7_500, charged: 7_500, alreadyCharged: 0, entries: 8 })
    expect(micros(first.gross as string)).toBe(early.gross)
    // The stream goes by the file's name, wherever the file lies.
    const second = await ok(bill(TRACE))
    expect(second).toMatchObject({ stream: 'conversation.csv', lines, charged: 11_866, alreadyCharged: 7_500, entries: 12 })
    const third = await ok(bill(TRACE))
    const nothing = { charged: 0, alreadyCharged: 19_366, refused: {}, gross: '0', fees: '0', takeHome: '0', entries: 0 }
    expect(third).toEqual({ stream: 'conversation.csv', lines: 19_366, ...nothing })
    const sums = ['gross', 'fees', 'takeHome'].map((name) => sumOf([first[name] as string, second[name] as string]))
    expect(sums).toEqual([gross, (gross * 15n) / 100n, gross - (gross * 15n) / 100n])
    const after = await ok(cli(dir, ['balance', 'Ada']))
    expect(sumOf([after.earnings as string]) - sumOf([before.earnings as string])).toBe(gross - (gross * 15n) / 100n)
  })

  it('goes on after a kill where the ledger says, not where the file began', async () => {
    const twin = copyOf(dir)
    const size = (await stateOf(twin)).size
    const args = ['usage', 'import', TRACE, '--listing', things.listing!, '--payer', 'Bob', '--meter', 'Ada', '--stream', 'cut']
    const child = start(twin, args)
    const ended = collect(child)
    for (let waited = 0; waited < 400; waited++) {
      const now = await reading(placeOf(twin), async (store) => ({
        size: await store.size(),
        platform: await readPlatform(store),
      }))
      if (now.size > size + 2 || child.exitCode !== null) break
      await sleep(10)
    }
    child.kill('SIGTERM')
    await ended
    const cut = (await auditOf(twin)).size - size
    expect(cut).toBeGreaterThan(0)
    const resumed = await ok(cli(twin, args))
    expect(resumed).toMatchObject({ alreadyCharged: Math.min(cut * 1_000, lines), refused: {}, lines })
    const balance = await ok(cli(twin, ['balance', 'Ada']))
    const expected = (2n * gross * 15n) / 100n
    expect(sumOf([balance.earnings as string]) - sumOf([before.earnings as string])).toBe(2n * gross - expected)
    expect((await stateOf(twin)).ok).toBe(true)
  })

  it('stops at another file under the same name', async () => {
    const before = await stateOf(dir)
    const changed = trace.split('\n')
    changed[9_000] = changed[9_000]!.replace(/,(\d+)(\r?)$/, (_, tokens, end) => `,${Number(tokens) + 1}${end}`)
    writeFileSync(file('other.csv'), changed.join('\n'))
    // One after the other: a command waits for the writer before it, and not for ever.
    const other = await bill(file('other.csv'), '--stream', 'conversation.csv')
    expectFailed(other, 'damaged')
    expect(other.json.message).toContain('9000')
    expectFailed(await bill(file('conversation.csv')), 'damaged')
    const nobody = ['usage', 'import', TRACE, '--listing', things.listing!, '--payer', 'operator', '--meter', 'Ada']
    expectRefused(await cli(dir, [...nobody, '--stream', 'new']), 'no_mandate')
    expect(await stateOf(dir)).toEqual(before)
  })
})

describe('what everybody can see and check', () => {
  it('has books that sum to zero', async () => {
    const [whole, byClass] = await Promise.all([ok(cli(dir, ['trial-balance'])), ok(cli(dir, ['trial-balance', '--by-class']))])
    expect(whole.sum).toBe('0')
    expect(sumOf(Object.values(whole.books))).toBe(0n)
    const classes = new Map<string, bigint>()
    for (const [book, amount] of Object.entries(whole.books)) {
      const name = book.includes(':nim1') ? book.split(':')[0]! : book
      classes.set(name, (classes.get(name) ?? 0n) + micros(amount))
    }
    const given = new Map(Object.entries(byClass.books).map(([book, amount]) => [book, micros(amount)]))
    for (const [name, amount] of given) expect(classes.get(name) ?? 0n, name).toBe(amount)
    for (const name of classes.keys()) expect(given.has(name), name).toBe(true)
    // 15 % of all that creators were paid: 48 credits of purchases, and the calls.
    const { gross } = priceTrace(trace)
    expect(given.get('revenue:fees')).toBe(((48n * MICROS + gross) * 15n) / 100n)
    expect(given.get('revenue:plans')).toBe(19n * MICROS)
  })

  it('tells balances that add up from the log', async () => {
    const [bob, log] = await Promise.all([ok(cli(dir, ['balance', 'Bob'])), cli(dir, ['log'])])
    const posted = (book: string) =>
      sumOf(log.lines.flatMap(({ postings }) => postings.filter((one) => one.book === book).map(({ amount }) => amount)))
    expect(micros(bob.paid as string)).toBe(posted(`wallet:${accounts.Bob}`))
    expect(micros(bob.held as string)).toBe(posted(`held:${accounts.Bob}`))
    expect(bob).toMatchObject({ account: accounts.Bob, size: log.lines.length, grants: [], receivable: '0' })
    for (const { postings } of log.lines) expect(sumOf(postings.map(({ amount }) => amount))).toBe(0n)
  })

  it('lists entries by index, number, account and type', async () => {
    const [all, some, ofBob, batches, last, none] = await Promise.all([
      cli(dir, ['log']),
      cli(dir, ['log', '--from', '3', '--limit', '4']),
      cli(dir, ['log', '--account', 'Bob']),
      cli(dir, ['log', '--type', 'usage.batch', '--account', accounts.Ada!, '--limit', '5']),
      cli(dir, ['log', '--from', '45']),
      cli(dir, ['log', '--from', '99999']),
    ])
    for (const run of [all, some, ofBob, batches, last, none]) expect(run.code).toBe(0)
    expect(all.lines.map(({ index }) => index)).toEqual(all.lines.map((_, i) => i))
    expect(some.lines).toEqual(all.lines.slice(3, 7))
    const touching = all.lines.filter(({ signer, postings, created }) => {
      return signer === accounts.Bob || created === accounts.Bob || postings.some(({ book }) => book.endsWith(accounts.Bob!))
    })
    expect(ofBob.lines.map(({ index }) => index)).toEqual(touching.map(({ index }) => index))
    expect(batches.lines).toEqual(all.lines.filter(({ type }) => type === 'usage.batch').slice(0, 5))
    expect(last.lines).toEqual(all.lines.slice(45))
    expect(none.stdout).toBe('')
    const times = all.lines.map(({ time }) => time)
    expect(times).toEqual([...times].sort())
  })

  it('verifies, with the log’s own key or the right one', async () => {
    const [own, right, wrong, foreign, malformed, status] = await Promise.all([
      cli(dir, ['verify']),
      cli('', ['verify', dir, '--vkey', vkey]),
      cli(dir, ['verify', '--vkey', 'test.example/credits+3e80d16a+AccuFiLYBpsS/qkcP8jzpU5idMa697gSz5eX7nRHV8Th']),
      cli(dir, ['verify', '--vkey', vkey.replace('test.', 'best.')]),
      cli(dir, ['verify', '--vkey', `${vkey.slice(0, -2)}AA`]),
      cli(dir, ['status']),
    ])
    expect(own.json).toMatchObject({ ok: true, origin: ORIGIN, vkeySource: 'folder', defects: [] })
    expect(right.json).toMatchObject({ ok: true, vkeySource: 'given', size: own.json.size, root: own.json.root })
    expect([own.code, right.code]).toEqual([0, 0])
    expect(own.json.entries).toBe(own.json.size)
    expect(wrong.code).toBe(3)
    expect(wrong.json).toMatchObject({ ok: false, vkeySource: 'given' })
    expect(wrong.json.defects).toHaveLength(1)
    // A key whose name and hash do not belong together is no key.
    for (const run of [foreign, malformed]) expectFailed(run, 'usage')
    expect(status.code).toBe(0)
    expect(status.json).toMatchObject({ origin: ORIGIN, clock: 'manual', vkey, operator, size: own.json.size })
  })
})
