/** The recovery sheet, and keys that come back: what is handed out for the passphrase, what is remembered, what is taken. */

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { RIGHTS } from '../../core/api/procedure.ts'
import { consoleRouter } from '../../core/api/router.ts'
import type { ConsoleDesk } from '../../core/bin/console/console-desk.ts'
import { Vault, vaultPath } from '../../core/drivers/vault.ts'
import type { Market } from '../cli/market.ts'
import { accepted, auditOf, cli, folder, ok, PASSPHRASE } from '../cli/run.ts'
import { MirroredMarket } from '../console/mirror.ts'
import { marketCopy, openDesk } from './console.ts'

const NEW = 'another one for here'

let market: Market
let bob: string
let desk: ConsoleDesk
let caller: ReturnType<typeof callerOf>

const callerOf = (of: ConsoleDesk) => consoleRouter.createCaller({ host: of, rights: () => RIGHTS[of.status] })

beforeEach(async () => {
  market = await marketCopy()
  bob = market.accounts.Bob!
  desk = openDesk(market.dir)
  await desk.unlock(PASSPHRASE)
  caller = callerOf(desk)
})

const sheetOf = (account: string) => caller.keys.sheet({ account, passphrase: PASSPHRASE })
const stateOf = async (account: string) => (await caller.desk.state()).accounts.find((one) => one.account === account)?.sheet

