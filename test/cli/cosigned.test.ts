/** Calls that two parties sign, in one place or in two; holds and reserves through the command line. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { MICROS, micros, priceTrace } from './exact-money.ts'
import { foundMarket, type Market, mandateBody, ORIGIN } from './market.ts'
import { accepted, cli, expectFailed, expectRefused, folder, ok, stateOf, TRACE } from './run.ts'

let market: Market
const place = folder()
const file = (name: string) => join(place, name)

const tx = (type: string, signer: string, body: unknown, ...more: string[]) =>
  cli(market.dir, ['tx', type, '--as', signer, '--body', JSON.stringify(body), ...more])

const USAGE = { requests: 3, inputTokens: 374, outputTokens: 44, milliseconds: 0 }
const call = (reference: string) => ({ listing: market.things.listing, terms: 1, usage: USAGE, reference })

/** A folder with no ledger, and of the market's keys this one alone. */
function keyFolder(label: string): string {
  const dir = folder()
  const vault = JSON.parse(readFileSync(join(market.dir, 'keys.json'), 'utf8')) as { keys: { label: string }[] }
  const keys = vault.keys.filter((key) => key.label === label)
  writeFileSync(join(dir, 'keys.json'), JSON.stringify({ ...vault, keys }))
  return dir
}

beforeAll(async () => {
  market = await foundMarket()
})

describe('a call that payer and meter sign', () => {
  it('takes the second signature by --cosign, and shows before what it then does', async () => {
    const { Ada, Bob } = market.accounts
    const previewed = await ok(tx('query.charge', 'Bob', call('req-1'), '--cosign', 'Ada', '--preview'))
    const done = await accepted(tx('query.charge', 'Bob', call('req-1'), '--cosign', 'Ada'))
    expect(done).toMatchObject({ type: 'query.charge', gross: '0.000553', fee: expect.any(String) })
    expect(previewed).toMatchObject({ status: 'preview', postings: done.postings, balances: done.balances, gross: done.gross })
    const signers = [...(done.note as string).matchAll(/^— (\S+) /gm)].map(([, name]) => name)
    expect(signers).toEqual([Bob, Ada])
    expectRefused(await tx('query.charge', 'Bob', call('req-1'), '--cosign', 'operator'), 'reference_used')
  })

  it('refuses a missing second signature, and one of somebody who is no meter', async () => {
    const before = await stateOf(market.dir)
    expectRefused(await tx('query.charge', 'Bob', call('req-2')), 'malformed')
    for (const more of [[], ['--preview']]) {
      expectRefused(await tx('query.charge', 'Bob', call('req-2'), '--cosign', 'Chiara', ...more), 'key_scope')
      expectRefused(await tx('hold.release', 'Ada', { hold: `hld_${'0'.repeat(32)}` }, '--cosign', 'Bob', ...more), 'malformed')
    }
    expect(await ok(tx('query.charge', 'Bob', call('req-2'), '--preview'))).toMatchObject({ gross: '0.000553' })
    expect(await stateOf(market.dir)).toEqual(before)
  })

  it('is signed offline by both at once', async () => {
    const sign = ['tx', 'sign', 'query.charge', '--as', 'Bob', '--cosign', 'Ada', '--body', JSON.stringify(call('req-3'))]
    await ok(cli(market.dir, [...sign, '-o', file('both')]))
    await accepted(cli(market.dir, ['tx', 'submit', file('both')]))
  })

  it('is signed by one party, completed by the other, and submitted by whoever likes', async () => {
    const [payer, meter] = [keyFolder('Bob'), keyFolder('Ada')]
    const offline = ['--ledger', ORIGIN, '--at', '2026-01-02T10:00:00Z']
    const body = JSON.stringify(call('req-4'))
    await ok(cli(payer, ['tx', 'sign', 'query.charge', '--as', 'Bob', '--body', body, ...offline, '-o', file('half')]))
    const half = readFileSync(file('half'), 'utf8')
    const told = await cli(
      payer,
      ['tx', 'sign', 'query.charge', '--as', 'Bob', '--body', body, ...offline, '-o', file('other')],
      {
        plain: true,
      },
    )
    expect(told.stdout).toContain(`nimledger tx sign ${file('other')} --as ACCOUNT`)
    expectRefused(await cli(market.dir, ['tx', 'submit', file('half')]), 'malformed')
    const whole = await ok(cli(meter, ['tx', 'sign', '-', '--as', 'Ada'], { stdin: half }))
    expect((whole.note as string).startsWith(half)).toBe(true)
    await ok(cli(meter, ['tx', 'sign', file('half'), '--as', market.accounts.Ada!, '-o', file('whole')]))
    expect(readFileSync(file('whole'), 'utf8')).toBe(whole.note)
    const done = await accepted(cli(market.dir, ['tx', 'submit', file('whole')]))
    expect(done).toMatchObject({ id: whole.id, note: whole.note })
    // A finished note, and one whose type demands a single signature, take no other.
    expectFailed(await cli(meter, ['tx', 'sign', file('whole'), '--as', 'Ada']), 'usage')
    await ok(
      cli(meter, [
        'tx',
        'sign',
        'hold.release',
        '--as',
        'Ada',
        '--body',
        '{"hold":"hld_00000000000000000000000000000000"}',
        ...offline,
        '-o',
        file('single'),
      ]),
    )
    expectFailed(await cli(meter, ['tx', 'sign', file('single'), '--as', 'Ada']), 'usage')
    const both = ['--as', 'Bob', '--cosign', 'Ada', '--body', '{}', '-o', file('two')]
    expectRefused(await cli(market.dir, ['tx', 'sign', 'plan.cancel', ...both]), 'malformed')
    expect(existsSync(file('two'))).toBe(false)
    // The payer's key is not here, and a file that is not there is no note.
    expectFailed(await cli(meter, ['tx', 'sign', file('half'), '--as', market.accounts.Bob!]), 'usage')
    expectFailed(await cli(meter, ['tx', 'sign', file('nothing'), '--as', 'Ada']), 'usage')
    writeFileSync(file('junk'), 'no note')
    expectRefused(await cli(meter, ['tx', 'sign', file('junk'), '--as', 'Ada']), 'malformed')
  })
})

