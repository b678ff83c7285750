/**
 * Folders as broken disks and strange hands leave them: without a ledger, with damaged keys, with databases that are none.
 * Whatever it is: one clear sentence and the right exit code, nothing written, never a stack.
 */

import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { foundMarket } from './market.ts'
import { cli, copyOf, expectFailed, expectNoStack, expectRefused, folder, PASSPHRASE, ROOT, type Run, stateOf } from './run.ts'
import { expectAsBefore, files, save, topup } from './untouched.ts'

let dir: string
let before: Awaited<ReturnType<typeof stateOf>>

beforeAll(async () => {
  dir = (await foundMarket()).dir
  before = await stateOf(dir)
})

const expectUntouched = () => expectAsBefore(dir, before)

describe('folders', () => {
  it('without a ledger, or with a file in their place', async () => {
    const empty = folder()
    const file = save('a-file', 'x')
    const runs = await Promise.all([
      cli(empty, ['status']),
      cli(empty, ['verify']),
      topup(empty, '1'),
      // Before it asks for a passphrase.
      cli(empty, ['account', 'new', 'Ada'], { passphrase: undefined }),
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
      whole.subarray(0, whole.length - 8_192),
    ]
    const runs = await Promise.all(contents.map((content) => replaced('ledger.db', content, ['verify'])))
    for (const run of runs) {
      expectNoStack(run)
      expect(run.code, run.stdout).toBe(3)
    }
  })
})
