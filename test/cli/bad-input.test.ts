/**
 * What users, scripts and broken disks hand to the command line. Whatever it is: one clear sentence and the right exit code, nothing written,
 * never a stack.
 */

import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { Malformed } from '../../core/base/malformed.ts'
import { parseBody } from '../../core/bin/body.ts'
import { compose, LEDGER_TOOLS, OPERATOR, signerOf, writing } from '../../core/bin/desk.ts'
import { importUsage } from '../../core/bin/usage/import.ts'
import { parseTransaction } from '../../core/domain/envelope.ts'
import { openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import { Vault } from '../../core/drivers/vault.ts'
import { type NoteSigner, signNote } from '../../core/log/note.ts'
import { foundMarket, type Market, modelBody, ORIGIN, placeOf } from './market.ts'
import {
  type Answer,
  auditOf,
  cli,
  copyOf,
  expectFailed,
  expectNoStack,
  expectOneValue,
  expectRefused,
  folder,
  PASSPHRASE,
  ROOT,
  type Run,
  start,
  stateOf,
  TRACE,
} from './run.ts'

const NOW = '2026-01-02T10:00:00Z'
let market: Market
let dir: string
let before: Awaited<ReturnType<typeof stateOf>>
let signers: Record<string, NoteSigner>
const files = folder()

beforeAll(async () => {
  market = await foundMarket()
  dir = market.dir
  before = await stateOf(dir)
  const vault = Vault.open(dir, PASSPHRASE)
  signers = Object.fromEntries([OPERATOR, 'Ada', 'Bob'].map((label) => [label, signerOf(vault.key(label)!)]))
})

/** Whatever came before, the ledger is as it was, and verifies. */
async function expectUntouched(): Promise<void> {
  expect(before.ok).toBe(true)
  expect(await stateOf(dir)).toEqual(before)
}

function save(name: string, content: string | Uint8Array): string {
  const path = join(files, name)
  writeFileSync(path, content)
  return path
}

const topup = (target: string, amount: string, reference = 'bad') =>
  cli(target, ['topup', 'Bob', amount, '--provider', 'bank', '--reference', reference])

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

describe('traces', () => {
  const header = 'TIMESTAMP,ContextTokens,GeneratedTokens\n'
  const line = '2026-01-01 18:15:46.6805900,374,44\n'
  const traces: Record<string, string | Uint8Array> = {
    empty: '',
    'without a column': 'TIMESTAMP,ContextTokens\n2026-01-01 18:15:46.68,374\n',
    'without a header': line,
    'with a bad number': `${header}${line}2026-01-01 18:15:46.68,37x,44\n`,
    'with a negative number': `${header}2026-01-01 18:15:46.68,-1,44\n`,
    'with a fraction': `${header}2026-01-01 18:15:46.68,1.5,44\n`,
    'with a number beyond 2^53': `${header}2026-01-01 18:15:46.68,9007199254740993,44\n`,
    'with nothing for a number': `${header}2026-01-01 18:15:46.68,,44\n`,
    'with a bad date': `${header}2026-02-30 18:15:46.68,1,44\n`,
    'with another date format': `${header}01/02/2026 18:15,1,44\n`,
    'with a date of another zone': `${header}2026-01-01 18:15:46+02:00,1,44\n`,
    'with a cell too few': `${header}${line}2026-01-01 18:15:46.68,1\n`,
    'with an open quote': `${header}"2026-01-01 18:15:46.68,1,44\n`,
    'a PNG': Buffer.from('89504e470d0a1a0a0000000d494844520a0000', 'hex'),
    'of NULs': Buffer.alloc(5_000),
    'one endless line': 'x'.repeat(200_000),
    // The good lines before a bad one are not charged either.
    'bad at its end': `${header}${line.repeat(2_500)}oops\n`,
  }
  const bill = (file: string, ...more: string[]) => {
    const args = ['usage', 'import', file, '--listing', market.things.listing!, '--payer', 'Bob', '--meter', 'Ada', ...more]
    return cli(dir, args)
  }

  it('that are none are refused before anything is charged', async () => {
    const names = Object.keys(traces)
    const paths = names.map((name, i) => save(`trace-${i}.csv`, traces[name]!))
    const options = { listing: market.things.listing!, payer: 'Bob', meter: 'Ada', progress: () => {} }
    const answers = await writing(placeOf(dir), async (desk) => {
      const given: (Answer | Error)[] = []
      for (const file of paths)
        given.push(
          await importUsage(desk, { ...options, file }).then(
            (one) => one as never,
            (error) => error as Error,
          ),
        )
      return given
    })
    for (const [i, answer] of answers.entries()) {
      expect(answer, names[i]).toMatchObject({ status: 'refused', code: 'malformed' })
      expect(answer.message, names[i]).toMatch(/line|header|empty|CSV/i)
    }
    const sample = ['empty', 'without a column', 'a PNG', 'bad at its end']
    const runs = await Promise.all(sample.map((name) => bill(paths[names.indexOf(name)]!)))
    for (const run of runs) expectRefused(run, 'malformed')
    await expectUntouched()
  })

  it('of nobody’s mandate, listing, meter or file are refused', async () => {
    const other = (option: string, value: string) => {
      const args = ['--listing', market.things.listing!, '--payer', 'Bob', '--meter', 'Ada']
      args[args.indexOf(option) + 1] = value
      return cli(dir, ['usage', 'import', TRACE, ...args])
    }
    expectRefused(await other('--payer', 'Chiara'), 'no_mandate')
    expectRefused(await other('--listing', market.things.dataset!), 'no_mandate')
    expectRefused(await other('--meter', 'Chiara'), 'not_owner')
    expectFailed(await other('--payer', 'Nobody'), 'usage')
    expectFailed(await bill(join(files, 'none.csv')), 'usage')
    expectFailed(await bill(files), 'usage')
    await expectUntouched()
  })

  it('with strange but lawful lines are charged to the microcredit', async () => {
    const twin = copyOf(dir)
    const csv =
      '\ufeffGeneratedTokens,Other,TIMESTAMP,ContextTokens\r\n"44","a,b",2026-01-01 18:15:46,374\r\n\r\n0,,2026-01-01T18:15:46.1Z,0\r\n'
    const args = ['--listing', market.things.listing!, '--payer', 'Bob', '--meter', 'Ada']
    const run = await cli(twin, ['usage', 'import', save('strange.csv', csv), ...args])
    expectOneValue(run)
    // 100 µ a call, and 187 µ + 66 µ for the tokens of the first.
    expect(run.json).toMatchObject({ lines: 2, charged: 2, gross: '0.000453' })
    expect((await stateOf(twin)).ok).toBe(true)
  })
})

describe('wrong usage', () => {
  it('ends in 2 and a sentence', async () => {
    const lines: string[][] = [
      ['nothing'],
      ['balance'],
      ['balance', 'Nobody'],
      ['balance', 'sequencer'],
      ['balance', `${market.accounts.Bob!.slice(0, -1)}q`],
      ['account', 'show', 'nim1w3s85znzge5uyuylz8rzj3j9tryzxfqmn7g8es'],
      ['log', '--from', '-1'],
      ['log', '--limit', '99999999999999999999'],
      ['tx'],
      ['tx', 'model.create', '--as', 'Ada'],
      ['tx', 'model.create', '--as', 'Nobody', '--body', '{}'],
      ['topup', 'Bob', '1'],
      ['export', 'tar', join(files, 'x')],
      ['verify', join(files, 'nothing')],
      ['verify', '--old', join(files, 'nothing')],
      ['account', 'new', 'operator'],
      ['hub'],
    ]
    const runs = await Promise.all(lines.map((args) => cli(dir, args)))
    expect(lines.filter((_, i) => runs[i]!.code !== 2)).toEqual([])
    for (const run of runs) expectFailed(run, 'usage')
    await expectUntouched()
  })

  it('says what is missing, also where a group of commands is called without one', async () => {
    const runs = await Promise.all([[], ['account'], ['usage']].map((args) => cli(dir, args)))
    for (const run of runs) {
      expectFailed(run, 'usage')
      expect(run.json.message).not.toContain('outputHelp')
    }
  })

  it('leaves no key behind for an account that was not opened', async () => {
    const twin = copyOf(dir)
    const keys = readFileSync(join(twin, 'keys.json'), 'utf8')
    const names = ['', 'x'.repeat(65), 'a\u202eb']
    for (const run of await Promise.all(names.map((name) => cli(twin, ['account', 'new', name])))) {
      expectNoStack(run)
      expect([1, 2]).toContain(run.code)
    }
    expect(readFileSync(join(twin, 'keys.json'), 'utf8')).toBe(keys)
    expect(await stateOf(twin)).toEqual(before)
  })

  it('keeps local names apart from account ids', async () => {
    const twin = copyOf(dir)
    const bob = market.accounts.Bob!
    await cli(twin, ['account', 'new', bob])
    // Whatever came of it, the id means the account, not a name somebody gave.
    const run = await cli(twin, ['balance', bob])
    expect(run.json.account).toBe(bob)
  })
})

describe('folders', () => {
  it('without a ledger, or with a file in their place', async () => {
    const empty = folder()
    const file = save('a-file', 'x')
    const runs = await Promise.all([
      cli(empty, ['status']),
      cli(empty, ['verify']),
      topup(empty, '1'),
      cli(join(empty, 'none'), ['balance', 'Bob']),
      cli(file, ['status']),
      cli(file, ['init']),
      cli(dir, ['export', 'tiles', file]),
    ])
    for (const run of runs) expectFailed(run, 'usage')
    expectRefused(await cli(dir, ['init']), 'already_founded')
    expect(readFileSync(file, 'utf8')).toBe('x')
    await expectUntouched()
  })

  it('stay without a ledger where founding is refused', async () => {
    const target = join(folder(), 'ledger')
    const [origin, name, silent] = await Promise.all([
      cli(target, ['init', '--origin', 'Not An Origin']),
      cli(`${target}2`, ['init', '--name', 'x'.repeat(65)]),
      cli(`${target}3`, ['init'], { passphrase: undefined }),
    ])
    expectFailed(origin, 'usage')
    expect([1, 2]).toContain(name.code)
    expectFailed(silent, 'passphrase')
    const after = await cli(`${target}2`, ['status'])
    expectFailed(after, 'usage')
  })
})

describe('keys', () => {
  it('that a passphrase does not open stay closed', async () => {
    const env = (passphrase: string | undefined, ...more: string[]) =>
      cli(dir, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'bad', ...more], { passphrase })
    const runs = await Promise.all([
      env('wrong'),
      env(''),
      env(undefined),
      env(undefined, '--passphrase-file', save('wrong', 'wrong\n')),
      env(undefined, '--passphrase-file', save('nothing', '')),
    ])
    for (const run of runs) expectFailed(run, 'passphrase')
    expectFailed(await env(undefined, '--passphrase-file', join(files, 'none')), 'usage')
    await expectUntouched()
    const twin = copyOf(dir)
    const args = [
      'topup',
      'Bob',
      '1',
      '--provider',
      'bank',
      '--reference',
      'good',
      '--passphrase-file',
      save('right', `${PASSPHRASE}\n`),
    ]
    expect((await cli(twin, args, { passphrase: undefined })).code).toBe(0)
  })

  it('that are damaged are named', async () => {
    interface Keys {
      version: number
      kdf: Record<string, unknown>
      keys: Record<string, string>[]
    }
    const flip = (text: string) => `${text[0] === '0' ? '1' : '0'}${text.slice(1)}`
    const damages: Record<string, (keys: Keys) => void> = {
      'another version': (file) => {
        file.version = 2
      },
      'a cost that is no power of two': ({ kdf }) => {
        kdf.cost = 3
      },
      'a cost of text': ({ kdf }) => {
        kdf.cost = 'high'
      },
      'another salt': ({ kdf }) => {
        kdf.salt = flip(kdf.salt as string)
      },
      'a short nonce': ({ keys }) => {
        keys[0]!.nonce = '00'
      },
      'a short seal': ({ keys }) => {
        keys[0]!.sealed = '00'
      },
      'a changed seal': ({ keys }) => {
        keys[0]!.sealed = flip(keys[0]!.sealed!)
      },
      'a changed public key': ({ keys }) => {
        keys[0]!.publicKey = flip(keys[0]!.publicKey!)
      },
      'a short public key': ({ keys }) => {
        keys[0]!.publicKey = '00'
      },
      'an exchanged label': ({ keys }) => {
        const [one, two] = keys.map(({ label }) => label!)
        keys[0]!.label = two!
        keys[1]!.label = one!
      },
      'a changed seal of the sequencer': ({ keys }) => {
        keys[1]!.sealed = flip(keys[1]!.sealed!)
      },
      'no keys': (file) => {
        file.keys = []
      },
    }
    const attempt = async (change: (keys: Keys) => void): Promise<Run> => {
      const twin = copyOf(dir)
      const path = join(twin, 'keys.json')
      const keys = JSON.parse(readFileSync(path, 'utf8')) as Keys
      change(keys)
      writeFileSync(path, JSON.stringify(keys))
      const run = await topup(twin, '1')
      expect(await stateOf(twin)).toEqual(before)
      return run
    }
    const names = Object.keys(damages)
    const runs = await Promise.all(names.map((name) => attempt(damages[name]!)))
    expect(names.filter((_, i) => runs[i]!.code !== 3 && runs[i]!.code !== 2)).toEqual([])
    for (const run of runs) expectFailed(run, 'damaged', 'passphrase', 'usage')
  })

  it('that are no file of keys at all', async () => {
    const contents = ['', '{"version":1}', '\0'.repeat(100), '['.repeat(100_000)]
    const runs = await Promise.all(
      contents.map((content) => {
        const twin = copyOf(dir)
        writeFileSync(join(twin, 'keys.json'), content)
        return topup(twin, '1')
      }),
    )
    for (const run of runs) expectFailed(run, 'damaged')
    const without = copyOf(dir)
    rmSync(join(without, 'keys.json'))
    expectFailed(await topup(without, '1'), 'usage')
    expect(await stateOf(without)).toEqual(before)
  })
})

