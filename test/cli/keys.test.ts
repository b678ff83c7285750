/** keys add and revoke, what each key may sign by the command line, and the sequencer's next key. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { publicKeyHex } from '../../core/bin/desk.ts'
import { newKeyPair } from '../../core/bin/founding.ts'
import { foundMarket, type Market, modelBody, ORIGIN } from './market.ts'
import { type Answer, accepted, cli, copyOf, expectFailed, expectRefused, folder, ok, stateOf } from './run.ts'

let market: Market
let dir: string

beforeAll(async () => {
  market = await foundMarket()
})

const tx = (type: string, signer: string, body: unknown, ...more: string[]) =>
  cli(dir, ['tx', type, '--as', signer, '--body', JSON.stringify(body), ...more])
const add = (...more: string[]) => cli(dir, ['keys', 'add', ...more])
const buy = () => ({ listing: market.things.dataset, terms: 1, price: '25' })
const license = () => ({ listing: market.things.dataset, terms: 1, licence: 0, price: '9' })

interface KeyShown {
  readonly key: string
  readonly label?: string
  readonly budget?: { readonly spent: string }
}

async function keysOf(account: string): Promise<KeyShown[]> {
  return (await ok(cli(dir, ['account', 'show', account]))).keys as KeyShown[]
}

/** The key id in the first signature line of a note. */
function keyIdOf(answer: Answer): string {
  const line = /^— \S+ (\S+)$/m.exec(answer.note)![1]!
  return Buffer.from(line, 'base64').subarray(0, 4).toString('hex')
}

const vaultLabels = () =>
  (JSON.parse(readFileSync(join(dir, 'keys.json'), 'utf8')) as { keys: { label: string }[] }).keys.map(({ label }) => label)

