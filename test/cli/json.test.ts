/**
 * The JSON that scripts rely on: exactly these names, one value on stdout (or one a line), and the exit code that belongs
 * to it.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, it } from 'vitest'
import { openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import { foundMarket, type Market, modelBody } from './market.ts'
import {
  copyOf,
  expectFailed,
  expectNoStack,
  expectOneValue,
  expectRefused,
  folder,
  type Run,
  type RunOptions,
  cli as run,
  TRACE,
} from './run.ts'

let market: Market
let dir: string
const files = folder()

beforeAll(async () => {
  market = await foundMarket()
  dir = market.dir
})

/** Every command in a process of its own, as scripts start it. */
const cli = (target: string, args: readonly string[], options: RunOptions = {}) =>
  run(target, args, { ...options, isAlone: true })

/** The names of one answer: those it must have, and those that it may. */
function expectNames(value: unknown, required: readonly string[], optional: readonly string[] = []): void {
  const names = Object.keys(value as object)
  expect(
    required.filter((name) => !names.includes(name)),
    'missing',
  ).toEqual([])
  expect(
    names.filter((name) => !required.includes(name) && !optional.includes(name)),
    'too many',
  ).toEqual([])
}

/** One value, with the exit code of what was done. */
async function done(run: Promise<Run>): Promise<Record<string, unknown>> {
  const ended = await run
  expectOneValue(ended)
  expect(ended.code, ended.stdout).toBe(0)
  expect(ended.stderr).toBe('')
  return ended.json
}

const tx = (target: string, type: string, signer: string, body: unknown, ...more: string[]) =>
  cli(target, ['tx', type, '--as', signer, '--body', JSON.stringify(body), ...more])
const topup = (target: string, reference: string) =>
  cli(target, ['topup', 'Bob', '3', '--provider', 'bank', '--reference', reference])

const ACCEPTED = ['status', 'id', 'index', 'time', 'type', 'postings', 'balances', 'note']
const MONEY = ['gross', 'fee', 'takeHome']

it('init, account new', async () => {
  const target = join(folder(), 'ledger')
  const founded = await done(cli(target, ['init']))
  expectNames(founded, ['origin', 'vkey', 'operator', 'size'])
  expect(founded.size).toBe(1)
  expectNames(await done(cli(target, ['account', 'new', 'Ada'])), ['account', 'name', 'vkey'])
})