describe('databases that are none', () => {
  const CORRUPT = join(ROOT, 'test/vectors/sqlite-corrupt')
  const images = [
    'altercorrupt-01',
    'corruptL-01',
    'corruptL-05',
    'corruptL-07',
    'corruptL-10',
    'corruptL-13',
    'corruptN-01',
    'dbfuzz001-01',
    'fts5corrupt5-03',
    'incrvacuum-01',
    'recovercorrupt2-07',
    'rtreefuzz001-02',
  ]

  async function replaced(
    file: 'ledger.db' | 'checkpoint.db',
    content: string | Uint8Array,
    args: readonly string[],
  ): Promise<Run> {
    const twin = copyOf(dir)
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(twin, file + suffix), { force: true })
    if (typeof content === 'string') copyFileSync(join(CORRUPT, `${content}.db`), join(twin, file))
    else writeFileSync(join(twin, file), content)
    return cli(twin, args)
  }

  it.each(['ledger.db', 'checkpoint.db'] as const)('as %s end in a clear sentence', async (file) => {
    const write = ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'bad']
    const sample = images.filter((_, i) => (i % 2 === 0) === (file === 'ledger.db'))
    const runs = await Promise.all(sample.map((image, i) => replaced(file, image, i % 3 === 0 ? write : ['verify'])))
    for (const [i, run] of runs.entries()) {
      expectNoStack(run)
      expect([2, 3, 4], `${sample[i]}: ${run.stdout}${run.stderr}`).toContain(run.code)
      expectFailed(run, 'damaged', 'offline', 'busy', 'usage')
      expect(run.json.message).toContain(file)
    }
  })

  it('nor are other files and fragments', async () => {
    const whole = readFileSync(join(dir, 'ledger.db'))
    const contents = [
      Buffer.alloc(0),
      Buffer.from('not a database'),
      whole.subarray(0, 4_096),
      whole.subarray(0, whole.length - 4_096),
    ]
    const runs = await Promise.all(contents.map((content) => replaced('ledger.db', content, ['verify'])))
    for (const run of runs) {
      expectNoStack(run)
      expect(run.code, run.stdout).toBe(3)
    }
  })
})

