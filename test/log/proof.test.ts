import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { cosignatureSigner, type LogTrust, noteVerifier, signCheckpoint } from '../../core/log/checkpoint.ts'
import { leafHash } from '../../core/log/merkle.ts'
import { COSIGNATURE_V1, ED25519, Unverified } from '../../core/log/note.ts'
import { formatProof, type LogProof, parseProof, verifyProof } from '../../core/log/proof.ts'
import {
  base64,
  expectInvariantError,
  NaiveTree,
  namedKey,
  opensslVerify,
  readVectors,
  sha256,
  text,
  wellFormed,
} from './support.ts'

const MAX_BYTES = 10_000
const parse = (bytes: Uint8Array | string) => parseProof(typeof bytes === 'string' ? utf8(bytes) : bytes, MAX_BYTES)

describe('published proofs', () => {
  const vectors = readVectors<{
    marshal: { index: number; hashes: string[]; extra?: string; checkpoint: string; text: string }[]
    malformed: string[]
  }>('proof/tlog-proof.json')

  test('are all there', () => {
    expect([vectors.marshal.length, vectors.malformed.length]).toEqual([3, 7])
  })

  test.each(vectors.marshal)('index $index', ({ index, hashes, extra, checkpoint, text: proofText }) => {
    const proof: LogProof = {
      index,
      path: hashes.map(base64),
      checkpoint: utf8(checkpoint),
      ...(extra === undefined ? {} : { extra: base64(extra) }),
    }
    expect(text(formatProof(proof))).toBe(proofText)
    expect(parse(proofText)).toEqual(proof)
  })

  test.each(vectors.malformed)('malformed: %j', (proofText) => {
    expect(parse(proofText)).toBeInstanceOf(Malformed)
  })
})

const ORIGIN = 'ledger.example/credits'
const log = namedKey(ORIGIN, ED25519, 1)
const witness = namedKey('witness.example/w1', COSIGNATURE_V1, 2)
const entries = ['alpha', 'beta', 'gamma'].map(utf8)
const tree = new NaiveTree(entries.map((entry) => leafHash(sha256, entry)))
const signers = [{ ...log.key, sign: log.sign }, cosignatureSigner(witness.key, 1_795_305_600, witness.sign)]
const checkpointOf = (size: number, root: Uint8Array, by = signers) =>
  signCheckpoint({ origin: ORIGIN, size, root, extensions: [] }, by)
const checkpoint = checkpointOf(3, tree.hash(0, 3))
const proofOf = (index: number): LogProof => ({ index, path: tree.path(index, 0, 3), checkpoint })
const trust: LogTrust = {
  origin: ORIGIN,
  logKeys: [noteVerifier(opensslVerify, log.key)],
  witnesses: [noteVerifier(opensslVerify, witness.key)],
  quorum: 1,
}

const EXAMPLE = `c2sp.org/tlog-proof@v1
index 1
KhWNiv1I4/iMtBld/bKp5IF9lfpX/TREDZP5quXE+Cs=
THnQ1i989cqIdBVfLTuHXyYl2iuzq8hrvWgz8lupDlE=

ledger.example/credits
3
OF2jDzkXKCyJOd/4UZV+UZqxhGsTUaFMCts7EWMnQqo=

— ledger.example/credits crC12Ip3WsG19g9pdWAouFAGXsqe22fXaCAJ/hdKkDe6XnoNllDhD38miyIy7RT0fJPCLbA3aKIEy7eKIkM0GUHJYgs=
— witness.example/w1 3xwKNQAAAABrAjCALBUze6NwV/SBbV8fcqHeDu8aVkwmX8kIlyF7cZa6UC3Kv/lQieVrG0sUi7FfvpVpoAczbvryh6UzlNej0C53Bw==
`

describe('the specification example of this project', () => {
  test('is made byte for byte', () => {
    expect(text(formatProof(proofOf(1)))).toBe(EXAMPLE)
  })

  test('is read and verified', () => {
    const proof = wellFormed(parse(EXAMPLE))
    expect(proof).toEqual(proofOf(1))
    const opened = wellFormed(verifyProof(sha256, proof, leafHash(sha256, utf8('beta')), trust))
    expect(opened.checkpoint.size).toBe(3)
    expect(opened.signatures.length).toBe(2)
  })
})

