/** Read tokens: what is kept of them, who finds them, and from when on they are good no more. */

import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { issueReadToken, listReadTokens, ReadTokens, revokeReadToken } from '../../core/drivers/read-tokens.ts'
import { temporaryFolder } from '../ledger/homes.ts'

const NOON = Date.UTC(2026, 10, 22, 12)
const FORM = /^nim_read_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/

function issue(dir: string, name: string, more: { scope?: 'log' | 'metrics'; expires?: number } = {}) {
  const issued = issueReadToken(dir, { scope: 'log', name, ...more }, NOON)
  if (issued === undefined) throw new Error(`There is a ${name} already.`)
  return issued
}

describe('a read token', () => {
  it('is shown once, and kept as a digest in a file of its owner', () => {
    const dir = temporaryFolder()
    const issued = issue(dir, 'auditor')
    expect(issued.token).toMatch(FORM)
    const file = join(dir, 'access.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const kept = readFileSync(file, 'utf8')
    expect(kept).not.toContain(issued.token.split('_')[3])
    const { token: _token, ...told } = issued
    expect(listReadTokens(dir)).toEqual([told])
    expect(told).toEqual({ id: expect.any(String), name: 'auditor', scope: 'log', created: '2026-11-22T12:00:00Z' })
  })

  it('is found whole, and in no other spelling', () => {
    const dir = temporaryFolder()
    const { token, id } = issue(dir, 'auditor')
    const tokens = new ReadTokens(dir)
    expect(tokens.find(token, NOON)).toMatchObject({ id, name: 'auditor', scope: 'log' })
    const secret = token.slice(-43)
    const others = [
      '',
      'x',
      token.slice(0, -1),
      `${token}A`,
      ` ${token}`,
      token.replace('nim_read', 'nim_own'),
      token.toUpperCase(),
    ]
    others.push(`nim_read_${id}_${secret.startsWith('A') ? 'B' : 'A'}${secret.slice(1)}`, `nim_read_${'0'.repeat(16)}_${secret}`)
    expect(others.filter((other) => tokens.find(other, NOON) !== undefined)).toEqual([])
    // Nor is what is kept of it a token.
    const { digest } = JSON.parse(readFileSync(join(dir, 'access.json'), 'utf8')).tokens[0]
    expect(tokens.find(`nim_read_${id}_${digest.slice(0, 43)}`, NOON)).toBeUndefined()
  })

  it('is for the log or for figures, and may end', () => {
    const dir = temporaryFolder()
    const { token } = issue(dir, 'prometheus', { scope: 'metrics', expires: NOON / 1_000 + 60 })
    const tokens = new ReadTokens(dir)
    expect(tokens.find(token, NOON + 59_999)).toMatchObject({ scope: 'metrics', expires: '2026-11-22T12:01:00Z' })
    expect(tokens.find(token, NOON + 60_000)).toBeUndefined()
  })

  it('has a name of its own, by which it is revoked, or by its id', () => {
    const dir = temporaryFolder()
    const [one, two] = [issue(dir, 'one'), issue(dir, 'two')]
    expect(issueReadToken(dir, { name: 'one', scope: 'metrics' }, NOON)).toBeUndefined()
    const tokens = new ReadTokens(dir)
    expect(revokeReadToken(dir, 'one')).toMatchObject({ id: one.id })
    expect([one, two].map(({ token }) => tokens.find(token, NOON)?.name)).toEqual([undefined, 'two'])
    expect(revokeReadToken(dir, two.id)).toMatchObject({ name: 'two' })
    expect(revokeReadToken(dir, 'two')).toBeUndefined()
    expect(tokens.find(two.token, NOON)).toBeUndefined()
    // The name is free again; what had it before is not good again.
    const again = issue(dir, 'one')
    expect(tokens.find(one.token, NOON)).toBeUndefined()
    expect(tokens.find(again.token, NOON)).toMatchObject({ name: 'one' })
  })

  it('ends with the file, and none is good where it is not what it should be', () => {
    const dir = temporaryFolder()
    const { token } = issue(dir, 'auditor')
    const file = join(dir, 'access.json')
    const sound = readFileSync(file, 'utf8')
    const tokens = new ReadTokens(dir)
    const damaged = [
      '',
      '{',
      '[]',
      '{}',
      sound.replace('"version": 1', '"version": 2'),
      sound.replace('"log"', '"all"'),
      sound.slice(0, -5),
    ]
    damaged.push(sound.replace('"name"', '"more": 1, "name"'), ' '.repeat(2_000_000))
    for (const text of damaged) {
      writeFileSync(file, text)
      expect(() => tokens.find(token, NOON), text.slice(0, 100)).toThrow(expect.objectContaining({ code: 'damaged' }))
      expect(() => issueReadToken(dir, { name: 'new', scope: 'log' }, NOON)).toThrow(expect.objectContaining({ code: 'damaged' }))
    }
    rmSync(file)
    expect(tokens.find(token, NOON)).toBeUndefined()
    writeFileSync(file, sound)
    expect(tokens.find(token, NOON)).toMatchObject({ name: 'auditor' })
  })
})