describe('a ledger that is in use', () => {
  it('is locked for writers and open for readers', async () => {
    const twin = copyOf(dir)
    const writer = await openSqliteWriter(twin)
    try {
      const [write, init, balance, verify] = await Promise.all([
        topup(twin, '1'),
        cli(twin, ['init']),
        cli(twin, ['balance', 'Bob']),
        cli(twin, ['verify']),
      ])
      expectFailed(write, 'locked')
      expect([1, 4]).toContain(init.code)
      expectNoStack(init)
      expect([balance.code, verify.code]).toEqual([0, 0])
    } finally {
      await writer.close()
    }
    expect((await topup(twin, '1')).code).toBe(0)
    expect((await stateOf(twin)).size).toBe(before.size + 1)
  })

  it('lets writers wait for each other', async () => {
    const twin = copyOf(dir)
    const runs = await Promise.all([1, 2, 3, 4].map((number) => topup(twin, '1', `at once ${number}`)))
    for (const run of runs) expect(run.code, run.stdout).toBe(0)
    expect(new Set(runs.map(({ json }) => json.index)).size).toBe(4)
    expect(await stateOf(twin)).toMatchObject({ ok: true, size: before.size + 4 })
  })
})

describe('a full disk', () => {
  it('ends a command in 4, and leaves a ledger that verifies and goes on', async () => {
    const limits = [1, 33, 64]
    for (const maxFileKib of limits) {
      const twin = copyOf(dir)
      const args = ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'full']
      const run = await cli(twin, args, { maxFileKib })
      expectNoStack(run)
      if (run.code !== 0) expectFailed(run, 'disk_full')
      const state = await stateOf(twin)
      expect(state.ok, `${maxFileKib} KiB`).toBe(true)
      // What was answered is there; what was not may be, and then its reference is used.
      if (run.code === 0) expect(state.size).toBe(before.size + 1)
      const again = await cli(twin, args)
      if (state.size === before.size) expect(again.json.status, again.stdout).toBe('accepted')
      else expectRefused(again, 'reference_used')
      expect((await stateOf(twin)).size).toBe(before.size + 1)
    }
  })

  it('stops an import, which then goes on and charges nothing twice', async () => {
    const twin = copyOf(dir)
    const args = ['usage', 'import', TRACE, '--listing', market.things.listing!, '--payer', 'Bob', '--meter', 'Ada']
    const stopped = await cli(twin, args, { maxFileKib: 300 })
    expectFailed(stopped, 'disk_full')
    const after = await auditOf(twin)
    expect(after.ok).toBe(true)
    const taken = after.size - before.size
    expect(taken).toBeGreaterThan(0)
    expect(taken).toBeLessThan(20)
    const resumed = await cli(twin, args)
    expectOneValue(resumed)
    expect(resumed.json).toMatchObject({ lines: 19_366, alreadyCharged: taken * 1_000, charged: 19_366 - taken * 1_000 })
    expect((await stateOf(twin)).size).toBe(before.size + 20)
  })

  it('ends an export in 4, and never in a file that is cut off and 0', async () => {
    const target = folder()
    const whole = await cli(dir, ['export', 'jsonl', join(target, 'whole')])
    const size = statSync(join(target, 'whole')).size
    expect(whole.code).toBe(0)
    // Also where only the very last line does not fit.
    const limits = [4, Math.floor((size - 1) / 1_024)]
    for (const maxFileKib of limits) {
      const run = await cli(dir, ['export', 'jsonl', join(target, `cut-${maxFileKib}`)], { maxFileKib })
      expect(run.code, `${maxFileKib} KiB of ${size} bytes: ${run.stdout}`).toBe(4)
      expectFailed(run, 'disk_full')
    }
    mkdirSync(join(target, 'tiles'))
    expectFailed(await cli(dir, ['export', 'tiles', join(target, 'tiles')], { maxFileKib: 4 }), 'disk_full')
  })
})
