/** The door of the console that holds the ledger's lock: other programs' commands are accepted through it, and nothing else. */

import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { connect as connectSocket, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { MAX_NOTE_BYTES } from '../../core/base/limits.ts'
import { DOOR_FILE, noteFrame, openLocalDoor, readAddress } from '../../core/net/local-door.ts'
import { accepted, auditOf, cli, expectFailed, expectRefused, folder, ok, PASSPHRASE, TRACE } from '../cli/run.ts'
import { marketCopy, openDesk } from './console.ts'

async function openMarket() {
  const market = await marketCopy()
  const desk = openDesk(market.dir)
  await desk.unlock(PASSPHRASE)
  return { market, desk, dir: market.dir }
}

const topup = (reference: string) => ['topup', 'Bob', '1', '--provider', 'bank', '--reference', reference]

describe('commands while the console is open', () => {
  it('are accepted through it, and seen by it', async () => {
    const { market, desk, dir } = await openMarket()
    const { size } = await desk.reading(async ({ store }) => ({ size: await store.size() }))
    const first = await accepted(cli(dir, topup('one')))
    expect(first.index).toBe(size)
    const body = JSON.stringify({ listing: market.things.dataset, terms: 1, price: '25' })
    const bought = await accepted(cli(dir, ['tx', 'dataset.purchase', '--as', 'Bob', '--body', body]))
    expect(bought).toMatchObject({ index: size + 1, gross: '25', balances: expect.anything() })
    expectRefused(await cli(dir, ['tx', 'dataset.purchase', '--as', 'Bob', '--body', body]), 'already_owned')
    const account = await ok(cli(dir, ['account', 'new', 'Dora']))
    const { accounts } = await desk.state()
    expect(accounts.find(({ label }) => label === 'Dora')?.account).toBe(account.account)
    // Keys that either of the two made are kept by the other.
    await desk.openAccount('Emil')
    expect((await ok(cli(dir, ['account', 'show', 'Dora']))).account).toBe(account.account)
    await accepted(cli(dir, ['topup', 'Emil', '1', '--provider', 'bank', '--reference', 'Emil']))
    await desk.close()
    expect(await auditOf(dir)).toMatchObject({ ok: true, size: size + 5 })
  })

  it('bill a whole trace, once', async () => {
    const { market, dir } = await openMarket()
    const args = ['usage', 'import', TRACE, '--listing', market.things.listing!, '--payer', 'Bob', '--meter', 'Ada']
    expect(await ok(cli(dir, args))).toMatchObject({ lines: 19_366, charged: 19_366, entries: 20 })
    expect(await ok(cli(dir, args))).toMatchObject({ lines: 19_366, alreadyCharged: 19_366, entries: 0 })
  })

  it('hand in many notes at a time', async () => {
    const { dir } = await openMarket()
    const notes = await Promise.all(
      [1, 2, 3].map(async (number) => {
        const body = JSON.stringify({ name: `m${number}`, base: 'b', artifact: 'a'.repeat(64), description: '' })
        return (await ok(cli(dir, ['tx', 'sign', 'model.create', '--as', 'Ada', '--body', body]))).note
      }),
    )
    const run = await cli(dir, ['tx', 'submit', '-'], { stdin: notes.join('') })
    expect(run.lines.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'accepted'])
    const again = await cli(dir, ['tx', 'submit', '-'], { stdin: notes.join('') })
    expect(again.lines).toMatchObject([{ repeated: true }, { repeated: true }, { repeated: true }])
  })

  it('set a manual clock as they do without it', async () => {
    const { dir } = await openMarket()
    const later = await accepted(cli(dir, [...topup('later'), '--at', '2026-02-01T00:00:00Z']))
    expect(later.time).toBe('2026-02-01T00:00:00.000Z')
    expect((await accepted(cli(dir, topup('now')))).time).toBe('2026-02-01T00:00:00.000Z')
    expectFailed(await cli(dir, [...topup('before'), '--at', '2026-01-20T00:00:00Z']), 'usage')
  })

  it('need the passphrase as ever', async () => {
    const { dir } = await openMarket()
    expectFailed(await cli(dir, topup('one'), { passphrase: 'wrong' }), 'passphrase')
  })

  it('take the lock themselves once the console let go of it, and call again once it is back', async () => {
    const { desk, dir } = await openMarket()
    await desk.lock()
    await accepted(cli(dir, topup('locked')))
    await desk.unlock(PASSPHRASE)
    await accepted(cli(dir, topup('open')))
    await desk.close()
    expect(readAddress(dir)).toBeUndefined()
    await accepted(cli(dir, topup('closed')))
  })

  it('find the door of a folder whose path is too long for a socket', async () => {
    const market = await marketCopy()
    const dir = join(folder(), 'd'.repeat(120), 'ledger')
    mkdirSync(dirname(dir))
    renameSync(market.dir, dir)
    const desk = openDesk(dir)
    await desk.unlock(PASSPHRASE)
    const address = readAddress(dir)!
    expect(address.startsWith(dir)).toBe(false)
    expect(statSync(dirname(address)).mode & 0o077).toBe(0)
    await accepted(cli(dir, topup('far')))
    await desk.close()
    expect(statSync(address, { throwIfNoEntry: false })).toBeUndefined()
  })

  it('are not led astray by a door that nobody is behind', async () => {
    const market = await marketCopy()
    writeFileSync(join(market.dir, DOOR_FILE), join(market.dir, 'door.sock'))
    writeFileSync(join(market.dir, 'door.sock'), '')
    await accepted(cli(market.dir, topup('alone')))
    const desk = openDesk(market.dir)
    await desk.unlock(PASSPHRASE)
    await accepted(cli(market.dir, topup('through')))
  })
})