it('tx and topup, accepted, previewed and refused', async () => {
  const twin = copyOf(dir)
  const { dataset } = market.things
  const credited = await done(topup(twin, 'json'))
  expectNames(credited, ACCEPTED)
  expect(credited.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  for (const posting of credited.postings as object[]) expectNames(posting, ['book', 'amount'])
  expect(Object.keys(credited.balances as object)).toEqual([`wallet:${market.accounts.Bob}`])
  const buy = { listing: dataset, terms: 1, price: '25' }
  const previewed = await done(tx(twin, 'dataset.purchase', 'Bob', buy, '--preview'))
  expectNames(previewed, ['status', 'id', 'type', 'postings', 'balances', ...MONEY, 'created'])
  const bought = await done(tx(twin, 'dataset.purchase', 'Bob', buy))
  expectNames(bought, [...ACCEPTED, ...MONEY, 'created'])
  const model = await done(tx(twin, 'model.create', 'Ada', modelBody('json')))
  expectNames(model, [...ACCEPTED, 'created'])
  const refused = await tx(twin, 'dataset.purchase', 'Bob', buy)
  expectRefused(refused, 'already_owned')
  expectNames(refused.json, ['status', 'code', 'message', 'data'])
})

it('usage import', async () => {
  const args = ['usage', 'import', TRACE, '--listing', market.things.listing!, '--payer', 'Bob', '--meter', 'Ada']
  const imported = await done(cli(copyOf(dir), args))
  expectNames(imported, ['stream', 'lines', 'charged', 'alreadyCharged', 'refused', 'gross', 'fees', 'takeHome', 'entries'])
  const refused = Object.values(imported.refused as Record<string, number>).reduce((sum, count) => sum + count, 0)
  expect((imported.charged as number) + (imported.alreadyCharged as number) + refused).toBe(imported.lines)
})

it('balance, trial-balance, account show and list', async () => {
  const [balance, whole, byClass, shown, listed] = await Promise.all([
    done(cli(dir, ['balance', 'Bob'])),
    done(cli(dir, ['trial-balance'])),
    done(cli(dir, ['trial-balance', '--by-class'])),
    done(cli(dir, ['account', 'show', 'Ada'])),
    cli(dir, ['account', 'list']),
  ])
  const amounts = ['spendable', 'paid', 'grants', 'held', 'earnings', 'earningsAvailable', 'payable', 'receivable']
  expectNames(balance, ['account', 'size', 'time', ...amounts])
  for (const one of [whole, byClass]) {
    expectNames(one, ['size', 'time', 'books', 'sum'])
    expect(one.sum).toBe('0')
  }
  const accountBooks = ['wallet', 'held', 'earnings', 'payable', 'receivable']
  expectNames(byClass.books, ['issued', 'promotions', ...accountBooks, 'revenue:fees', 'revenue:plans', 'redeemed'])
  expectNames(shown, ['account', 'name', 'vkey', 'keys', 'number', 'plan'], ['frozen'])
  expectOneValue(listed)
  expect(listed.json).toHaveLength(4)
})

it('log, a value a line', async () => {
  const run = await cli(dir, ['log'])
  expect(run.code).toBe(0)
  expect(run.lines).toHaveLength(22)
  for (const line of run.lines) {
    expectNames(
      line,
      ['index', 'time', 'type', 'signer', 'id', 'summary', 'postings'],
      ['gross', 'fee', 'takeHome', 'created', 'lines'],
    )
  }
  const sold = run.lines.find(({ type }) => type === 'dataset.purchase')!
  expect(sold).toMatchObject({ gross: '25', fee: '3.75' })
})

it('verify, sound and damaged; export; status', async () => {
  const verified = [
    'ok',
    'origin',
    'vkeySource',
    'size',
    'root',
    'entries',
    'signatures',
    'seconds',
    'entriesPerSecond',
    'defects',
  ]
  const [sound, wrong, tiles, lines, status] = await Promise.all([
    done(cli(dir, ['verify'])),
    cli(dir, ['verify', '--vkey', 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW']),
    done(cli(dir, ['export', 'tiles', join(files, 'tiles')])),
    done(cli(dir, ['export', 'jsonl', join(files, 'lines')])),
    done(cli(dir, ['status'])),
  ])
  expectNames(sound, verified, ['vkey', 'unsigned'])
  expectNames(wrong.json, verified, ['vkey', 'unsigned'])
  expect(wrong.code).toBe(3)
  expectNoStack(wrong)
  for (const defect of wrong.json.defects) expectNames(defect, ['what', 'message'], ['index', 'table', 'key'])
  for (const exported of [tiles, lines]) expectNames(exported, ['target', 'files', 'entries'])
  expect(status).toMatchObject({ dir, size: 22, vkey: market.vkey })
})

it('tx sign to a file, and to standard output', async () => {
  const body = JSON.stringify(modelBody('offline'))
  const args = ['tx', 'sign', 'model.create', '--as', 'Ada', '--body', body]
  const [toFile, toOutput, plain] = await Promise.all([
    done(cli(dir, [...args, '-o', join(files, 'note')])),
    cli(dir, args),
    cli(dir, args, { plain: true }),
  ])
  expect(toFile.file).toBe(join(files, 'note'))
  // Without --json the note itself; with it a JSON value, as everywhere.
  expect(plain.stdout.split('\n')).toHaveLength(4)
  expectOneValue(toOutput)
})

it('a preview of what is signed, and no other: tx submit and tx sign have none, and do nothing', async () => {
  const twin = copyOf(dir)
  const body = JSON.stringify(modelBody('previewed'))
  const shown = await cli(twin, ['tx', 'model.create', '--as', 'Ada', '--body', body, '--preview'], { plain: true })
  expect(shown.stdout.split('\n').slice(0, 2)).toEqual([
    'preview  model.create',
    expect.stringMatching(/^ {2}Creates .*previewed/),
  ])
  const note = join(files, 'previewed')
  await done(cli(twin, ['tx', 'sign', 'model.create', '--as', 'Ada', '--body', body, '-o', note]))
  const before = await cli(twin, ['status'])
  for (const args of [
    ['tx', 'submit', note, '--preview'],
    ['tx', '--preview', 'submit', note],
    ['tx', 'submit', note, '--as', 'Ada'],
    ['tx', 'sign', 'model.create', '--as', 'Ada', '--body', body, '--preview'],
  ])
    expectFailed(await cli(twin, args), 'usage')
  expect((await cli(twin, ['status'])).stdout).toBe(before.stdout)
  const help = await cli('', ['tx', 'submit', '--help'], { plain: true })
  expect(help.stdout).not.toContain('--preview')
  expect(help.stdout.match(/--at /g)).toHaveLength(1)
})

it('a note signed where the clock is manual can be submitted there', async () => {
  const twin = copyOf(dir)
  const note = join(files, 'manual')
  await done(cli(twin, ['tx', 'sign', 'model.create', '--as', 'Ada', '--body', JSON.stringify(modelBody('manual')), '-o', note]))
  expect((await cli(twin, ['tx', 'submit', note])).json).toMatchObject({ status: 'accepted' })
  expect(readFileSync(note, 'utf8')).toContain('"made":"2026-01-02T10:00:00Z"')
})

it('every exit code, with its error', async () => {
  const locked = copyOf(dir)
  const damaged = copyOf(dir)
  const writer = await openSqliteWriter(locked)
  try {
    const [zero, one, two, passphrase, four] = await Promise.all([
      cli(dir, ['status']),
      topup(dir, 'Bob'),
      cli(dir, ['balance', 'Nobody']),
      cli(dir, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'x'], { passphrase: 'wrong' }),
      topup(locked, 'x'),
    ])
    expect(zero.code).toBe(0)
    expectRefused(one, 'reference_used')
    expectFailed(two, 'usage')
    expectFailed(passphrase, 'passphrase')
    expectFailed(four, 'locked')
    const foreign = join(files, 'foreign')
    await cli(dir, ['export', 'jsonl', foreign])
    const three = await cli(damaged, ['verify', '--old', foreign])
    expect([three.code, three.json.ok]).toEqual([3, false])
  } finally {
    await writer.close()
  }
})

it('without --json no JSON, and errors on the other stream', async () => {
  const [help, balance, usage, refused] = await Promise.all([
    cli('', ['--help'], { plain: true }),
    cli(dir, ['balance', 'Bob'], { plain: true }),
    cli(dir, ['balance', 'Nobody'], { plain: true }),
    cli(dir, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'Bob'], { plain: true }),
  ])
  expect([help.code, balance.code, usage.code, refused.code]).toEqual([0, 0, 2, 1])
  for (const command of ['init', 'tx', 'verify', 'sync', 'hub', 'witness', 'console', 'bench']) {
    expect(help.stdout).toContain(`\n  ${command} `)
  }
  expect(balance.stdout).toContain('spendable')
  expect(usage.stdout).toBe('')
  expect(usage.stderr).toContain('Nobody')
  expect(refused.stdout + refused.stderr).toContain('reference_used')
  for (const run of [help, balance, usage, refused]) expectNoStack(run)
})
