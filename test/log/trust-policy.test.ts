import { describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../core/base/bytes.ts'
import { MAX_POLICY_BYTES } from '../../core/base/limits.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { cosignatureSigner, cosignersOf, openCheckpoint, signCheckpoint } from '../../core/log/checkpoint.ts'
import { COSIGNATURE_V1, ED25519, formatVerifierKey, Unverified } from '../../core/log/note.ts'
import { parseTrustPolicy, trustOf } from '../../core/log/trust-policy.ts'
import { base64, namedKey, opensslVerify, sha256, wellFormed } from './support.ts'

const ORIGIN = 'ledger.example/credits'
const log = namedKey(ORIGIN, ED25519, 1)
const NAMES = ['X1', 'X2', 'X3', 'Y1', 'Y2', 'Y3'] as const
type Name = (typeof NAMES)[number]
const witnesses = new Map(NAMES.map((name, i) => [name, namedKey(`${name.toLowerCase()}.example`, COSIGNATURE_V1, 10 + i)]))
const vkey = (name: Name) => formatVerifierKey(witnesses.get(name)!.key)
const LOG_LINE = `log ${formatVerifierKey(log.key)}`
const WITNESS_LINES = NAMES.map((name) => `witness ${name} ${vkey(name)}`)

/** The specification's example. */
const EXAMPLE = [
  LOG_LINE,
  '',
  ...WITNESS_LINES.slice(0, 3),
  'group X-witnesses 2 X1 X2 X3',
  '',
  ...WITNESS_LINES.slice(3),
  'group Y-witnesses any Y1 Y2 Y3',
  '',
  'group X-and-Y all X-witnesses Y-witnesses',
  'quorum X-and-Y',
  '',
].join('\n')

const parse = (text: string) => parseTrustPolicy(sha256, utf8(text))

/** What becomes of a checkpoint that these witnesses cosigned. */
function open(text: string, cosigners: readonly Name[]) {
  const signers = cosigners.map((name, i) => {
    const { key, sign } = witnesses.get(name)!
    return cosignatureSigner(key, 1_000 + i, sign)
  })
  const root = base64('OF2jDzkXKCyJOd/4UZV+UZqxhGsTUaFMCts7EWMnQqo=')
  const signed = signCheckpoint({ origin: ORIGIN, size: 3, root, extensions: [] }, [{ ...log.key, sign: log.sign }, ...signers])
  const trust = trustOf(opensslVerify, wellFormed(parse(text)), [log.key])
  const opened = openCheckpoint(signed, trust)
  return opened instanceof Malformed ? opened : cosignersOf(opened, trust)
}

describe('the specification example', () => {
  test('names its log and its witnesses', () => {
    const policy = wellFormed(parse(EXAMPLE))
    expect(policy.logs).toEqual([{ key: log.key }])
    expect(policy.witnesses).toEqual(NAMES.map((name) => ({ key: witnesses.get(name)!.key })))
  })

  test.each<[boolean, Name[]]>([
    [true, ['X1', 'X2', 'Y1']],
    [true, ['X1', 'X3', 'Y3']],
    [true, [...NAMES]],
    [false, []],
    [false, ['X1', 'X2', 'X3']],
    [false, ['X1', 'Y1', 'Y2', 'Y3']],
    [false, ['Y1', 'Y2', 'Y3']],
  ])('is satisfied: %s, by %j', (isSatisfied, cosigners) => {
    const opened = open(EXAMPLE, cosigners)
    if (!isSatisfied) expect(opened).toBeInstanceOf(Unverified)
    else
      expect(opened).toEqual(cosigners.map((name, i) => ({ name: `${name.toLowerCase()}.example`, seconds: 1_000n + BigInt(i) })))
  })
})

describe('a quorum', () => {
  const of = (...lines: string[]) => [...WITNESS_LINES, ...lines, ''].join('\n')

  test('of none is content with any, and verifies those that there are', () => {
    expect(open(of('quorum none'), [])).toEqual([])
    expect(open(of('quorum none'), ['Y2'])).toEqual([{ name: 'y2.example', seconds: 1_000n }])
    expect(open('quorum none\n', ['Y2'])).toEqual([])
  })

  test('may be one witness', () => {
    expect(open(of('quorum X2'), ['X2'])).toEqual([{ name: 'x2.example', seconds: 1_000n }])
    expect(open(of('quorum X2'), ['X1'])).toMatchObject({ reason: '0 of 1 required witnesses cosigned' })
  })

  test('tells witnesses apart by their keys, though they have one name', () => {
    const twin = namedKey('x1.example', COSIGNATURE_V1, 30)
    const lines = [WITNESS_LINES[0]!, `witness twin ${formatVerifierKey(twin.key)}`, 'group both all X1 twin', 'quorum both', '']
    expect(open(lines.join('\n'), ['X1'])).toMatchObject({ reason: '1 of 2 required witnesses cosigned' })
  })
})

test('spaces, tabs and comments are for people; addresses for those who ask', () => {
  const policy = wellFormed(parse(` \t# who\n\n\twitness  é ${vkey('X1')}\t https://x1.example/ \nquorum\té\n#`.concat('\n')))
  expect(policy.witnesses).toEqual([{ key: witnesses.get('X1')!.key, url: 'https://x1.example/' }])
  expect(policy.quorum).toBe(policy.witnesses[0])
})

test.each<[string, string]>([
  ['', 'no quorum line'],
  [LOG_LINE, 'does not end in a newline'],
  ['quorum none\r\n', 'line 1 of the policy: it holds a control character'],
  ['quorum\u00a0none\n', 'it begins with none of'],
  ['quorum none\nquorum none\n', 'line 2 of the policy: there is a quorum line before'],
  ['quorum X1\n', 'there is no X1 before this line'],
  ['quorum\n', 'a quorum is'],
  ['quorum none none\n', 'a quorum is'],
  [`quorum X1\n${WITNESS_LINES[0]}\n`, 'there is no X1 before this line'],
  ['log\n', 'a log is'],
  [`${LOG_LINE} https://a https://b\n`, 'a log is'],
  ['log nonsense\n', 'a key is name+hex+base64'],
  [`log ${vkey('X1')}\n`, 'the key is not of a log'],
  [`${LOG_LINE}\n${LOG_LINE}\n`, 'the key was given before'],
  [`witness X1\n`, 'a witness is'],
  [`witness X1 ${formatVerifierKey(log.key)}\n`, 'the key is not of a witness'],
  [`${WITNESS_LINES[0]}\nwitness other ${vkey('X1')}\n`, 'the key was given before'],
  [`${WITNESS_LINES[0]}\nwitness X1 ${vkey('X2')}\n`, 'the name X1 was given before'],
  [`witness none ${vkey('X1')}\n`, 'the name none is taken'],
  [`${WITNESS_LINES[0]}\ngroup X1 any X1\n`, 'the name X1 was given before'],
  ['group g any\n', 'a group is'],
  ['group g any none\n', 'there is no none before this line'],
  [`${WITNESS_LINES[0]}\ngroup g 0 X1\n`, 'as many as 0 cannot be asked for'],
  [`${WITNESS_LINES[0]}\ngroup g 2 X1\n`, 'as many as 2 cannot be asked for'],
  [`${WITNESS_LINES[0]}\ngroup g some X1\n`, 'as many as some cannot be asked for'],
  [`${WITNESS_LINES[0]}\ngroup g any X1 X1\n`, 'X1 is a member already'],
  [`${WITNESS_LINES[0]}\ngroup g any X1\ngroup h any X1\n`, 'X1 is a member already'],
  ['group g any g\n', 'there is no g before this line'],
])('%j is refused', (policy, reason) => {
  const parsed = parse(policy)
  expect(parsed).toBeInstanceOf(Malformed)
  expect((parsed as Malformed).reason).toContain(reason)
})

test('32 logs, 32 witnesses and 32 groups are no limit, and there is one', () => {
  const keys = (type: number, count: number) =>
    Array.from({ length: count }, (_, i) => formatVerifierKey(namedKey(`n${i}.example`, type, 40 + i).key))
  const lines = [
    ...keys(ED25519, 32).map((key) => `log ${key}`),
    ...keys(COSIGNATURE_V1, 32).map((key, i) => `witness w${i} ${key}`),
    ...Array.from({ length: 32 }, (_, i) => `group g${i} any w${i}`),
    'quorum g31',
    '',
  ]
  expect(wellFormed(parse(lines.join('\n'))).witnesses).toHaveLength(32)
  const many = keys(COSIGNATURE_V1, 65).map((key, i) => `witness w${i} ${key}`)
  expect(parse([...many, 'quorum none', ''].join('\n'))).toBeInstanceOf(Malformed)
  expect(parseTrustPolicy(sha256, new Uint8Array(MAX_POLICY_BYTES + 1).fill(10))).toBeInstanceOf(Malformed)
  expect(parseTrustPolicy(sha256, concatBytes(utf8('# '), Uint8Array.of(0xff, 0x0a), utf8('quorum none\n')))).toBeInstanceOf(
    Malformed,
  )
})
