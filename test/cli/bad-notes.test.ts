/**
 * What users and scripts sign, or have signed elsewhere: amounts, bodies, notes. Whatever it is: one clear sentence and the
 * right exit code, nothing written, never a stack.
 */

import { once } from 'node:events'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { Malformed } from '../../core/base/malformed.ts'
import { parseBody } from '../../core/bin/body.ts'
import { compose, LEDGER_TOOLS } from '../../core/bin/desk.ts'
import { signerOf } from '../../core/bin/local-keys.ts'
import { OPERATOR } from '../../core/bin/place.ts'
import { parseTransaction } from '../../core/domain/envelope.ts'
import { Vault } from '../../core/drivers/vault.ts'
import { type NoteSigner, signNote } from '../../core/log/note.ts'
import { foundMarket, type Market, modelBody, ORIGIN } from './market.ts'
import { cli, copyOf, expectFailed, expectNoStack, expectRefused, PASSPHRASE, start, stateOf } from './run.ts'
import { expectAsBefore, files, save, topup } from './untouched.ts'

const NOW = '2026-01-02T10:00:00Z'

let market: Market
let dir: string
let before: Awaited<ReturnType<typeof stateOf>>
let signers: Record<string, NoteSigner>

beforeAll(async () => {
  market = await foundMarket()
  dir = market.dir
  before = await stateOf(dir)
  const vault = Vault.open(dir, PASSPHRASE)
  signers = Object.fromEntries([OPERATOR, 'Ada', 'Bob'].map((label) => [label, signerOf(vault.key(label)!)]))
})

const expectUntouched = () => expectAsBefore(dir, before)

function noteOf(type: string, signer: string, body: unknown, ledger = ORIGIN): Buffer {
  const by = signers[signer]!
  return Buffer.from(signNote(compose(ledger, Date.parse(NOW), { signer: by.name, type, body: body as never }), [by]))
}

const topupBody = (amount: unknown) => ({ account: market.accounts.Bob, amount, provider: 'bank', reference: 'bad' })

describe('amounts', () => {
  const amounts = ['-5', '1.0', '0.0000001', '1e3', '0', '', '01', '1000000000000', ' 1', '+1', '.5', '1.', '٣', '0x10', 'NaN']

  it('that are not credits are malformed', async () => {
    const runs = await Promise.all(amounts.slice(0, 6).map((amount) => topup(dir, amount)))
    for (const [i, run] of runs.entries()) {
      expect(run.code, `${amounts[i]}: ${run.stdout}`).toBe(1)
      expectRefused(run, 'malformed')
      expect(run.json.message, amounts[i]).toContain('amount')
    }
    // The others come signed, all in one call.
    const notes = amounts.slice(6).map((amount, i) => save(`amount-${i}`, noteOf('credit.topup', OPERATOR, topupBody(amount))))
    const run = await cli(dir, ['tx', 'submit', ...notes])
    expect(run.lines.map(({ code }) => code)).toEqual(amounts.slice(6).map(() => 'malformed'))
    await expectUntouched()
  })

  it('that are numbers, or more than there may be, are refused', async () => {
    const body = topupBody(5)
    const [number, outstanding] = await Promise.all([
      cli(dir, ['tx', 'credit.topup', '--as', 'operator', '--body', JSON.stringify(body)]),
      topup(dir, '999999999999.999999'),
    ])
    expectRefused(number, 'malformed')
    expectRefused(outstanding, 'limit')
    await expectUntouched()
  })
})