describe('parsing', () => {
  const lines = EXAMPLE.split('\n')
  const withLine = (index: number, line: string) => lines.with(index, line).join('\n')
  const hash = lines[2]!

  test.each<[string, string]>([
    ['nothing', ''],
    ['the header alone', 'c2sp.org/tlog-proof@v1\n'],
    ['no header', lines.slice(1).join('\n')],
    ['another version', withLine(0, 'c2sp.org/tlog-proof@v2')],
    ['an empty line first', `\n${EXAMPLE}`],
    ['no index', lines.toSpliced(1, 1).join('\n')],
    ['the index twice', lines.toSpliced(1, 0, lines[1]!).join('\n')],
    ['an empty index', withLine(1, 'index ')],
    ['an index without a space', withLine(1, 'index1')],
    ['an index with a leading zero', withLine(1, 'index 01')],
    ['an index of 2^53', withLine(1, 'index 9007199254740992')],
    ['extra data after the index', lines.toSpliced(2, 0, 'extra AAAA').join('\n')],
    ['extra data twice', lines.toSpliced(1, 0, 'extra AAAA', 'extra AAAA').join('\n')],
    ['empty extra data', lines.toSpliced(1, 0, 'extra ').join('\n')],
    ['extra data with stray bits', lines.toSpliced(1, 0, 'extra AB==').join('\n')],
    ['a hash of 31 bytes', withLine(2, 'FY2K/Ujj+Iy0GV39sqnkgX2V+lf9NEQNk/mq5cT4Kw==')],
    ['a hash without padding', withLine(2, hash.slice(0, -1))],
    ['a space after a hash', withLine(2, `${hash} `)],
    ['carriage returns', EXAMPLE.replaceAll('\n', '\r\n')],
    ['no empty line', `${lines.slice(0, 4).join('\n')}\n`],
    ['more hashes than any tree has levels', lines.toSpliced(2, 0, ...Array(62).fill(hash)).join('\n')],
  ])('refuses %s', (_, changed) => {
    expect(parse(changed)).toBeInstanceOf(Malformed)
  })

  test('takes as many hashes as a tree may have levels', () => {
    expect(wellFormed(parse(lines.toSpliced(2, 0, ...Array(61).fill(hash)).join('\n'))).path.length).toBe(63)
  })

  test('refuses a head that is not UTF-8, and more bytes than it is told', () => {
    expect(parse(concatBytes(utf8('c2sp.org/tlog-proof@v1\nindex 1\n'), Uint8Array.of(0xff), utf8('\n\n')))).toBeInstanceOf(
      Malformed,
    )
    expect(parseProof(utf8(EXAMPLE), utf8(EXAMPLE).length)).not.toBeInstanceOf(Malformed)
    expect(parseProof(utf8(EXAMPLE), utf8(EXAMPLE).length - 1)).toBeInstanceOf(Malformed)
  })

  test('gives back what was formatted', () => {
    const any = fc.record<LogProof>(
      {
        index: fc.maxSafeNat(),
        path: fc.array(fc.uint8Array({ minLength: 32, maxLength: 32 }), { maxLength: 63 }),
        checkpoint: fc.uint8Array(),
        extra: fc.uint8Array({ minLength: 1 }),
      },
      { requiredKeys: ['index', 'path', 'checkpoint'] },
    )
    fc.assert(
      fc.property(any, (any) => {
        expect(parse(formatProof(any))).toEqual(any)
      }),
    )
  })

  test('nothing is formatted that could not be read back', () => {
    const proof = proofOf(1)
    const broken: Partial<LogProof>[] = [
      { index: -1 },
      { index: 2 ** 53 },
      { path: [new Uint8Array(31)] },
      { path: Array(64).fill(proof.path[0]!) },
      { extra: new Uint8Array(0) },
    ]
    for (const part of broken) expectInvariantError(() => formatProof({ ...proof, ...part }))
  })
})

describe('verifying', () => {
  const leafOf = (index: number) => leafHash(sha256, entries[index]!)

  test.each([0, 1, 2])('entry %i', (index) => {
    expect(verifyProof(sha256, proofOf(index), leafOf(index), trust)).not.toBeInstanceOf(Malformed)
  })

  test('does not look at extra data', () => {
    const proof = { ...proofOf(1), extra: utf8('anything') }
    expect(verifyProof(sha256, proof, leafOf(1), trust)).not.toBeInstanceOf(Malformed)
  })

  const proof = proofOf(1)
  test.each<[string, Partial<LogProof>, Uint8Array, Partial<LogTrust>]>([
    ['another entry', {}, leafOf(0), {}],
    ['another index', { index: 0 }, leafOf(1), {}],
    ['an index beyond the size', { index: 3 }, leafOf(1), {}],
    ['a hash missing', { path: proof.path.slice(1) }, leafOf(1), {}],
    ['a hash too many', { path: [...proof.path, leafOf(0)] }, leafOf(1), {}],
    ['hashes in another order', { path: proof.path.toReversed() }, leafOf(1), {}],
    ['a node for a leaf', { index: 0, path: proof.path.slice(1) }, tree.hash(0, 2), {}],
    ['a checkpoint with another root', { checkpoint: checkpointOf(3, tree.hash(0, 2)) }, leafOf(1), {}],
    ['a checkpoint with another size', { checkpoint: checkpointOf(5, tree.hash(0, 3)) }, leafOf(1), {}],
    ['a checkpoint that the log did not sign', { checkpoint: checkpointOf(3, tree.hash(0, 3), signers.slice(1)) }, leafOf(1), {}],
    ['a checkpoint without its witness', { checkpoint: checkpointOf(3, tree.hash(0, 3), signers.slice(0, 1)) }, leafOf(1), {}],
    ['a checkpoint of another log', {}, leafOf(1), { origin: 'other.example/credits' }],
    ['another key for the log', {}, leafOf(1), { logKeys: [noteVerifier(opensslVerify, namedKey(ORIGIN, ED25519, 9).key)] }],
  ])('refuses %s', (_, difference, leaf, otherTrust) => {
    expect(verifyProof(sha256, { ...proof, ...difference }, leaf, { ...trust, ...otherTrust })).toBeInstanceOf(Unverified)
  })

  test('answers a placeholder for a checkpoint with malformed', () => {
    const opened = verifyProof(sha256, { ...proof, checkpoint: utf8('checkpoint\n') }, leafOf(1), trust)
    expect(opened).toBeInstanceOf(Malformed)
    expect(opened).not.toBeInstanceOf(Unverified)
  })
})
