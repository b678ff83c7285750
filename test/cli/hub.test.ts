/** nimledger hub: what it prints and logs, how it is told things, how it ends. */

import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { toBase64 } from '../../core/base/bytes.ts'
import { type RunningHub, startHub } from './hub-process.ts'
import { found, foundMarket, type Market } from './market.ts'
import { accepted, auditOf, cli, copyOf, expectFailed, folder, ok, PASSPHRASE } from './run.ts'

let market: Promise<Market> | undefined

/** A copy of one market for each test, on a clock that is told its time. */
async function marketCopy(): Promise<Market> {
  market ??= foundMarket()
  const original = await market
  return { ...original, dir: copyOf(original.dir) }
}

/** A new ledger on the system's clock. */
async function newLedger(): Promise<string> {
  const dir = join(folder(), 'ledger')
  await found(dir, 'test.example/credits')
  return dir
}

async function fetchText(url: string): Promise<string> {
  return (await fetch(url)).text()
}

describe('a hub', () => {
  it('prints one line of JSON once it serves, and ends with 0 when it is told to', async () => {
    const { dir, vkey } = await marketCopy()
    const hub = await startHub(dir)
    expect(hub.output.trimEnd().split('\n')).toHaveLength(1)
    expect(hub.facts).toEqual({
      listening: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      origin: 'test.example/credits',
      vkey,
      size: expect.any(Number),
    })
    const checkpoint = await fetchText(`${hub.facts.listening}/checkpoint`)
    expect(checkpoint.split('\n').slice(0, 2)).toEqual(['test.example/credits', String(hub.facts.size)])
    expect(await hub.end()).toBe(0)
    expect(hub.log.map(({ msg }) => msg)).toEqual(['no scheduler', 'serving', 'ending', 'ended'])
    expect(hub.output.trimEnd().split('\n')).toHaveLength(1)
  })

  it('is the one writer: a second one is turned away with 4, and commands go through it', async () => {
    const { dir, accounts } = await marketCopy()
    const hub = await startHub(dir)
    const second = await cli(dir, ['hub', '--listen', '127.0.0.1:0'])
    expectFailed(second, 'locked')
    const topup = ['topup', 'Ada', '5', '--provider', 'bank', '--reference', 'beside', '--at', '2026-01-03T00:00:00Z']
    const { index } = await accepted(cli(dir, topup))
    expect(index).toBe(hub.facts.size)
    const entry = await fetchText(`${hub.facts.listening}/trpc/log.entry?input=${encodeURIComponent(JSON.stringify({ index }))}`)
    expect(entry).toContain(accounts.Ada)
    expect(await hub.end()).toBe(0)
    expect((await auditOf(dir)).defects).toEqual([])
  })

  it('takes an address that is free, and says so of one that is not', async () => {
    const { dir } = await marketCopy()
    const hub = await startHub(dir)
    const other = (await marketCopy()).dir
    const port = new URL(hub.facts.listening).port
    expectFailed(await cli(other, ['hub', '--listen', `127.0.0.1:${port}`]), 'busy')
    // And it let go of what it had taken already.
    expect(existsSync(join(other, 'door'))).toBe(false)
    await ok(cli(other, ['status']))
  })

  it('wants the passphrase, and a ledger', async () => {
    const { dir } = await marketCopy()
    expectFailed(await cli(dir, ['hub'], { passphrase: 'wrong' }), 'passphrase')
    expectFailed(await cli(dir, ['hub'], { passphrase: undefined }), 'passphrase')
    expectFailed(await cli(join(folder(), 'none'), ['hub']), 'usage')
  })
})

