/** The doctor: healthy where nothing is wrong, and each finding where it was brought about, with its exit code and what to do. */

import { execFile } from 'node:child_process'
import { chmodSync, copyFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { FINDINGS } from '../../core/bin/doctor/finding.ts'
import { openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import { found, foundMarket } from './market.ts'
import { cli, copyOf, expectOneValue, folder, ok, ROOT, type Run, type RunOptions, stateOf } from './run.ts'
import { withDatabase } from './tampering.ts'

interface Finding {
  readonly code: string
  readonly severity: string
  readonly message: string
  readonly remedy: string
}

const AT = '2026-03-01T00:00:00Z'
/** What is always true of a market: its clock is manual. */
const USUAL = ['clock_manual']

let dir: string

beforeAll(async () => {
  dir = (await foundMarket()).dir
})

const findingsOf = (run: Run) => run.json.findings as unknown as readonly Finding[]

/** The codes that the doctor finds, and its exit code. */
async function examined(target: string, options: RunOptions = {}): Promise<{ code: number | null; codes: string[]; run: Run }> {
  const run = await cli(target, ['doctor'], options)
  expectOneValue(run)
  expect(Object.keys(run.json)).toEqual(['ok', 'dir', 'findings'])
  for (const { code, severity, message, remedy } of findingsOf(run)) {
    expect(FINDINGS[code as keyof typeof FINDINGS][0]).toBe(severity)
    expect(message).toMatch(/^\S.*[.)]$/s)
    expect(remedy.length).toBeGreaterThan(10)
  }
  expect(run.json.ok).toBe(run.code === 0)
  return { code: run.code, codes: findingsOf(run).map(({ code }) => code), run }
}

const without = (target: string, ...names: string[]) => {
  for (const name of readdirSync(target)) if (names.some((one) => name.startsWith(one))) rmSync(join(target, name))
}

describe('the doctor', () => {
  it('finds nothing wrong with a sound ledger, and changes nothing', async () => {
    const before = await stateOf(dir)
    expect(await examined(dir)).toMatchObject({ code: 0, codes: USUAL })
    expect(await stateOf(dir)).toEqual(before)
    const plain = await cli(dir, ['doctor'], { plain: true })
    expect(plain.stdout).toContain('Nothing is wrong')
    expect(plain.code).toBe(0)
  })

  it('is documented, each finding by its code', () => {
    const text = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8')
    expect(Object.keys(FINDINGS).filter((code) => !text.includes(`\`${code}\``))).toEqual([])
  })

  it('tells what is missing', async () => {
    expect(await examined(join(folder(), 'none'))).toMatchObject({ code: 2, codes: ['no_ledger'] })
    expect(await examined(folder())).toMatchObject({ code: 2, codes: ['no_ledger'] })
    const book = copyOf(dir)
    without(book, 'ledger.db')
    expect(await examined(book)).toMatchObject({ code: 3, codes: ['book_missing'] })
    const guard = copyOf(dir)
    without(guard, 'checkpoint.db')
    const { run } = await examined(guard)
    expect(run.code).toBe(3)
    // The remedy is a command that works.
    const [, remedy] = /(restore "[^"]+")/.exec(findingsOf(run)[0]!.remedy)!
    await ok(cli(guard, remedy!.replaceAll('"', '').split(' ')))
    expect(await examined(guard)).toMatchObject({ code: 0, codes: ['unfinished', 'guard_new', 'no_checkpoint', ...USUAL] })
  })

  it('tells a book that does not fit its guard, or itself', async () => {
    const older = copyOf(dir)
    await ok(cli(older, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'later', '--at', AT]))
    const unsigned = copyOf(older)
    without(older, 'ledger.db')
    copyFileSync(join(dir, 'ledger.db'), join(older, 'ledger.db'))
    const found = await examined(older)
    expect(found.code).toBe(3)
    expect(found.codes).toContain('older_copy')
    without(unsigned, 'checkpoint.db')
    copyFileSync(join(dir, 'checkpoint.db'), join(unsigned, 'checkpoint.db'))
    const ahead = await examined(unsigned)
    expect(ahead).toMatchObject({ code: 0, codes: ['unsigned', ...USUAL, 'closing_late'] })
    expect(findingsOf(ahead.run)[0]!.message).toBe('1 entry at the end is not covered by a checkpoint yet.')

    const rows = copyOf(dir)
    withDatabase(rows, 'ledger.db', (database) => {
      const change = `UPDATE state SET value = replace(value, '"walletMicros":"', '"walletMicros":"1') WHERE "table" = 'account'`
      expect(database.prepare(change).run().changes).toBeGreaterThan(0)
    })
    expect(await examined(rows)).toMatchObject({ code: 3, codes: [...USUAL, 'rows_differ'] })

    const schema = copyOf(dir)
    withDatabase(schema, 'ledger.db', (database) => database.exec('DROP TRIGGER entries_delete'))
    const damaged = await examined(schema)
    expect(damaged.code).toBe(3)
    expect(damaged.codes).toContain('store_damaged')
    const none = copyOf(dir)
    without(none, 'ledger.db-')
    writeFileSync(join(none, 'ledger.db'), 'not a database')
    expect(await examined(none)).toMatchObject({ code: 3, codes: ['store_damaged'] })
  })

  it('tells a fork', async () => {
    const [one, other] = [copyOf(dir), copyOf(dir)]
    for (const [i, twin] of [one, other].entries())
      await ok(cli(twin, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', `fork ${i}`, '--at', AT]))
    without(one, 'checkpoint.db')
    copyFileSync(join(other, 'checkpoint.db'), join(one, 'checkpoint.db'))
    const found = await examined(one)
    expect(found.code).toBe(3)
    expect(found.codes).toContain('other_history')
  })

  it('tells which keys are missing, and why the others do not help', async () => {
    const none = copyOf(dir)
    without(none, 'keys.json')
    expect(await examined(none)).toMatchObject({ code: 0, codes: [...USUAL, 'no_keys'] })
    const some = copyOf(dir)
    const path = join(some, 'keys.json')
    const file = JSON.parse(readFileSync(path, 'utf8')) as { keys: { label: string }[] }
    writeFileSync(
      path,
      JSON.stringify({ ...file, keys: file.keys.filter(({ label }) => !/^(?:sequencer|operator)$/.test(label)) }),
    )
    expect(await examined(some)).toMatchObject({ code: 4, codes: [...USUAL, 'sequencer_key_missing', 'operator_key_missing'] })
    expect(await examined(dir, { passphrase: 'wrong' })).toMatchObject({ code: 2, codes: ['passphrase_wrong', ...USUAL] })
    expect(await examined(dir, { passphrase: undefined })).toMatchObject({ code: 0, codes: USUAL })
    const broken = copyOf(dir)
    writeFileSync(join(broken, 'keys.json'), '{}')
    expect(await examined(broken)).toMatchObject({ code: 3, codes: ['keys_damaged', ...USUAL] })
  })

  it('tells how a change of the sequencer key stands', async () => {
    const twin = copyOf(dir)
    const { publicKey } = await ok(cli(twin, ['keys', 'add', 'sequencer', '--at', AT]))
    expect((await examined(twin)).codes).toEqual([...USUAL, 'rotation_pending'])
    const body = JSON.stringify({ sequencerKey: publicKey })
    await ok(cli(twin, ['tx', 'sequencer.rotate', '--as', 'operator', '--body', body, '--at', AT]))
    const rotated = await examined(twin)
    expect(rotated.code).toBe(0)
    expect(rotated.codes).toContain('rotation_recent')
    // The old key is gone, as after a theft.
    const path = join(twin, 'keys.json')
    const file = JSON.parse(readFileSync(path, 'utf8')) as { keys: { label: string; publicKey: string }[] }
    const kept = file.keys.filter(({ label, publicKey: key }) => label !== 'sequencer' || key === publicKey)
    writeFileSync(path, JSON.stringify({ ...file, keys: kept }))
    expect((await examined(twin)).codes).toContain('retired_key_missing')
  })

  it('tells of revoked keys, late closings, and notes without an answer', async () => {
    const twin = copyOf(dir)
    const file = JSON.parse(readFileSync(join(twin, 'keys.json'), 'utf8')) as { keys: { label: string }[] }
    const unknown = { ...file, keys: [...file.keys, { ...file.keys.at(-1)!, label: 'Dora', publicKey: '11'.repeat(32) }] }
    writeFileSync(join(twin, 'keys.json'), JSON.stringify(unknown))
    writeFileSync(join(twin, 'unanswered-ab12.note'), 'a note')
    await ok(cli(twin, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'late', '--at', AT]))
    const found = await examined(twin, { passphrase: undefined })
    expect(found.codes).toEqual(['unanswered', ...USUAL, 'closing_late', 'account_key_missing'])
    expect(found.code).toBe(0)
  })

  it('tells who may read and write', async () => {
    const twin = copyOf(dir)
    chmodSync(join(twin, 'keys.json'), 0o644)
    chmodSync(join(twin, 'ledger.db'), 0o666)
    const { codes, run } = await examined(twin)
    expect(codes).toEqual(['files_open', ...USUAL])
    expect(findingsOf(run)[0]!.message).toContain('keys.json')
    expect(findingsOf(run)[0]!.message).toContain('ledger.db')
  })

  it.runIf(process.getuid !== undefined)('tells a copy for an auditor from a ledger whose owner it is not run by', async () => {
    const twin = copyOf(dir)
    chmodSync(dirname(twin), 0o755)
    const look = async () => {
      chmodSync(twin, 0o555)
      onTestFinished(() => chmodSync(twin, 0o755))
      const { stdout } = await promisify(execFile)(process.execPath, [join(ROOT, 'test/cli/doctor-child.ts'), twin])
      chmodSync(twin, 0o755)
      return (JSON.parse(stdout) as Finding[]).map(({ code, severity }) => [code, severity])
    }
    expect(await look()).toEqual([['folder_unwritable', 'error']])
    without(twin, 'keys.json')
    expect(await look()).toEqual([['read_only', 'info']])
  })

  it('tells a write-ahead log that a reader keeps from being cut', async () => {
    const twin = copyOf(dir)
    writeFileSync(join(twin, 'ledger.db-wal'), '')
    truncateSync(join(twin, 'ledger.db-wal'), 65 * 1024 * 1024)
    expect((await examined(twin)).codes).toEqual(['wal_large', ...USUAL])
  })

  it('tells that the lock is held, and on Linux by whom', async () => {
    const twin = copyOf(dir)
    const writer = await openSqliteWriter(twin)
    try {
      const { code, codes, run } = await examined(twin)
      expect({ code, codes }).toEqual({ code: 0, codes: ['lock_held', ...USUAL] })
      if (process.platform === 'linux') expect(findingsOf(run)[0]!.message).toContain(`process ${process.pid} (node`)
    } finally {
      await writer.close()
    }
    expect((await examined(twin)).codes).toEqual(USUAL)
  })

  it('tells what to do where the file of the lock is none, and it helps', async () => {
    const twin = copyOf(dir)
    writeFileSync(join(twin, 'lock.db'), 'no database')
    const { code, codes, run } = await examined(twin)
    expect({ code, codes }).toEqual({ code: 3, codes: ['store_damaged', ...USUAL] })
    expect(findingsOf(run)[0]!.remedy).toMatch(/delete lock\.db/)
    without(twin, 'lock.db')
    await ok(cli(twin, ['topup', 'Bob', '1', '--provider', 'bank', '--reference', 'unlocked']))
    expect((await examined(twin)).codes).toEqual(USUAL)
  })

  it('tells a clock that is behind the last entry, on a ledger that goes by it', async () => {
    const place = join(folder(), 'ledger')
    await found(place, 'clock.example/credits')
    expect(await examined(place)).toMatchObject({ code: 0, codes: [] })
    const late = join(folder(), 'late.mjs')
    writeFileSync(late, 'const now = Date.now; Date.now = () => now() - 3_600_000\n')
    const behind = await examined(place, { env: { NODE_OPTIONS: `--import ${late}` } })
    expect(behind).toMatchObject({ code: 0, codes: ['clock_behind'] })
  })
})
