/** The desk behind the console: its states, and what leads from one to the other. */

import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { DeskEvent } from '../../core/api/views.ts'
import type { Keychain } from '../../core/bin/console/console-desk.ts'
import { auditOf, folder, PASSPHRASE } from '../cli/run.ts'
import { marketCopy, openDesk } from './console.ts'

async function heard(desk: ReturnType<typeof openDesk>, work: () => Promise<unknown>): Promise<DeskEvent[]> {
  const ending = new AbortController()
  const events: DeskEvent[] = []
  const listening = (async () => {
    for await (const event of desk.watch(ending.signal)) events.push(event)
  })()
  await work()
  ending.abort()
  await listening
  return events
}

describe('an empty folder', () => {
  it('becomes the demonstration, billed, open and verified', async () => {
    const dir = join(folder(), 'ledger')
    const desk = openDesk(dir)
    expect(await desk.state()).toMatchObject({ status: 'empty', accounts: [] })
    const events = await heard(desk, () => desk.tryDemo())
    expect(events.filter(({ what }) => what === 'state').map((event) => 'status' in event && event.status)).toEqual([
      'founding',
      'open',
    ])
    expect(events.filter(({ what }) => what === 'progress').at(-1)).toMatchObject({ done: 19_366, total: 19_366 })
    const state = await desk.state()
    expect(state).toMatchObject({ status: 'open', isDemo: true, ledger: { clock: 'manual' } })
    expect(state.accounts.map(({ label, role }) => [label, role])).toEqual([
      ['operator', 'operator'],
      ['Ada', 'creator'],
      ['Bob', 'user'],
      ['Chiara', 'user'],
      ['Dora', 'creator'],
      ['Emil', 'user'],
    ])
    await desk.close()
    expect(await auditOf(dir)).toMatchObject({ ok: true })
    // Its passphrase is known, so it opens by itself.
    const again = openDesk(dir)
    await again.unlockAlone()
    expect(again.status).toBe('open')
  })

  it('becomes a ledger of its own under a passphrase', async () => {
    const dir = folder()
    const desk = openDesk(dir, { lockAfterMinutes: 15 })
    expect(await desk.found({ name: 'no\u202ename', passphrase: PASSPHRASE })).toMatchObject({
      status: 'refused',
      code: 'malformed',
    })
    expect(desk.status).toBe('empty')
    expect(await desk.found({ name: 'Mine', origin: 'mine.example/credits', passphrase: PASSPHRASE })).toBeUndefined()
    expect(await desk.state()).toMatchObject({
      status: 'open',
      isDemo: false,
      ledger: { origin: 'mine.example/credits', size: 1 },
    })
    await expect(desk.tryDemo()).rejects.toThrow('made here already')
    await desk.close()
    const again = openDesk(dir)
    await again.unlockAlone()
    expect(again.status).toBe('locked')
    expect(await again.state()).toMatchObject({ isDemo: false })
  })

  it('is made into one ledger only, however often it is asked for at once', async () => {
    const desk = openDesk(folder())
    const founding = { name: 'Mine', passphrase: PASSPHRASE }
    const results = await Promise.allSettled([desk.found(founding), desk.found(founding), desk.tryDemo()])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
  })

  it('is left as it was where it holds something else', async () => {
    const dir = folder()
    writeFileSync(join(dir, 'diary.txt'), 'mine')
    const desk = openDesk(dir)
    await expect(desk.tryDemo()).rejects.toThrow('holds something else')
    expect(readdirSync(dir)).toEqual(['diary.txt'])
    expect(desk.status).toBe('empty')
  })
})

describe('a ledger', () => {
  it('is locked when nobody was there for a while, and not before', async () => {
    const { dir } = await marketCopy()
    const desk = openDesk(dir, { lockAfterMinutes: 15 })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      await desk.unlock(PASSPHRASE)
      vi.advanceTimersByTime(14 * 60_000)
      desk.touch()
      vi.advanceTimersByTime(14 * 60_000)
      expect(desk.status).toBe('open')
      vi.advanceTimersByTime(60_000)
      expect(desk.status).toBe('locked')
    } finally {
      vi.useRealTimers()
    }
    await expect(desk.reading(async () => {})).rejects.toThrow('locked')
  })

  it('opens once, however often it is unlocked at once', async () => {
    const { dir } = await marketCopy()
    const desk = openDesk(dir)
    await Promise.all([desk.unlock(PASSPHRASE), desk.unlock(PASSPHRASE), desk.unlock(PASSPHRASE)])
    expect(desk.status).toBe('open')
  })

  it('keeps a note that was not answered, as commands do', async () => {
    const { dir, accounts } = await marketCopy()
    const desk = openDesk(dir)
    await desk.unlock(PASSPHRASE)
    const body = { name: 'm', base: 'b', artifact: 'a'.repeat(64), description: '' }
    const text = await desk.compose({ signer: accounts.Ada!, type: 'model.create', body })
    expect(await desk.sign(text, [accounts.Ada!])).toMatchObject({ status: 'accepted' })
    expect(readdirSync(dir).filter((name) => name.startsWith('unanswered'))).toEqual([])
  })

  it('founded by another program meanwhile is found', async () => {
    const { dir } = await marketCopy()
    const empty = join(folder(), 'later')
    const desk = openDesk(empty)
    mkdirSync(empty)
    for (const name of readdirSync(dir)) writeFileSync(join(empty, name), '')
    expect(existsSync(join(empty, 'ledger.db'))).toBe(true)
    await desk.state().catch(() => {})
    expect(desk.status).toBe('locked')
  })
})

describe('a keychain', () => {
  it('opens the ledger at the next start, until the passphrase is taken away', async () => {
    const { dir } = await marketCopy()
    let kept: string | undefined
    const keychain: Keychain = {
      recall: async () => kept,
      keep: async (passphrase) => {
        kept = passphrase
      },
      forget: async () => {
        kept = undefined
      },
    }
    const desk = openDesk(dir, { keychain })
    await desk.unlock(PASSPHRASE)
    await desk.remember(PASSPHRASE)
    expect(await desk.state()).toMatchObject({ canRemember: true })
    await desk.close()
    const again = openDesk(dir, { keychain })
    await again.unlockAlone()
    expect(again.status).toBe('open')
    await again.remember(undefined)
    await again.close()
    kept = kept ?? 'another passphrase'
    const third = openDesk(dir, { keychain })
    await third.unlockAlone()
    expect(third.status).toBe('locked')
  })
})
