/** The keys of an account, as the page shows and changes them. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { RIGHTS } from '../../core/api/procedure.ts'
import { consoleRouter } from '../../core/api/router.ts'
import type { KeyView, Outcome, PreviewAccepted } from '../../core/api/views.ts'
import { Vault } from '../../core/drivers/vault.ts'
import type { Market } from '../cli/market.ts'
import { accepted, cli, folder, ok, PASSPHRASE } from '../cli/run.ts'
import { marketCopy, openDesk } from './console.ts'

let market: Market
let bob: string
let caller: ReturnType<typeof consoleRouter.createCaller>

beforeEach(async () => {
  market = await marketCopy()
  bob = market.accounts.Bob!
  const desk = openDesk(market.dir)
  await desk.unlock(PASSPHRASE)
  caller = consoleRouter.createCaller({ host: desk, rights: () => RIGHTS[desk.status] })
})

async function sign(type: string, body: object): Promise<Outcome> {
  const preview = await caller.transaction.preview({ signer: bob, type, body })
  if (preview.status === 'refused') return preview
  return caller.transaction.sign({ text: (preview as PreviewAccepted).text })
}

async function add(label: string, terms: object): Promise<KeyView> {
  const { publicKey } = await caller.keys.make({ account: bob, label })
  expect(await sign('key.add', { publicKey, label, ...terms })).toMatchObject({ status: 'accepted' })
  return (await caller.keys.list({ account: bob })).keys.find((key) => key.label === label)!
}

describe('the keys of an account', () => {
  it('are told with what they may sign, what is used of it, and when they signed last', async () => {
    const { keys, ended, limit, looked } = await caller.keys.list({ account: bob })
    expect(keys).toEqual([
      {
        key: expect.stringMatching(/^[0-9a-f]{8}$/),
        vkey: expect.stringContaining(`${bob}+${keys[0]!.key}+`),
        scopes: ['all'],
        addedAt: expect.any(String),
        isHere: true,
        isLastMaster: true,
        used: { index: expect.any(Number), time: expect.any(String) },
      },
    ])
    expect({ ended, limit, isAll: looked.isAll }).toEqual({ ended: [], limit: 32, isAll: true })
    const { dataset } = market.things
    const terms = { scopes: ['spend'], budget: { amount: '40', per: 'day' }, listings: [dataset] }
    const phone = await add('phone', { ...terms, expires: '2026-06-01T00:00:00Z' })
    expect(phone).toMatchObject({ ...terms, budget: { spent: '0' }, isHere: true, isLastMaster: false })
    expect(phone).not.toHaveProperty('used')
    const body = JSON.stringify({ listing: dataset, terms: 1, price: '25' })
    const bought = await accepted(cli(market.dir, ['tx', 'dataset.purchase', '--as', 'Bob', '--body', body, '--key', 'phone']))
    const page = await caller.keys.list({ account: bob })
    expect(page.keys[1]).toMatchObject({ budget: { spent: '25' }, used: { index: bought.index, time: bought.time } })
    expect(page.names).toEqual({ [dataset!]: 'Contracts, annotated' })
    const topup = ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'later', '--at', '2026-06-01T00:00:00Z']
    await accepted(cli(market.dir, topup))
    const later = await caller.keys.list({ account: bob })
    expect(later.keys.map(({ key }) => key)).toEqual([keys[0]!.key])
    expect(later.ended).toMatchObject([{ key: phone.key, expires: '2026-06-01T00:00:00Z' }])
    expect(later.ended[0]).not.toHaveProperty('revoked')
  })

  it('are revoked, but not the last one that may sign everything', async () => {
    const first = (await caller.keys.list({ account: bob })).keys[0]!
    expect(await sign('key.revoke', { key: first.key, reason: 'lost' })).toMatchObject({ status: 'refused', code: 'last_key' })
    await add('laptop', { scopes: ['all'] })
    const both = await caller.keys.list({ account: bob })
    expect(both.keys.map(({ isLastMaster }) => isLastMaster)).toEqual([false, false])
    expect(await sign('key.revoke', { key: first.key, reason: 'lost' })).toMatchObject({ status: 'accepted' })
    const left = await caller.keys.list({ account: bob })
    expect(left.keys).toMatchObject([{ label: 'laptop', isLastMaster: true }])
    expect(left.ended).toMatchObject([{ key: first.key, revoked: true, isLastMaster: false }])
  })

  it('are made once for a label, as long as the ledger does not have them', async () => {
    const make = (label: string) => caller.keys.make({ account: bob, label })
    const { publicKey } = await make('phone')
    expect(await make('phone')).toEqual({ publicKey })
    expect(await make('tablet')).not.toEqual({ publicKey })
    expect((await caller.keys.list({ account: bob })).keys.length).toBe(1)
    await sign('key.add', { publicKey, label: 'phone', scopes: ['all'] })
    expect(await make('phone')).not.toEqual({ publicKey })
    await expect(make('x\u202e')).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  it('are those of accounts that there are', async () => {
    const nobody = `nim1${'q'.repeat(38)}`
    await expect(caller.keys.list({ account: nobody })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('a backup of keys', () => {
  it('is a file that another machine imports: of one account, or of all there are', async () => {
    await add('phone', { scopes: ['spend'] })
    const labelsIn = async (account?: string) => {
      const file = join(folder(), 'keys.json')
      const { bytes } = await caller.keys.backUp({ passphrase: PASSPHRASE, ...(account && { account }) })
      writeFileSync(file, Buffer.from(bytes, 'base64'))
      return {
        file,
        labels: Vault.openFile(file, PASSPHRASE)
          .all()
          .map(({ label }) => label),
      }
    }
    expect((await labelsIn(bob)).labels).toEqual(['Bob', 'phone'])
    const all = await labelsIn()
    expect(all.labels).toEqual(expect.arrayContaining(['operator', 'sequencer', 'Ada', 'Bob', 'phone']))
    const machine = folder()
    expect(await ok(cli(machine, ['keys', 'import', all.file]))).toMatchObject({ imported: all.labels.length })
  })

  it('takes the passphrase of the keys', async () => {
    await expect(caller.keys.backUp({ passphrase: 'wrong' })).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    const nobody = { passphrase: PASSPHRASE, account: `nim1${'q'.repeat(38)}` }
    await expect(caller.keys.backUp(nobody)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })
})