describe('keys of an account', () => {
  beforeAll(() => {
    dir = copyOf(market.dir)
  })

  it('are made here, with their limits, and shown with what is left of them', async () => {
    const { dataset } = market.things
    const limits = ['--budget', '40/day', '--listing', dataset!, '--expires', '2026-06-01T00:00:00Z']
    const phone = await ok(add('Bob', '--label', 'phone', '--scope', 'spend', 'meter', ...limits))
    expect(phone).toEqual({
      account: market.accounts.Bob,
      key: expect.stringMatching(/^[0-9a-f]{8}$/),
      label: 'phone',
      vkey: expect.stringContaining(`${market.accounts.Bob}+${phone.key}+`),
      scopes: ['spend', 'meter'],
      budget: { amount: '40', per: 'day' },
      listings: [dataset],
      expires: '2026-06-01T00:00:00Z',
      index: 22,
    })
    const bought = await accepted(tx('dataset.purchase', 'Bob', buy(), '--key', 'phone'))
    expect(keyIdOf(bought)).toBe(phone.key)
    expect((await keysOf('Bob')).find(({ key }) => key === phone.key)).toEqual({
      key: phone.key,
      label: 'phone',
      scopes: ['spend', 'meter'],
      budget: { amount: '40', per: 'day', spent: '25' },
      listings: [dataset],
      expires: '2026-06-01T00:00:00Z',
      vkey: phone.vkey,
      isHere: true,
    })
    // Within 40 a day: 25 and 9 are, another 9 is not. By its id it is the same key.
    await accepted(tx('dataset.license', 'Bob', license(), '--key', phone.key as string))
    const over = await tx('dataset.license', 'Bob', license(), '--key', 'phone')
    expectRefused(over, 'exceeds_budget')
    expect(over.json.data).toEqual({ key: phone.key, needed: '9', left: '6', per: 'day' })
    expectRefused(await tx('dataset.license', 'Bob', license(), '--key', 'phone', '--preview'), 'exceeds_budget')
    await ok(tx('dataset.license', 'Bob', license(), '--preview'))
    expectRefused(await tx('model.create', 'Bob', modelBody('m'), '--key', 'phone'), 'key_scope')
    const feature = { listing: market.things.feature, terms: 1, price: '4' }
    expectRefused(await tx('feature.purchase', 'Bob', feature, '--key', 'phone'), 'key_scope')
    // The next day begins with nothing spent, and in June the key has expired.
    await accepted(tx('dataset.license', 'Bob', license(), '--key', 'phone', '--at', '2026-01-03T00:00:00Z'))
    expect((await keysOf('Bob')).find(({ key }) => key === phone.key)?.budget?.spent).toBe('9')
    const late = ['--preview', '--at', '2026-06-01T00:00:00Z']
    expectRefused(await tx('dataset.license', 'Bob', license(), '--key', 'phone', ...late), 'key_scope')
    expect((await cli(dir, ['account', 'show', 'Bob'], { plain: true })).stdout).toMatch(
      /phone +spend, meter +9 of 40 credits spent this day; for lst_\S+; until 2026-06-01T00:00:00Z; on this machine/,
    )
  })

  it('that may sign everything sign where none is named', async () => {
    const [first] = await keysOf('Bob')
    expect(keyIdOf(await accepted(tx('model.create', 'Bob', modelBody('one'))))).toBe(first!.key)
    const desk = await ok(add('Bob', '--label', 'desk', '--scope', 'all'))
    await accepted(cli(dir, ['keys', 'revoke', 'Bob', first!.key, '--reason', 'retired', '--key', 'desk']))
    expect(keyIdOf(await accepted(tx('model.create', 'Bob', modelBody('two'))))).toBe(desk.key)
    // The local name stays the account's, whichever of its keys signs.
    expect((await ok(cli(dir, ['balance', 'Bob']))).account).toBe(market.accounts.Bob)
    expectRefused(await tx('model.create', 'Bob', modelBody('three'), '--key', first!.key), 'bad_signature')
    expectRefused(await cli(dir, ['keys', 'revoke', 'Bob', 'desk', '--reason', 'r']), 'last_key')
    const twice = await cli(dir, ['keys', 'revoke', 'Bob', first!.key, '--reason', 'r'])
    expectRefused(twice, 'unknown_key')
    expect(await keysOf('Bob')).toContainEqual(expect.objectContaining({ key: first!.key, revoked: true }))
  })

  it('are revoked by label or id', async () => {
    await ok(add('Ada', '--label', 'tablet'))
    expect((await keysOf('Ada')).map((key) => [key.label, (key as { scopes?: unknown }).scopes])).toContainEqual([
      'tablet',
      ['spend'],
    ])
    await accepted(cli(dir, ['keys', 'revoke', 'Ada', 'tablet', '--reason', 'lost on the train']))
    expectRefused(await tx('dataset.purchase', 'Ada', buy(), '--key', 'tablet'), 'bad_signature')
    // The label given again means the key that may sign, for a preview and for another end, too.
    const anew = await ok(add('Ada', '--label', 'tablet'))
    for (const more of [[], ['--preview']])
      expectRefused(await tx('dataset.purchase', 'Ada', buy(), '--key', 'tablet', ...more), 'own_listing')
    await accepted(cli(dir, ['keys', 'revoke', 'Ada', 'tablet', '--reason', 'r']))
    expect(await keysOf('Ada')).toContainEqual(expect.objectContaining({ key: anew.key, revoked: true }))
    for (let i = 0; i < 2; i++) await ok(add('Ada', '--label', 'tablet'))
    expectFailed(await tx('dataset.purchase', 'Ada', buy(), '--key', 'tablet'), 'usage')
    expectFailed(await cli(dir, ['keys', 'revoke', 'Ada', 'tablet', '--reason', 'r']), 'usage')
    expectFailed(await cli(dir, ['keys', 'revoke', 'Ada', 'nothing', '--reason', 'r']), 'usage')
    expectFailed(await cli(dir, ['keys', 'revoke', 'Ada', 'tablet']), 'usage')
  })

  it('that the ledger refuses are not kept', async () => {
    const before = vaultLabels()
    expectRefused(await add('Ada', '--label', 'x', '--scope', 'meter', '--budget', '1/day'), 'malformed')
    expectRefused(await add('Ada', '--label', ' x'), 'malformed')
    expectRefused(await add('Ada', '--label', 'x', '--budget', '0/day'), 'malformed')
    await accepted(tx('account.freeze', 'operator', { account: market.accounts.Chiara, reason: 'r' }))
    expectRefused(await add('Chiara', '--label', 'x'), 'frozen')
    await accepted(tx('account.unfreeze', 'operator', { account: market.accounts.Chiara, reason: 'r' }))
    expect(vaultLabels()).toEqual(before)
  })

  it.each([
    [['Ada']],
    [['Ada', '--label', 'x', '--budget', '5']],
    [['Ada', '--label', 'x', '--budget', '5/week']],
    [['Ada', '--label', 'x', '--scope', 'fly']],
    [['Ada', '--label', 'x', '--expires', 'tomorrow']],
    [['Ada', '--label', 'x', '--key', 'none']],
    [['nobody', '--label', 'x']],
    [[]],
  ])('keys add %j is wrong usage', async (args) => {
    const before = await stateOf(dir)
    expectFailed(await add(...args), 'usage')
    expect(await stateOf(dir)).toEqual(before)
  })

  it('that was made by a command which was cut off is used by the next one', async () => {
    const vault = join(dir, 'keys.json')
    const [ledger, sealed] = [copyOf(dir), readFileSync(vault, 'utf8')]
    const made = await ok(add('Ada', '--label', 'gateway', '--scope', 'meter'))
    // As if the power had failed between the vault and the ledger.
    const kept = readFileSync(vault, 'utf8')
    dir = ledger
    expect(kept).not.toBe(sealed)
    writeFileSync(join(dir, 'keys.json'), kept)
    expect((await ok(add('Ada', '--label', 'gateway', '--scope', 'meter'))).key).toBe(made.key)
    expect(vaultLabels().filter((label) => label === 'gateway')).toHaveLength(1)
  })

  it('that is here alone signs, though it may not sign everything', async () => {
    const shown = await ok(add('Bob', '--label', 'lone', '--scope', 'spend'))
    const vault = JSON.parse(readFileSync(join(dir, 'keys.json'), 'utf8')) as { keys: { label: string }[] }
    const others = ['operator', 'sequencer', 'lone']
    const keys = vault.keys.filter(({ label }) => others.includes(label))
    writeFileSync(join(dir, 'keys.json'), JSON.stringify({ ...vault, keys }))
    expect(keyIdOf(await accepted(tx('dataset.license', market.accounts.Bob!, license())))).toBe(shown.key)
    expectFailed(await tx('dataset.license', 'Bob', license()), 'usage')
  })
})

