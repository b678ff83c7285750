import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toHex, utf8 } from '../../core/base/bytes.ts'
import type { Account } from '../../core/domain/state.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { Heads } from '../../core/ledger/heads.ts'
import { Frontier, leafHash } from '../../core/log/merkle.ts'

/** An account as far as its head depends on it. */
function account(number: number, entries: number): Account {
  return { number, entries } as Account
}

function leafOf(entry: number): Uint8Array {
  return leafHash(sha256, utf8(`entry ${entry}`))
}

describe('the trees over the entries of each account', () => {
  test('have the roots that a tree of each account by itself has', () => {
    const touched = fc.uniqueArray(fc.nat(7), { maxLength: 4 })
    fc.assert(
      fc.property(fc.array(touched, { maxLength: 80 }), (entries) => {
        const heads = new Heads(sha256)
        const trees = new Map<number, Frontier>()
        entries.forEach((numbers, entry) => {
          // An account is opened by an entry, so none has a higher number than the entry.
          const known = numbers.filter((number) => number <= entry)
          heads.add(leafOf(entry), known)
          for (const number of known) {
            const tree = trees.get(number) ?? new Frontier(sha256)
            tree.append(leafOf(entry))
            trees.set(number, tree)
          }
        })
        for (const [number, tree] of trees) expect(toHex(heads.of(account(number, tree.size)))).toBe(toHex(tree.root()))
      }),
    )
  })

  test('are of as many entries as the account counts', () => {
    const heads = new Heads(sha256)
    heads.add(leafOf(0), [0])
    expect(() => heads.of(account(0, 2))).toThrow('were all counted')
    expect(() => heads.of(account(1, 0))).toThrow('were all counted')
    expect(() => heads.add(leafOf(1), [2])).toThrow('opens one account at most')
  })
})