/** A doorkeeper who knows nothing. */
const SILENT = {
  view: () => Promise.reject(new Error('nothing is known')),
  explain: () => ({ code: 'offline', message: '' }) as const,
}

describe('the door', () => {
  const connected = async (dir: string): Promise<Socket> => {
    const socket = connectSocket(readAddress(dir)!)
    await new Promise((resolve) => socket.once('connect', resolve))
    return socket
  }
  const closing = (socket: Socket) => new Promise<string>((resolve) => socket.once('close', () => resolve('closed')))
  const reading = (socket: Socket) =>
    new Promise<{ status: string; code: string }>((resolve) =>
      socket.once('data', (bytes: Buffer) => resolve(JSON.parse(bytes.subarray(4).toString('utf8')))),
    )

  it('is for its owner alone', async () => {
    const { dir } = await openMarket()
    expect(statSync(readAddress(dir)!).mode & 0o777).toBe(0o600)
    expect(statSync(join(dir, DOOR_FILE)).mode & 0o777).toBe(0o600)
  })

  it('refuses what is no note, and goes on', async () => {
    const { dir } = await openMarket()
    const socket = await connected(dir)
    for (const bytes of ['no note at all', '{}\n\n— x y\n', 'x'.repeat(MAX_NOTE_BYTES)]) {
      socket.write(noteFrame(Buffer.from(bytes), undefined))
      expect(await reading(socket)).toMatchObject({ status: 'refused', code: 'malformed' })
    }
    socket.destroy()
    await accepted(cli(dir, topup('after')))
  })

  it('hangs up on what is too long or has no form', async () => {
    const { dir } = await openMarket()
    const long = await connected(dir)
    long.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 1, 2, 3]))
    expect(await closing(long)).toBe('closed')
    const short = await connected(dir)
    short.write(Buffer.from([0, 0, 0, 2, 1, 2]))
    expect(await reading(short)).toMatchObject({ status: 'failed' })
    short.destroy()
    await accepted(cli(dir, topup('after')))
  })

  it('hangs up on a note that does not arrive in time', async () => {
    const dir = folder()
    const submit = async () => ({ status: 'refused', code: 'stale', message: '', data: {} }) as const
    const door = await openLocalDoor(dir, { ...SILENT, submit }, { frameTimeoutMs: 100 })
    const socket = await connected(dir)
    socket.write(noteFrame(Buffer.from('half'), undefined).subarray(0, 9))
    expect(await closing(socket)).toBe('closed')
    await door.close()
  })

  it('answers whoever waits before it closes', async () => {
    const dir = folder()
    let answer = (_value: unknown) => {}
    const submit = () => new Promise<never>((resolve) => (answer = resolve as never))
    const door = await openLocalDoor(dir, { ...SILENT, submit })
    const socket = await connected(dir)
    socket.write(noteFrame(Buffer.from('a note'), undefined))
    const answered = reading(socket)
    await new Promise((resolve) => setTimeout(resolve, 50))
    const closed = door.close()
    answer({ status: 'refused', code: 'stale', message: '', data: {} })
    expect(await answered).toMatchObject({ code: 'stale' })
    await closed
  })
})