describe('its end', () => {
  it('comes although somebody watches, and somebody keeps a connection', async () => {
    const { dir } = await marketCopy()
    const hub = await startHub(dir)
    const { port } = new URL(hub.facts.listening)
    const watchers = ['log.watch', 'log.sizes', 'log.sizes'].map(
      (procedure) =>
        new Promise<void>((resolve) => {
          const path = `/trpc/${procedure}?input=%7B%7D`
          const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
            response.once('data', () => resolve())
            response.on('error', () => {})
          })
          request.on('error', () => {})
        }),
    )
    await Promise.all(watchers)
    const started = performance.now()
    expect(await hub.end()).toBe(0)
    expect(performance.now() - started).toBeLessThan(10_000)
  })

  it('loses nothing that was answered: notes under way are answered, or were not taken', async () => {
    const dir = await newLedger()
    const hub = await startHub(dir, ['--notes-per-second', '0', '--requests-per-second', '0'])
    const notes = join(folder(), 'notes')
    await ok(cli(dir, ['account', 'new', 'Ada']))
    const made: string[] = []
    for (let i = 0; i < 3; i++) {
      const file = `${notes}${i}`
      const body = JSON.stringify({ account: await accountOf(dir, 'Ada'), amount: '1', provider: 'bank', reference: `note ${i}` })
      await ok(cli(dir, ['tx', 'sign', 'credit.topup', '--as', 'operator', '--body', body, '-o', file]))
      made.push(toBase64(readFileSync(file)))
    }
    const url = `${hub.facts.listening}/trpc/transaction.submitMany`
    const answers: { status: string; index: number }[] = []
    const sending = (async () => {
      for (;;) {
        const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ notes: made }) }
        const answer = await fetch(url, request).catch(() => undefined)
        if (answer?.status !== 200) return
        const { result } = (await answer.json()) as { result: { data: { status: string; index: number }[] } }
        answers.push(...result.data)
      }
    })()
    await expect.poll(() => answers.length).toBeGreaterThan(10)
    expect(await hub.end()).toBe(0)
    await sending
    expect(new Set(answers.map(({ status, index }) => `${status} ${index}`))).toEqual(
      new Set(['accepted 2', 'accepted 3', 'accepted 4']),
    )
    const report = await auditOf(dir)
    expect([report.ok, report.size]).toEqual([true, 5])
  })

  it('comes by SIGINT as well', async () => {
    const { dir } = await marketCopy()
    expect(await (await startHub(dir)).end('SIGINT')).toBe(0)
  })
})

async function accountOf(dir: string, name: string): Promise<string> {
  return (await ok(cli(dir, ['account', 'show', name]))).account
}

describe('settings', () => {
  it('come from flags, else from the environment, else from the file, else by default', async () => {
    const { dir } = await marketCopy()
    const config = join(folder(), 'hub.json')
    writeFileSync(config, JSON.stringify({ logLevel: 'silent', access: 'private', listen: '127.0.0.1:1' }))
    const hub = await startHub(dir, ['--config', config], { NIMLEDGER_HUB_LOG_LEVEL: 'debug' })
    expect((await fetch(`${hub.facts.listening}/checkpoint`)).status).toBe(401)
    await expect.poll(() => hub.log.map(({ msg }) => msg)).toContain('answered')
    await hub.end()
    const open = await startHub(dir, ['--config', config, '--access', 'public'])
    expect((await fetch(`${open.facts.listening}/checkpoint`)).status).toBe(200)
    expect(open.errors).toBe('')
    await open.end()
  })

  it('that are wrong end it with 2', async () => {
    const { dir } = await marketCopy()
    const run = await cli(dir, ['hub', '--access', 'open'])
    expectFailed(run, 'usage')
    expect(run.json.message).toBe('--access must be one of "public", "private".')
  })

  it('are read again on SIGHUP; a file that is wrong by then changes nothing', async () => {
    const { dir } = await marketCopy()
    const config = join(folder(), 'hub.json')
    const write = (settings: object) => writeFileSync(config, JSON.stringify(settings))
    write({ access: 'public' })
    const hub = await startHub(dir, ['--config', config])
    const status = async () => (await fetch(`${hub.facts.listening}/checkpoint`)).status
    expect(await status()).toBe(200)
    write({ access: 'private', connections: 5 })
    hub.signal('SIGHUP')
    await expect.poll(status).toBe(401)
    expect(hub.log).toContainEqual(expect.objectContaining({ level: 'warn', settings: ['connections'] }))
    write({ access: 'secret' })
    hub.signal('SIGHUP')
    await expect
      .poll(() => hub.log.at(-1))
      .toMatchObject({ level: 'error', reason: expect.stringContaining('access must be one of') })
    expect(await status()).toBe(401)
    const metrics = await fetch(`${hub.facts.listening}/metrics`)
    expect(metrics.status).toBe(401)
    expect(await hub.end()).toBe(0)
  })
})

