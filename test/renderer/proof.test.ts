/** The page checks entries itself: what is sound verifies, and any byte that was changed on the way is seen. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page, Route } from 'playwright-core'
import { expect, test } from 'vitest'
import type { EntryDetail } from '../../core/api/views.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { noteVerifier } from '../../core/log/checkpoint.ts'
import { leafHash } from '../../core/log/merkle.ts'
import { parseVerifierKey } from '../../core/log/note.ts'
import { parseProof, verifyProof } from '../../core/log/proof.ts'
import { cli, folder, ok } from '../cli/run.ts'
import { opensslVerify, sha256 } from '../log/support.ts'
import { axeFindings, EVENTUALLY, open, openMarket } from './support.ts'

const INDEX = 7

/** Changes what the console answers about an entry, on its way to the page. */
async function alter(page: Page, change: (detail: EntryDetail) => EntryDetail): Promise<void> {
  await page.route(/\/trpc\/[^?]*log\.entry/, async (route: Route) => {
    const answer = await route.fetch()
    const results = (await answer.json()) as { result?: { data: EntryDetail } }[]
    const altered = results.map((one) =>
      one.result?.data.proof === undefined ? one : { result: { data: change(one.result.data) } },
    )
    await route.fulfill({ response: answer, json: altered })
  })
}

/** Changes one byte of base64. */
function flip(base64: string, at: number): string {
  const bytes = Buffer.from(base64, 'base64')
  bytes[at]! ^= 1
  return bytes.toString('base64')
}

/** Changes one digit of the first hash of a proof. */
function flipHash(proof: string): string {
  const lines = Buffer.from(proof, 'base64').toString('utf8').split('\n')
  lines[2] = flip(lines[2]!, 0)
  return Buffer.from(lines.join('\n')).toString('base64')
}

test('a receipt that somebody hands over verifies in the page, and one that was altered does not', async () => {
  const { page, market } = await openMarket('Bob')
  const file = join(market.dir, '..', 'receipt.tlog-proof')
  await cli(market.dir, ['prove', String(INDEX), '-o', file])
  await open(page, '#/verify')
  const choose = page.getByLabel('Choose a receipt').and(page.locator('input'))
  const give = (buffer: Buffer) => choose.setInputFiles({ name: 'receipt.tlog-proof', mimeType: 'text/plain', buffer })
  const receipt = readFileSync(file)
  await give(receipt)
  await page.getByText('Verified in this page').waitFor()
  expect(await axeFindings(page)).toEqual([])
  // A digit of the first hash; another entry in the extra line.
  const [head, extra, ...rest] = receipt.toString('utf8').split('\n') as [string, string, ...string[]]
  await give(Buffer.from([head, extra, rest[0], flip(rest[1]!, 0), ...rest.slice(2)].join('\n')))
  await page.getByText('This does not verify').waitFor()
  await give(Buffer.from([head, `extra ${flip(extra.slice(6), 40)}`, ...rest].join('\n')))
  await page.getByText('the note is another').waitFor()
  await give(Buffer.from('hello'))
  await page.getByText('This is no receipt of an entry').waitFor()
})

test('every entry verifies in the page', async () => {
  const { page, market } = await openMarket('Bob')
  for (const index of [0, INDEX, 20]) {
    await open(page, `#/log/${index}`)
    const entry = page.getByRole('dialog', { name: `Entry ${index}`, exact: true })
    await entry.getByText('Verified in this page').waitFor()
    expect(await entry.locator('.steps > [data-ok]').count()).toBe(6)
  }
  const entry = page.getByRole('dialog')
  await entry.getByRole('button', { name: 'The hashes, one by one' }).click()
  await entry.getByText('Tree size').waitFor()
  // The receipt verifies elsewhere, by the log's key alone; the entry is in it, and can be saved as it lies in the log.
  const files = new Map<string, Uint8Array>()
  page.on('download', async (download) => {
    const file = join(folder(), download.suggestedFilename())
    await download.saveAs(file)
    files.set(download.suggestedFilename(), readFileSync(file))
    if (file.endsWith('.tlog-proof'))
      expect(await ok(cli('', ['check', file, '--vkey', market.vkey]))).toMatchObject({ what: 'entry', index: 20 })
  })
  await entry.getByRole('button', { name: 'Download the receipt' }).click()
  await entry.getByRole('button', { name: /^Save the \d+ bytes$/ }).click()
  await expect.poll(() => files.size, EVENTUALLY).toBe(2)
  await entry.getByText('The account’s first key').waitFor()
  const proof = parseProof(files.get('entry-20.tlog-proof')!, 60_000)
  const key = parseVerifierKey(sha256, market.vkey)
  if (proof instanceof Malformed || key instanceof Malformed) throw new Error('The receipt is malformed.')
  const trust = { origin: key.name, logKeys: [noteVerifier(opensslVerify, key)], witnesses: [], quorum: 0 }
  const leaf = leafHash(sha256, files.get('entry-20.entry')!)
  expect(verifyProof(sha256, proof, leaf, trust)).toMatchObject({ checkpoint: { origin: market.vkey.split('+')[0] } })
  expect(proof.index).toBe(20)
})

test.each<[string, string, (detail: EntryDetail) => EntryDetail]>([
  ['a byte of the entry', 'lead from the leaf', (detail) => ({ ...detail, bytes: flip(detail.bytes, 60) })],
  ['a hash of the path', 'lead from the leaf', (detail) => ({ ...detail, proof: flipHash(detail.proof) })],
  [
    'the signature of the log',
    'signed by the log',
    (detail) => ({ ...detail, proof: flip(detail.proof, Buffer.from(detail.proof, 'base64').length - 8) }),
  ],
  ['the time that is shown', 'those of the bytes', (detail) => ({ ...detail, time: '2020-01-01T00:00:00.000Z' })],
  ['the note that is shown', 'signature', (detail) => ({ ...detail, note: detail.note.replace('"v":1', '"v":2') })],
  [
    'the key of a signature',
    'signature',
    (detail) => ({ ...detail, signatures: detail.signatures.map((one) => ({ ...one, publicKey: '00'.repeat(32) })) }),
  ],
  ['the key of the log', 'those of the bytes', (detail) => ({ ...detail, vkey: `${detail.vkey.slice(0, -4)}AAAA` })],
  ['nothing but another entry', 'lead from the leaf', (detail) => ({ ...detail, index: detail.index + 1 })],
])('changed on the way, %s: the page says so', async (_what, step, change) => {
  const { page } = await openMarket('Bob')
  await alter(page, change)
  await open(page, `#/log/${INDEX}`)
  const entry = page.getByRole('dialog')
  await entry.getByText('This does not verify').waitFor()
  expect(await entry.getByText('Verified in this page').count()).toBe(0)
  expect(await entry.locator('.steps > :not([data-ok])').allInnerTexts()).toContainEqual(expect.stringContaining(step))
})

test('the audit of everything, from the page', async () => {
  const { page } = await openMarket('Bob')
  await open(page, '#/verify')
  await page.getByRole('button', { name: 'Verify everything' }).click()
  await page.getByText('The log is sound').waitFor()
})
