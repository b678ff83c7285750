/** One reader for many calls: what each of them sees, and that none is left open. */

import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { SharedReader } from '../../core/bin/shared-reader.ts'

/** A ledger of which nothing is known but how often it has changed. */
function world({ canRenew = true } = {}) {
  const seen = { state: 1, opened: 0, renewed: 0, open: 0, failure: undefined as Error | undefined }
  const look = () => {
    if (seen.failure !== undefined) throw seen.failure
    return seen.state
  }
  const reader = new SharedReader(async () => {
    let shown = look()
    let isOpen = true
    seen.opened += 1
    seen.open += 1
    const renew = async () => {
      shown = look()
      seen.renewed += 1
    }
    const show = () => {
      if (!isOpen) throw new Error('it was closed')
      return shown
    }
    const close = async () => {
      isOpen = false
      seen.open -= 1
    }
    return { show, close, ...(canRenew && { renew }) }
  })
  /** What a call sees that takes so long. */
  const read = (milliseconds = 0) =>
    reader.use(seen.state, async ({ show }) => {
      const first = show()
      await sleep(milliseconds)
      expect(show()).toBe(first)
      return first
    })
  return { seen, reader, read }
}

const allClosed = (seen: { readonly open: number }) => expect.poll(() => seen.open).toBe(0)

describe('a shared reader', () => {
  it('is opened once for all calls that see one state', async () => {
    const { seen, read } = world()
    expect(await Promise.all([read(20), read(), read(10)])).toEqual([1, 1, 1])
    expect(await read()).toBe(1)
    expect(seen).toMatchObject({ opened: 1, renewed: 0, open: 1 })
    await allClosed(seen)
    expect(await read()).toBe(1)
    expect(seen.opened).toBe(2)
    await allClosed(seen)
  })

  it('shows the next state when nobody uses it', async () => {
    const { seen, read } = world()
    for (; seen.state < 6; seen.state++) expect(await read()).toBe(seen.state)
    expect(seen).toMatchObject({ opened: 1, renewed: 4, open: 1 })
    await allClosed(seen)
  })

  it('is left to those who use it, while another one shows the next state', async () => {
    const { seen, read } = world()
    const long = read(50)
    seen.state = 2
    const longer = read(70)
    expect(await read()).toBe(2)
    seen.state = 3
    expect(await read()).toBe(3)
    expect(seen).toMatchObject({ opened: 3, renewed: 0 })
    expect(await Promise.all([long, longer])).toEqual([1, 2])
    seen.state = 4
    expect(await read()).toBe(4)
    expect(seen).toMatchObject({ opened: 3, renewed: 1 })
    await allClosed(seen)
  })

  it('is opened anew for each state where it cannot be renewed', async () => {
    const { seen, read } = world({ canRenew: false })
    for (; seen.state < 4; seen.state++) expect(await read()).toBe(seen.state)
    expect(seen).toMatchObject({ opened: 3, open: 1 })
    await allClosed(seen)
  })

  it('is closed when it is let go of, or when its last user is done', async () => {
    const { seen, reader, read } = world()
    await read()
    reader.retire()
    await allClosed(seen)
    const long = read(20)
    const other = read(5)
    reader.retire()
    expect(await read()).toBe(1)
    expect(await Promise.all([long, other])).toEqual([1, 1])
    expect(seen).toMatchObject({ opened: 3, open: 1 })
    await allClosed(seen)
  })

  it('tells who asked that it could not be renewed, and is opened anew for the next state', async () => {
    const { seen, read } = world()
    await read()
    seen.state = 2
    seen.failure = new Error('the disk failed')
    await expect(read()).rejects.toThrow('the disk failed')
    expect(seen.open).toBe(0)
    seen.state = 3
    await expect(read()).rejects.toThrow('the disk failed')
    seen.state = 4
    seen.failure = undefined
    expect(await read()).toBe(4)
    expect(seen).toMatchObject({ opened: 2, renewed: 0 })
    await allClosed(seen)
  })
})
