import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../../core/base/bytes.ts'
import { MAX_NOTE_BYTES } from '../../core/base/limits.ts'
import { Malformed } from '../../core/base/malformed.ts'
import {
  type AddCheckpoint,
  continuationFault,
  formatAddCheckpoint,
  MAX_ADD_CHECKPOINT_BYTES,
  parseAddCheckpoint,
} from '../../core/log/add-checkpoint.ts'
import { base64, expectInvariantError, leafHashes, NaiveTree, sha256, text, wellFormed } from './support.ts'

/** The specification's example. */
const EXAMPLE = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`
const HASH = 'PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw='

describe('requests', () => {
  test('the specification example is read and written byte for byte', () => {
    const request = wellFormed(parseAddCheckpoint(utf8(EXAMPLE)))
    expect(request.oldSize).toBe(20_852_014)
    expect(request.proof).toHaveLength(4)
    expect(request.proof[0]).toEqual(base64(HASH))
    expect(text(request.checkpoint)).toMatch(/^example\.com\/behind-the-sofa\n20852163\n/)
    expect(text(formatAddCheckpoint(request))).toBe(EXAMPLE)
  })

  test('what is written is read', () => {
    const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })
    const any = fc.record<AddCheckpoint>({
      oldSize: fc.maxSafeNat(),
      proof: fc.array(hash, { maxLength: 63 }),
      checkpoint: fc.uint8Array({ maxLength: 200 }),
    })
    fc.assert(
      fc.property(any, (one) => {
        expect(parseAddCheckpoint(formatAddCheckpoint(one))).toEqual(one)
      }),
    )
  })

  test.each<[string, string]>([
    ['nothing', ''],
    ['no empty line', 'old 0\n'],
    ['an empty line alone', '\n\n'],
    ['no old size', `${HASH}\n\nx\n`],
    ['another word', 'new 0\n\nx\n'],
    ['two spaces', 'old  0\n\nx\n'],
    ['no number', 'old \n\nx\n'],
    ['a leading zero', 'old 01\n\nx\n'],
    ['a sign', 'old +1\n\nx\n'],
    ['a negative size', 'old -1\n\nx\n'],
    ['a size of 2^53', 'old 9007199254740992\n\nx\n'],
    ['a carriage return', 'old 0\r\n\nx\n'],
    ['a hash of 31 bytes', `old 1\n${'A'.repeat(42)}==\n\nx\n`],
    ['a hash with a space', `old 1\n${HASH} \n\nx\n`],
    ['a hash without padding', `old 1\n${HASH.slice(0, -1)}\n\nx\n`],
    ['64 hashes', `old 1\n${`${HASH}\n`.repeat(64)}\nx\n`],
  ])('with %s are refused', (_, body) => {
    expect(parseAddCheckpoint(utf8(body))).toBeInstanceOf(Malformed)
  })

  test('63 hashes and the longest note fit, and nothing longer', () => {
    const proof = Array.from({ length: 63 }, () => base64(HASH))
    const longest = { oldSize: Number.MAX_SAFE_INTEGER, proof, checkpoint: new Uint8Array(MAX_NOTE_BYTES) }
    const body = formatAddCheckpoint(longest)
    expect(body.length).toBeLessThanOrEqual(MAX_ADD_CHECKPOINT_BYTES)
    expect(parseAddCheckpoint(body)).toEqual(longest)
    expect(parseAddCheckpoint(new Uint8Array(MAX_ADD_CHECKPOINT_BYTES + 1))).toBeInstanceOf(Malformed)
    expectInvariantError(() => formatAddCheckpoint({ ...longest, proof: [...proof, base64(HASH)] }))
    expectInvariantError(() => formatAddCheckpoint({ ...longest, oldSize: -1 }))
  })
})

describe('continuations', () => {
  const tree = new NaiveTree(leafHashes(20))
  const other = new NaiveTree(leafHashes(21).reverse())
  const head = (size: number, of = tree) => ({ size, root: of.hash(0, size) })
  const proof = (from: number, to: number) => (from === 0 ? [] : tree.subtreeProof(0, from, to))

  test('every size continues every smaller one, with its own proof and no other', () => {
    for (let to = 0; to <= 20; to++)
      for (let from = 0; from <= to; from++) {
        const path = proof(from, to)
        expect(continuationFault(sha256, head(from), head(to), path), `${from} to ${to}`).toBeUndefined()
        expect(continuationFault(sha256, head(from), head(to), [...path, tree.hash(0, 1)])).toBeDefined()
        if (path.length > 0) expect(continuationFault(sha256, head(from), head(to), path.slice(1))).toBeDefined()
      }
  })

  test.each<[string, Parameters<typeof continuationFault>]>([
    ['another tree', [sha256, head(7), head(20, other), proof(7, 20)]],
    ['another tree of the size', [sha256, head(20), head(20, other), []]],
    ['a proof from no entries', [sha256, head(0), head(20), [tree.hash(0, 1)]]],
    ['a wrong root of no entries', [sha256, head(0), { size: 0, root: tree.hash(0, 1) }, []]],
    ['a smaller tree', [sha256, head(20), head(7), proof(7, 20)]],
  ])('%s does not', (_, given) => {
    expect(continuationFault(...given)).toEqual(expect.any(String))
  })
})
