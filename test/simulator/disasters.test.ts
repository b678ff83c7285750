/** What may befall the machine of a hub, as a whole: an old copy put back, a disk that is full, on either side. */

import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { composeText } from '../../core/domain/envelope.ts'
import { wholeSeconds } from '../../core/domain/time.ts'
import { signNote } from '../../core/log/note.ts'
import { HubClient } from '../../core/net/hub-client.ts'
import { parseHubUrl } from '../../core/net/hub-url.ts'
import type { RemoteAnswer } from '../../core/sync/remote.ts'
import { found } from '../cli/market.ts'
import { auditOf, cli, folder, ok, stateOf } from '../cli/run.ts'
import { MODEL, person } from '../ledger/support.ts'
import { Program } from './processes.ts'
import { freePort } from './scene.ts'

const ORIGIN = 'disasters.example/credits'
const ADA = person('Ada of the disasters')

/** A founded ledger with Ada, whose hub is started and ended by the test, and an address for it. */
class Site {
  readonly dir = join(folder(), 'ledger')
  readonly mirror = join(folder(), 'mirror')
  readonly client: HubClient
  readonly #port: number
  readonly #vkey: string
  #nonce = 0

  private constructor(dir: string, port: number, vkey: string) {
    this.dir = dir
    this.#port = port
    this.#vkey = vkey
    this.client = new HubClient(parseHubUrl(this.url) as URL)
  }

  static async found(): Promise<Site> {
    const dir = join(folder(), 'ledger')
    const { vkey } = await found(dir, ORIGIN)
    return new Site(dir, await freePort(), vkey)
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  hub(options: { readonly maxFileKib?: number } = {}): Program {
    const program = new Program(this.dir, ['hub', '--listen', `127.0.0.1:${this.#port}`, '--log-level', 'silent'], options)
    onTestFinished(async () => {
      if (program.isRunning) await program.kill()
    })
    return program
  }

  sync(options: { readonly maxFileKib?: number } = {}) {
    return cli(this.mirror, ['sync', '--hub', this.url, '--vkey', this.#vkey], options)
  }

  opening(): Uint8Array {
    return this.#sign('account.open', { publicKey: ADA.publicKey, name: 'Ada' })
  }

  /** Notes as long as they may well be. */
  models(count: number): Uint8Array[] {
    const description = 'd'.repeat(2_000)
    return Array.from({ length: count }, (_, i) => this.#sign('model.create', { ...MODEL, name: `m${i}`, description }))
  }

  async accept(notes: readonly Uint8Array[]): Promise<void> {
    expect((await this.client.submit(notes)).map(({ status }) => status)).toEqual(notes.map(() => 'accepted'))
  }

  #sign(type: string, body: object): Uint8Array {
    const nonce = new Uint8Array(16)
    new DataView(nonce.buffer).setUint32(0, this.#nonce++)
    const made = wholeSeconds(Date.now())
    const text = composeText({ type, body: body as never, ledger: ORIGIN, signer: ADA.account, made, nonce })
    return signNote(text, [ADA.signer])
  }
}

test('an old copy of the book signs nothing; with what a mirror has it goes on, and the mirror sees one history', async () => {
  const site = await Site.found()
  const first = site.hub()
  await first.prints(1)
  await site.accept([site.opening(), ...site.models(5)])
  expect(await first.end()).toBe(0)
  const old = join(folder(), 'ledger.db')
  cpSync(join(site.dir, 'ledger.db'), old)

  const second = site.hub()
  await second.prints(1)
  await site.accept(site.models(5))
  await ok(site.sync())
  expect(await second.end()).toBe(0)
  const before = await stateOf(site.dir)

  for (const tail of ['-wal', '-shm']) rmSync(join(site.dir, `ledger.db${tail}`), { force: true })
  cpSync(old, join(site.dir, 'ledger.db'))
  const refused = site.hub()
  expect(await refused.ends()).toBe(3)
  expect(refused.lines.join('')).toContain('damaged')

  await ok(cli(site.dir, ['restore', site.dir, '--from', site.mirror]))
  expect(await stateOf(site.dir)).toEqual(before)
  const third = site.hub()
  await third.prints(1)
  await site.accept(site.models(1))
  expect((await ok(site.sync())).size).toBe(before.size + 1)
  expect(await third.end()).toBe(0)
})

test('a hub whose disk is full loses nothing that it took, says so, and serves on; then it takes the rest', async () => {
  const site = await Site.found()
  const full = site.hub({ maxFileKib: 600 })
  await full.prints(1)
  await site.accept([site.opening()])
  const notes = site.models(400)
  const answers: RemoteAnswer[] = []
  for (let from = 0; from < notes.length; from += 20) {
    const part = await site.client.submit(notes.slice(from, from + 20))
    answers.push(...part)
    if (part.some(({ status }) => status === 'failed')) break
  }
  const failed = answers.find(({ status }) => status === 'failed')
  expect(failed).toMatchObject({ code: 'disk_full' })
  expect((await fetch(`${site.url}/healthz`)).status).toBe(503)
  const served = await fetch(`${site.url}/checkpoint`)
  expect(served.status).toBe(200)
  const taken = Number((await served.text()).split('\n')[1])
  expect(taken).toBeGreaterThan(2)
  await full.kill()

  const roomy = site.hub()
  await roomy.prints(1)
  // What was answered is answered so again, whatever became of the rest.
  const again: RemoteAnswer[] = []
  for (let from = 0; from < notes.length; from += 100) {
    again.push(...(await site.client.submit(notes.slice(from, from + 100))))
  }
  for (const [i, answer] of answers.entries()) {
    if (answer.status === 'accepted') expect(again[i]).toMatchObject({ status: 'accepted', index: answer.index })
  }
  expect(again.every(({ status }) => status === 'accepted')).toBe(true)
  expect(await roomy.end()).toBe(0)
  expect(await auditOf(site.dir)).toMatchObject({ ok: true, size: 2 + notes.length, unsigned: 0, defects: [] })
})

test('a mirror whose disk is full keeps what it has, and goes on when there is room', async () => {
  const site = await Site.found()
  const hub = site.hub()
  await hub.prints(1)
  await site.accept([site.opening()])
  for (let call = 0; call < 6; call++) await site.accept(site.models(100))
  const full = await site.sync({ maxFileKib: 600 })
  expect([full.code, full.json.code]).toEqual([4, 'disk_full'])
  expect((await ok(site.sync())).size).toBe(602)
  expect(await hub.end()).toBe(0)
  expect((await stateOf(site.mirror)).root).toBe((await stateOf(site.dir)).root)
})