describe('bodies', () => {
  const good = JSON.stringify(modelBody('x'))
  const having = (more: string) => `${good.slice(0, -1)},${more}}`
  const bodies: Record<string, string> = {
    'not JSON': '{"name":',
    nothing: '',
    'two values': `${good}${good}`,
    'a comment': `${good} // x`,
    'a number': '5',
    'a text': '"x"',
    'an array': '[]',
    null: 'null',
    'a null': having('"extra":null'),
    'a fraction': having('"extra":1.5'),
    infinity: having('"extra":1e400'),
    'a number too large': having('"extra":9007199254740993'),
    'an unknown field': having('"extra":"x"'),
    'a missing field': '{"name":"x"}',
    'one key twice': having('"name":"y"'),
    'one key twice, spelt differently': having('"n\\u0061me":"y"'),
    '__proto__ as an object': having('"__proto__":{"name":"y"}'),
    '__proto__ as a text': having('"__proto__":"y"'),
    constructor: having('"constructor":"y"'),
    'a lone surrogate': good.replace('"x"', '"\\ud800"'),
    'a lone surrogate as key': having('"\\udfff":"y"'),
    'a control character': good.replace('"x"', '"a\\u0007"'),
    'a newline': good.replace('"x"', '"a\\n"'),
    'a text direction turned around': good.replace('"x"', '"a\\u202eb"'),
    'a name that is not in NFC': good.replace('"x"', '"e\\u0301"'),
    'a name too long': good.replace('"x"', `"${'x'.repeat(65)}"`),
    'deep nesting': having(`"extra":${'['.repeat(25_000)}${']'.repeat(25_000)}`),
    'nesting of nine levels': having(`"extra":${'['.repeat(8)}${']'.repeat(8)}`),
    'sixty kilobytes': good.replace('"x"', `"${'x'.repeat(60_000)}"`),
    megabytes: good.replace('"x"', `"${'x'.repeat(5_000_000)}"`),
    'a body that poses as an answer': '{"status":"refused","code":"accepted","message":"done"}',
    'a byte order mark': `\ufeff${good}`,
  }

  /** What the command makes of a body: first JSON, then the text to sign, then the transaction in it. */
  function isMalformed(text: string): boolean {
    const body = parseBody(text)
    if (body instanceof Malformed) return true
    const signer = market.accounts.Ada!
    const transaction = compose(ORIGIN, Date.parse(NOW), { signer, type: 'model.create', body })
    return parseTransaction(LEDGER_TOOLS.rules, LEDGER_TOOLS.sha256, transaction) instanceof Malformed
  }

  it('that are not of their form are malformed', async () => {
    expect(isMalformed(good)).toBe(false)
    expect(Object.keys(bodies).filter((name) => !isMalformed(bodies[name]!))).toEqual([])
    const submitted = [
      'not JSON',
      'one key twice',
      'deep nesting',
      'sixty kilobytes',
      'an unknown field',
      'a body that poses as an answer',
    ]
    const tx = (body: string) => cli(dir, ['tx', 'model.create', '--as', 'Ada', '--body', '-'], { stdin: body })
    for (const run of await Promise.all(submitted.map((name) => tx(bodies[name]!)))) expectRefused(run, 'malformed')
    await expectUntouched()
  })

  it('of megabytes, or slow to come, are read whole from standard input', async () => {
    const tx = (body: string) => cli(dir, ['tx', 'model.create', '--as', 'Ada', '--body', '-', '--preview'], { stdin: body })
    expectRefused(await tx(bodies.megabytes!), 'malformed')
    const slow = start(dir, ['tx', 'model.create', '--as', 'Ada', '--body', '-', '--preview'])
    const ended = once(slow, 'close')
    setTimeout(() => slow.stdin!.end(good), 2_000)
    const [code] = await ended
    expect(code).toBe(0)
  })

  it('with __proto__ are never signed', async () => {
    const twin = copyOf(dir)
    const run = await cli(twin, ['tx', 'model.create', '--as', 'Ada', '--body', bodies['__proto__ as a text']!])
    expectRefused(run, 'malformed')
  })

  it('that are not UTF-8, and types that do not exist', async () => {
    const [bytes, type, genesis] = await Promise.all([
      cli(dir, ['tx', 'model.create', '--as', 'Ada', '--body', '-'], { stdin: Buffer.from([0x22, 0xff, 0x22]) }),
      cli(dir, ['tx', '__proto__', '--as', 'Ada', '--body', '{}']),
      cli(dir, ['tx', 'toString', '--as', 'Ada', '--body', '{}']),
    ])
    for (const run of [bytes, type, genesis]) expectRefused(run!, 'malformed')
    await expectUntouched()
  })
})

