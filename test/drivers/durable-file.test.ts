/** Files that are written part by part: whole, or as they were before. */

import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writePartsDurably } from '../../core/drivers/durable-file.ts'
import { temporaryFolder } from '../ledger/homes.ts'

const MEBIBYTE = 1024 * 1024

test('has every part, of any number and size, in order', async () => {
  const file = join(temporaryFolder(), 'file')
  async function* parts() {
    yield 'zażółć '
    for (let i = 0; i < 1_000; i++) yield new Uint8Array(3 * 1024).fill(i)
    yield ''
    yield 'end'
  }
  await writePartsDurably(file, parts())
  const bytes = readFileSync(file)
  const begin = Buffer.from('zażółć ')
  expect(bytes.length).toBe(begin.length + 3_000 * 1024 + 3)
  expect(bytes.subarray(0, begin.length)).toEqual(begin)
  for (let i = 0; i < 1_000; i += 37) expect(bytes[begin.length + i * 3 * 1024]).toBe(i % 256)
  expect(bytes.subarray(-3).toString()).toBe('end')
  await writePartsDurably(file, ['new'])
  expect(readFileSync(file, 'utf8')).toBe('new')
})

test('is as it was where a part fails, and nothing else is left', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'file')
  writeFileSync(file, 'before')
  const failures = [new Error('gone'), Object.assign(new Error('elsewhere'), { path: '/elsewhere', syscall: 'read' })]
  for (const failure of failures) {
    function* parts() {
      yield new Uint8Array(2 * MEBIBYTE)
      throw failure
    }
    await expect(writePartsDurably(file, parts())).rejects.toBe(failure)
    expect(readFileSync(file, 'utf8')).toBe('before')
    expect(readdirSync(folder)).toEqual(['file'])
  }
  expect(failures[1]).toMatchObject({ path: '/elsewhere' })
})

test('begins anew where an earlier one was cut off', async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'file')
  writeFileSync(join(folder, 'other'), 'other')
  symlinkSync(join(folder, 'other'), `${file}.new`)
  await writePartsDurably(file, ['whole'])
  expect(readFileSync(file, 'utf8')).toBe('whole')
  // What lay in its way was put aside, not written through.
  expect(readFileSync(join(folder, 'other'), 'utf8')).toBe('other')
  expect(existsSync(`${file}.new`)).toBe(false)
})

test('takes no place of a folder, and names the file that was meant', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'taken'))
  await expect(writePartsDurably(join(folder, 'taken'), ['x'])).rejects.toMatchObject({
    code: 'EISDIR',
    path: join(folder, 'taken'),
  })
  const nowhere = join(folder, 'none', 'x')
  await expect(writePartsDurably(nowhere, ['x'])).rejects.toMatchObject({ code: 'ENOENT', path: nowhere })
  expect(readdirSync(folder)).toEqual(['taken'])
})