describe("the sequencer's next key", () => {
  beforeAll(() => {
    dir = copyOf(market.dir)
  })

  const verify = (vkey: string, target = dir) => cli(dir, ['verify', target, '--vkey', vkey])

  it('is made before it is put into service, and one that is not here is not', async () => {
    const next = await ok(add('sequencer'))
    expect(next).toEqual({ publicKey: expect.stringMatching(/^[0-9a-f]{64}$/), vkey: expect.stringContaining(`${ORIGIN}+`) })
    // Until it is in service it is the same one.
    expect(await ok(add('sequencer'))).toEqual(next)
    const before = await stateOf(dir)
    const foreign = await tx('sequencer.rotate', 'operator', { sequencerKey: publicKeyHex(newKeyPair()) })
    expectFailed(foreign, 'usage')
    expect(foreign.json.message).toContain('keys add sequencer')
    expect(await stateOf(dir)).toEqual(before)
    // Nothing became of it, so nothing is left to be asked about.
    expect(readdirSync(dir).filter((name) => name.startsWith('unanswered'))).toEqual([])
    expectFailed(await cli(dir, ['balance', 'sequencer']), 'usage')
  })

  it('signs from the rotation on, and the old one besides for 30 days', async () => {
    const next = await ok(add('sequencer'))
    const rotated = await accepted(tx('sequencer.rotate', 'operator', { sequencerKey: next.publicKey }))
    expect((await ok(cli(dir, ['status']))).vkey).toBe(next.vkey)
    expect(await ok(verify(next.vkey))).toMatchObject({ ok: true, vkey: next.vkey })
    const rotation = { vkey: next.vkey, until: '2026-02-01T10:00:00Z' }
    expect(await ok(verify(market.vkey))).toMatchObject({ ok: true, vkey: market.vkey, rotation })
    expect((await cli(dir, ['verify', '--vkey', market.vkey], { plain: true })).stdout).toContain(next.vkey)
    const tiles = join(folder(), 'tiles')
    await ok(cli(dir, ['export', 'tiles', tiles]))
    expect(await ok(verify(market.vkey, tiles))).toMatchObject({ ok: true, rotation })

    await accepted(tx('model.create', 'Ada', modelBody('later'), '--at', '2026-02-01T10:00:00.250Z'))
    const old = await verify(market.vkey)
    expect(old.code).toBe(3)
    expect(old.json.defects).toMatchObject([{ index: rotated.index, what: 'rotated_key' }])
    expect((await cli(dir, ['verify', '--vkey', market.vkey], { plain: true })).stdout).toMatch(
      new RegExp(`^UNTRUSTED\\n +entry ${rotated.index}: rotated_key: .* replaced in entry ${rotated.index}`),
    )
    await ok(cli(dir, ['export', 'tiles', tiles]))
    expect((await verify(market.vkey, tiles)).json.defects).toMatchObject([{ what: 'rotated_key' }])
    expect(await ok(verify(next.vkey, tiles))).toMatchObject({ ok: true })
    expect((await ok(verify(next.vkey))).rotation).toBeUndefined()
    // The one after it is another.
    expect((await ok(add('sequencer'))).publicKey).not.toBe(next.publicKey)
  })

  it('without which nobody writes', async () => {
    const vault = JSON.parse(readFileSync(join(dir, 'keys.json'), 'utf8')) as { keys: { label: string }[] }
    const sequencers = vault.keys.filter(({ label }) => label === 'sequencer')
    const others = vault.keys.filter(({ label }) => label !== 'sequencer')
    writeFileSync(join(dir, 'keys.json'), JSON.stringify({ ...vault, keys: [...others, sequencers[0]] }))
    expectFailed(await tx('model.create', 'Ada', modelBody('none')), 'usage')
    writeFileSync(join(dir, 'keys.json'), JSON.stringify({ ...vault, keys: [...others, sequencers[1]] }))
    await accepted(tx('model.create', 'Ada', modelBody('again')))
  })
})