describe('holds', () => {
  it('are opened, captured in part and released', async () => {
    const open = { listing: market.things.listing, terms: 1, amount: '0.5', expiresAt: '2026-01-02T22:00:00Z' }
    const before = await ok(cli(market.dir, ['balance', 'Bob']))
    const first = await accepted(tx('hold.open', 'Bob', open))
    const second = await accepted(tx('hold.open', 'Bob', open))
    expect(first.created).toMatch(/^hld_[0-9a-f]{32}$/)
    expect(await ok(cli(market.dir, ['balance', 'Bob']))).toMatchObject({ held: '1' })
    const capture = { hold: first.created, usage: USAGE, reference: 'req-5' }
    expect(await accepted(tx('hold.capture', 'Ada', capture))).toMatchObject({ gross: '0.000553' })
    expectRefused(await tx('hold.capture', 'Ada', capture), 'not_open')
    await accepted(tx('hold.release', 'operator', { hold: second.created }))
    const after = await ok(cli(market.dir, ['balance', 'Bob']))
    expect(after).toMatchObject({ held: '0' })
    expect(micros(before.spendable as string) - micros(after.spendable as string)).toBe(553n)
  })
})

describe('an import under a mandate with a reserve', () => {
  it('charges the wallet first and then the reserve, and a second run charges nothing', async () => {
    const trace = readFileSync(TRACE, 'utf8').split('\n', 2_001).join('\n')
    writeFileSync(file('calls.csv'), `${trace}\n`)
    const { lines, gross } = priceTrace(trace)
    const bob = await ok(cli(market.dir, ['balance', 'Bob']))
    // All but half of what the calls cost, and what they cost less half of that in the reserve.
    const spendable = micros(bob.spendable as string)
    const reserve = (gross * 3n) / 4n
    const text = (amount: bigint) => `${amount / MICROS}.${(amount % MICROS).toString().padStart(6, '0')}`.replace(/\.?0+$/, '')
    const aside = spendable - gross / 2n - reserve
    const hold = { listing: market.things.listing, terms: 1, amount: text(aside), expiresAt: '2026-01-02T22:00:00Z' }
    await accepted(tx('hold.open', 'Bob', hold))
    const mandate = { ...mandateBody(market.things.listing!), reserve: text(reserve) }
    const signed = await accepted(tx('usage.mandate', 'Bob', mandate))
    const args = ['usage', 'import', file('calls.csv'), '--listing', market.things.listing!, '--payer', 'Bob', '--meter', 'Ada']
    const imported = await ok(cli(market.dir, args))
    expect(imported).toMatchObject({ lines, charged: lines, alreadyCharged: 0, refused: {}, gross: text(gross) })
    const after = await ok(cli(market.dir, ['balance', 'Bob']))
    expect(after).toMatchObject({ spendable: '0', held: text(aside + reserve - (gross - gross / 2n)) })
    expect(await ok(cli(market.dir, args))).toMatchObject({ charged: 0, alreadyCharged: lines, entries: 0 })
    await accepted(tx('usage.revoke', 'Bob', { mandate: signed.created }))
    expect(await stateOf(market.dir)).toMatchObject({ ok: true })
  })
})