describe('the log file', () => {
  it('is begun anew on SIGHUP, once something has moved it away', async () => {
    const { dir } = await marketCopy()
    const file = join(folder(), 'hub.log')
    const hub = await startHub(dir, ['--log-file', file])
    expect(hub.errors).toBe('')
    renameSync(file, `${file}.1`)
    hub.signal('SIGHUP')
    await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8')).toContain('settings read again')
    expect(readFileSync(`${file}.1`, 'utf8')).toContain('serving')
    expect(await hub.end()).toBe(0)
    expect(readFileSync(file, 'utf8')).toContain('ended')
  })

  it('says what was asked, and nothing secret', async () => {
    const { dir } = await marketCopy()
    const hub = await startHub(dir, ['--log-level', 'debug'])
    const secret = 'x'.repeat(43)
    const headers = { authorization: `Bearer ${secret}`, cookie: `a=${secret}` }
    await fetch(`${hub.facts.listening}/checkpoint?token=${secret}`, { headers })
    await fetch(`${hub.facts.listening}/trpc/log.range?input=${secret}`, { headers })
    await hub.end()
    expect(hub.log.filter(({ msg }) => msg === 'answered').map(({ path }) => path)).toEqual(['/checkpoint', '/trpc/log.range'])
    for (const word of [secret, PASSPHRASE, 'Bearer']) expect(hub.errors).not.toContain(word)
  })
})

describe('the scheduler', () => {
  it('runs beside it, and says when it did; or not at all', async () => {
    const dir = await newLedger()
    const ran = async ({ facts }: RunningHub) => {
      const text = await fetchText(`${facts.listening}/metrics`)
      return Number(/^nimledger_schedule_last_success_timestamp_seconds (\S+)$/m.exec(text)?.[1])
    }
    const hub = await startHub(dir)
    await expect.poll(() => ran(hub)).toBeGreaterThan(1_700_000_000)
    expect(await hub.end()).toBe(0)
    const off = await startHub(dir, ['--schedule', 'off'])
    expect(await ran(off)).toBe(0)
    expect(await off.end()).toBe(0)
  })
})

describe('a new key of the sequencer', () => {
  it('is taken by a hub that runs, on SIGHUP; then the log may be given it', async () => {
    const dir = await newLedger()
    const hub = await startHub(dir)
    const { publicKey } = (await ok(cli(dir, ['keys', 'add', 'sequencer']))) as unknown as { publicKey: string }
    const rotate = ['tx', 'sequencer.rotate', '--as', 'operator', '--body', JSON.stringify({ sequencerKey: publicKey })]
    const early = await cli(dir, rotate)
    expect(early).toMatchObject({ code: 2, json: { code: 'usage', message: expect.stringContaining('SIGHUP') } })
    // Nothing became of it, so nothing is left to be asked about.
    expect(readdirSync(dir).filter((name) => name.startsWith('unanswered'))).toEqual([])
    hub.signal('SIGHUP')
    await expect.poll(() => hub.log.map(({ msg }) => msg)).toContain('the ledger takes notes again')
    const rotated = await cli(dir, rotate)
    expect(rotated.json).toMatchObject({ status: 'accepted' })
    const checkpoint = await fetchText(`${hub.facts.listening}/checkpoint`)
    // The key before signs beside it for a while.
    expect(checkpoint.match(/^— test\.example\/credits /gm)).toHaveLength(2)
    expect(await hub.end()).toBe(0)
    expect((await auditOf(dir)).ok).toBe(true)
  })
})

it('a hub that is killed leaves nothing to mend', async () => {
  const dir = await newLedger()
  const hub = await startHub(dir)
  await ok(cli(dir, ['account', 'new', 'Ada']))
  await hub.end('SIGKILL')
  await ok(cli(dir, ['account', 'new', 'Bob']))
  // Sockets cannot be copied, so one that is left would keep the folder from being copied.
  expect(readdirSync(dir).filter((name) => name.startsWith('door'))).toEqual([])
  const again = await startHub(dir)
  expect(again.facts.size).toBe(3)
  expect(await again.end()).toBe(0)
})