describe('notes made elsewhere', () => {
  const random = (size: number) => Buffer.from(Array.from({ length: size }, (_, i) => ((i * 7_919 + 13) * (i + 31)) % 251))

  type Notes = Record<string, [bytes: Uint8Array, code: string]>

  function malformedNotes(): Notes {
    const good = noteOf('model.create', 'Ada', modelBody('x'))
    const text = good.toString('utf8')
    const [line, , signature] = text.split('\n') as [string, string, string]
    const resigned = (changed: string) => Buffer.from(signNote(`${changed}\n`, [signers.Ada!]))
    const cut = (size: number) => good.subarray(0, size)
    const malformed = (bytes: Uint8Array): [Uint8Array, string] => [bytes, 'malformed']
    return {
      empty: malformed(Buffer.alloc(0)),
      random: malformed(random(3_000)),
      nul: malformed(Buffer.concat([Buffer.from([0]), good])),
      'invalid UTF-8': malformed(Buffer.concat([cut(20), Buffer.from([0xc3, 0x28]), good.subarray(20)])),
      PNG: malformed(Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')),
      'cut in its text': malformed(cut(100)),
      'cut before its signature': malformed(cut(line.length + 2)),
      'cut in its signature': malformed(cut(good.length - 5)),
      'without its last newline': malformed(cut(good.length - 1)),
      'with carriage returns': malformed(Buffer.from(text.replaceAll('\n', '\r\n'))),
      'with a line too many': malformed(Buffer.from(`${line}\nmore\n\n${signature}\n`)),
      'not in canonical form': malformed(resigned(line.replace(',"ledger"', ', "ledger"'))),
      'with its keys in another order': malformed(resigned(line.replace(/^\{"body":(.*),("ledger":"[^"]*")/, '{$2,"body":$1'))),
      'with a field twice': malformed(resigned(line.replace('"v":1', '"v":1,"v":1'))),
      'with an unknown field': malformed(resigned(line.replace('"v":1', '"v":1,"x":1'))),
      'with __proto__': malformed(resigned(line.replace('{"body":{', '{"body":{"__proto__":1,'))),
      'of another version': malformed(resigned(line.replace('"v":1', '"v":2'))),
      'with two signatures': malformed(Buffer.from(`${text}${signature}\n`)),
      'of sixty kilobytes': malformed(noteOf('model.create', 'Ada', modelBody('x'.repeat(60_000)))),
    }
  }

  /** Well-formed ones that the ledger cannot take, and those whose form only their type tells. */
  function otherNotes(): Notes {
    const text = noteOf('model.create', 'Ada', modelBody('x')).toString('utf8')
    const line = text.split('\n', 1)[0]!
    const resigned = (changed: string) => Buffer.from(signNote(`${changed}\n`, [signers.Ada!]))
    const malformed = (bytes: Uint8Array): [Uint8Array, string] => [bytes, 'malformed']
    return {
      'with a wrong signature': [Buffer.from(text.replace(line, line.replace('A model.', 'B model.'))), 'bad_signature'],
      'for another ledger': [noteOf('model.create', 'Ada', modelBody('x'), 'other.example/credits'), 'wrong_ledger'],
      'signed by another': malformed(Buffer.from(signNote(`${line}\n`, [signers.Bob!]))),
      'an expired one': [
        resigned(
          line
            .replace(/"made":"[^"]*"/, '"made":"2025-01-01T00:00:00Z"')
            .replace(/"validUntil":"[^"]*"/, '"validUntil":"2025-01-02T00:00:00Z"'),
        ),
        'expired',
      ],
      'one from the future': [resigned(line.replace(/"made":"[^"]*"/, '"made":"2026-01-02T10:05:01Z"')), 'too_early'],
      'one valid too long': [resigned(line.replace(/"validUntil":"[^"]*"/, '"validUntil":"2026-03-02T10:00:00Z"')), 'too_far'],
      'one that ends before it begins': malformed(
        resigned(line.replace(/"validUntil":"[^"]*"/, '"validUntil":"2026-01-01T10:00:00Z"')),
      ),
    }
  }

  const badNotes = (): Notes => ({ ...malformedNotes(), ...otherNotes() })

  it('are refused each with its reason, in one line of JSON', async () => {
    const notes = badNotes()
    const names = Object.keys(notes)
    const paths = names.map((name, i) => save(`note-${i}`, notes[name]![0]))
    const run = await cli(dir, ['tx', 'submit', ...paths])
    expectNoStack(run)
    expect(run.code).toBe(1)
    expect(run.lines.map(({ status }) => status)).toEqual(names.map(() => 'refused'))
    const answered = Object.fromEntries(names.map((name, i) => [name, run.lines[i]!.code]))
    expect(answered).toEqual(Object.fromEntries(names.map((name) => [name, notes[name]![1]])))
    await expectUntouched()
  })

  it('are answered on their own, too', async () => {
    const notes = badNotes()
    const alone = ['random', 'empty', 'with a wrong signature']
    const runs = await Promise.all(alone.map((name) => cli(dir, ['tx', 'submit', save(`alone ${name}`, notes[name]![0])])))
    for (const [i, run] of runs.entries()) expectRefused(run, notes[alone[i]!]![1])
    const missing = await Promise.all([
      cli(dir, ['tx', 'submit', join(files, 'none')]),
      cli(dir, ['tx', 'submit', files]),
      cli(dir, ['tx', 'submit']),
    ])
    for (const run of missing) expectFailed(run, 'usage')
    await expectUntouched()
  })
})