describe('a recovery sheet', () => {
  it('has what brings the account back, for the passphrase alone', async () => {
    const sheet = await sheetOf(bob)
    expect(sheet).toMatchObject({ account: bob, name: 'Bob', origin: 'test.example/credits', ledger: 'Test', vkey: market.vkey })
    expect(sheet).not.toHaveProperty('hub')
    expect(sheet.keys).toEqual([{ what: 'account', key: expect.stringMatching(/^[0-9a-f]{8}$/), words: expect.any(Array) }])
    expect(sheet.keys[0]!.words).toHaveLength(24)
    await expect(caller.keys.sheet({ account: bob, passphrase: 'wrong' })).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    const nobody = `nim1${'q'.repeat(38)}`
    await expect(sheetOf(nobody)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await caller.desk.lock()
    await expect(sheetOf(bob)).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  it("of the operator's has the key of the log, too; any has the keys that may sign everything, and no others", async () => {
    const { keys } = await sheetOf(market.operator)
    expect(keys.map(({ what }) => what)).toEqual(['account', 'log'])
    await ok(cli(market.dir, ['keys', 'add', 'Bob', '--label', 'meter', '--scope', 'meter']))
    await ok(cli(market.dir, ['keys', 'add', 'Bob', '--label', 'laptop', '--scope', 'all']))
    expect((await sheetOf(bob)).keys.map(({ label }) => label)).toEqual([undefined, 'laptop'])
    await accepted(
      cli(market.dir, ['keys', 'revoke', 'Bob', (await sheetOf(bob)).keys[0]!.key, '--reason', 'old', '--key', 'laptop']),
    )
    expect((await sheetOf(bob)).keys.map(({ label }) => label)).toEqual(['laptop'])
  })

  it('is due once a key was made, and asked for until it is kept; the folder remembers', async () => {
    expect(await stateOf(bob)).toBe('missing')
    const { created } = (await caller.desk.openAccount({ name: 'Dora' })) as { created: string }
    expect(await stateOf(created)).toBe('due')
    await caller.keys.markSheet({ account: created, as: 'missing' })
    expect(await stateOf(created)).toBe('missing')
    await caller.keys.markSheet({ account: created, as: 'kept' })
    expect(await stateOf(created)).toBe('kept')
    await desk.close()
    desk = openDesk(market.dir)
    await desk.unlock(PASSPHRASE)
    caller = callerOf(desk)
    expect(await stateOf(created)).toBe('kept')
    // Another key that may sign everything is on no sheet yet.
    await ok(cli(market.dir, ['keys', 'add', 'Dora', '--label', 'laptop', '--scope', 'all']))
    expect(await stateOf(created)).toBe('missing')
    // The marks are a memory: without them, or where they are damaged, people are asked once more.
    writeFileSync(join(market.dir, 'recovery.json'), '{"version":1,"due":"all"}')
    expect(await stateOf(created)).toBe('missing')
    await caller.keys.markSheet({ account: created, as: 'kept' })
    expect(await stateOf(created)).toBe('kept')
    expect(await caller.desk.openAccount({ name: 'x\u202e' })).toMatchObject({ status: 'refused' })
    expect((await caller.desk.state()).accounts.map(({ sheet }) => sheet)).not.toContain('due')
  })

  it('of a mirror names its hub', async () => {
    const mirrored = await MirroredMarket.start()
    const own = openDesk(mirrored.dir)
    await own.unlock(PASSPHRASE)
    const [one] = (await own.state()).accounts
    const sheet = await callerOf(own).keys.sheet({ account: one!.account, passphrase: PASSPHRASE })
    expect(sheet.hub).toBe(mirrored.url)
  })
})

describe('keys that are lost', () => {
  const wordsOf = async (...accounts: string[]) => {
    const sheets = await Promise.all(accounts.map(sheetOf))
    return sheets.flatMap(({ keys }) => keys.map(({ words }) => words.join(' '))).join('\n')
  }

  it('come back from words while the folder has none, under a new passphrase, and sign', async () => {
    const words = await wordsOf(market.operator, bob)
    await desk.close()
    rmSync(vaultPath(market.dir))
    desk = openDesk(market.dir)
    caller = callerOf(desk)
    const bring = (source: { words: string }) => caller.desk.bringKeys({ source, passphrase: NEW })
    await expect(bring({ words: words.split(' ').slice(1).join(' ') })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    // The log is written here: without its key nothing would open.
    const withoutLog = words.split('\n').filter((_line, at) => at !== 1)
    await expect(bring({ words: withoutLog.join('\n') })).rejects.toThrow('the key that signs it is not among these')
    expect(existsSync(vaultPath(market.dir))).toBe(false)
    const state = await bring({ words })
    expect(state).toMatchObject({ status: 'open', hasKeys: true })
    expect(state.accounts.map(({ label, sheet }) => [label, sheet])).toEqual([
      ['operator', 'kept'],
      ['Bob', 'kept'],
    ])
    expect(Vault.open(market.dir, NEW).all()).toHaveLength(3)
    const topup = ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'again']
    await accepted(cli(market.dir, topup, { passphrase: NEW }))
    expect(await auditOf(market.dir)).toMatchObject({ ok: true })
  })

  it('come back from a file of keys, and beside others that are unlocked', async () => {
    const file = join(folder(), 'keys')
    await ok(cli(market.dir, ['keys', 'export', file], { env: { NIMLEDGER_FILE_PASSPHRASE: 'of the file' } }))
    const source = { file: readFileSync(file, 'utf8'), passphrase: 'of the file' }
    expect(await caller.keys.bring(source)).toEqual({ imported: 0, alreadyHere: 5, names: [] })
    await expect(caller.keys.bring({ ...source, passphrase: 'wrong' })).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
    await expect(caller.keys.bring({ ...source, file: '{}' })).rejects.toThrow('The file is not a vault')
    const words = await wordsOf(bob)
    Vault.open(market.dir, PASSPHRASE).remove(Vault.open(market.dir, PASSPHRASE).key('Bob')!.publicKey)
    expect((await caller.desk.state()).accounts.map(({ label }) => label)).not.toContain('Bob')
    expect(await caller.keys.bring({ words })).toEqual({ imported: 1, alreadyHere: 0, names: ['Bob'] })
    expect(await stateOf(bob)).toBe('kept')
  })

  it('under a name that is another account here are told apart', async () => {
    const words = await wordsOf(bob)
    const vault = Vault.open(market.dir, PASSPHRASE)
    vault.remove(vault.key('Bob')!.publicKey)
    await caller.desk.openAccount({ name: 'Bob' })
    expect(await caller.keys.bring({ words })).toMatchObject({ imported: 1, names: [`Bob ${bob.slice(-6)}`] })
    const added = (await ok(cli(market.dir, ['keys', 'add', `Bob ${bob.slice(-6)}`, '--label', 'laptop', '--scope', 'all'])))
      .key as string
    const laptop = (await sheetOf(bob)).keys.find(({ key }) => key === added)!
    const entry = Vault.open(market.dir, PASSPHRASE)
      .all()
      .find(({ label }) => label === 'laptop')!
    vault.remove(entry.pair.publicKey)
    expect(await caller.keys.bring({ words: laptop.words.join(' ') })).toMatchObject({ imported: 1, names: ['laptop'] })
    expect((await caller.keys.list({ account: bob })).keys.map(({ isHere }) => isHere)).toEqual([true, true])
  })

  it('of no account of this ledger are not taken', async () => {
    const words = `${'abandon '.repeat(23)}art`
    await expect(caller.keys.bring({ words })).rejects.toThrow('a key that this ledger does not know')
  })

  it('come back with a backup that was made without them', async () => {
    const words = await wordsOf(market.operator)
    const backup = join(folder(), 'without.backup')
    await ok(cli(market.dir, ['backup', backup]))
    const restored = openDesk(join(folder(), 'ledger'))
    const keys = (of: string) => ({ source: { words: of }, passphrase: NEW })
    // What is wrong with the words is said before anything is made.
    await expect(callerOf(restored).desk.restore({ file: backup, keys: keys(`${words} zoo`) })).rejects.toThrow('these are 49')
    expect(restored.status).toBe('empty')
    const state = await callerOf(restored).desk.restore({ file: backup, keys: keys(words) })
    expect(state).toMatchObject({ status: 'open', accounts: [{ label: 'operator', sheet: 'kept' }] })
  })
})
