/** What an auditor asks the console: checkpoints side by side, and the log for other programs. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ExportFormat } from '../../core/api/host.ts'
import { toBase64, utf8 } from '../../core/base/bytes.ts'
import { bounded } from '../../core/bin/export/formats.ts'
import { openTileFolder } from '../../core/drivers/tile-folder.ts'
import { forkOf, rotate } from '../cli/forking.ts'
import { cli, folder, ok, PASSPHRASE } from '../cli/run.ts'
import { httpClient, marketCopy, openDesk, serve, visit } from './console.ts'
import { failureOf } from './spec.ts'

async function opened(dir: string) {
  const desk = openDesk(dir)
  await desk.unlock(PASSPHRASE)
  const server = await serve(desk)
  return { desk, ...httpClient(server.origin, await visit(server.url)) }
}

const given = (bytes: Uint8Array | string) => toBase64(typeof bytes === 'string' ? utf8(bytes) : bytes)

describe('two checkpoints', () => {
  it('of one log, before and after its key was replaced', async () => {
    const market = await marketCopy()
    const receipt = join(folder(), 'receipt.tlog-proof')
    await ok(cli(market.dir, ['prove', '7', '-o', receipt]))
    const rotated = await rotate(market)
    const { client } = await opened(market.dir)
    const { size } = await client.log.checkpoint.query()
    const found = await client.log.compare.query({ first: given(readFileSync(receipt)) })
    const { first, second } = found
    expect(found).toMatchObject({ size, verdict: 'extends' })
    expect(first).toMatchObject({ from: 'proof', size: rotated.index, trust: 'signed', standing: 'same' })
    expect(first.signatures).toMatchObject([
      { by: 'log', isValid: true, vkey: market.vkey, term: { entry: 0, replaced: { entry: rotated.index, time: rotated.time } } },
    ])
    expect(second).toMatchObject({ from: 'own', size, trust: 'signed', last: expect.any(String) })
    expect(second.signatures).toMatchObject([
      { by: 'log', vkey: rotated.vkey, term: { entry: rotated.index } },
      { by: 'earlier', vkey: market.vkey },
    ])
    expect(found.path!.length).toBeGreaterThan(0)
  })

  it('of two histories: the evidence is what nimledger check confirms', async () => {
    const market = await marketCopy()
    const { client } = await opened(market.dir)
    const { size } = await client.log.checkpoint.query()
    for (const [first, second, verdict] of [
      [await forkOf(market, size), undefined, 'contradict'],
      [await forkOf(market, size - 3), undefined, 'contradict'],
      [await forkOf(market, size - 3), await forkOf(market, size - 5), 'foreign'],
    ] as const) {
      const asked = { first: given(first), ...(second && { second: given(second) }) }
      const found = await client.log.compare.query(asked)
      expect(found.verdict).toBe(verdict)
      const { name, bytes, vkeys } = found.evidence!
      expect(vkeys).toEqual([market.vkey])
      const file = join(folder(), name)
      writeFileSync(file, Buffer.from(bytes, 'base64'))
      const checked = await ok(cli('', ['check', file, ...vkeys.flatMap((vkey) => ['--vkey', vkey])]))
      expect(checked).toMatchObject({ what: 'evidence', kind: 'fork', proof: true })
      // The file itself can be given: both of its checkpoints are compared.
      const again = await client.log.compare.query({ first: bytes })
      expect(again).toMatchObject({ verdict: 'contradict', first: { from: 'evidence' }, second: { from: 'evidence' } })
    }
  })

  it('or what is none: it is said which, and why', async () => {
    const { client } = await opened((await marketCopy()).dir)
    const { checkpoint } = await client.log.checkpoint.query()
    expect(await failureOf(client.log.compare.query({ first: given('hello') }))).toMatchObject({ code: 'usage' })
    const second = failureOf(client.log.compare.query({ first: checkpoint, second: given('{}') }))
    expect(await second).toMatchObject({ code: 'usage', message: expect.stringMatching(/^The second is no signed checkpoint/) })
    const vkeys = ['no key']
    expect(await failureOf(client.log.compare.query({ first: checkpoint, vkeys }))).toMatchObject({ code: 'usage' })
    const huge = 'A'.repeat(400_000)
    expect(await failureOf(client.log.compare.query({ first: huge }))).toMatchObject({ code: 'usage' })
    const altered = Buffer.from(checkpoint, 'base64')
      .toString('utf8')
      .replace(/\n(\d+)\n/, '\n1\n')
    expect(await client.log.compare.query({ first: given(altered) })).toMatchObject({
      verdict: 'unsigned',
      first: { trust: 'failed', standing: 'other' },
      second: { trust: 'signed' },
    })
  })
})

/** What a page gets of an export. */
async function exported(client: Awaited<ReturnType<typeof opened>>['client'], format: ExportFormat): Promise<Buffer> {
  let end: () => void = () => {}
  const file = await new Promise<{ id: string; bytes: number }>((resolve, reject) => {
    const { unsubscribe } = client.log.export.subscribe(
      { format },
      { onData: (event) => event.what === 'file' && resolve(event), onError: reject },
    )
    end = unsubscribe
  })
  const parts: Buffer[] = []
  for (let from = 0; from < file.bytes; from += parts.at(-1)!.length)
    parts.push(Buffer.from(await client.log.exportPart.query({ id: file.id, from }), 'base64'))
  end()
  return Buffer.concat(parts)
}

/** A folder for temporary files of this test alone, and what is in it of exports. */
function ownLeavings(): () => string[] {
  const dir = folder()
  vi.stubEnv('TMPDIR', dir)
  onTestFinished(() => void vi.unstubAllEnvs())
  return () => readdirSync(dir).filter((name) => name.startsWith('nimledger-export-'))
}

describe('exports', () => {
  it('are byte by byte what the command line writes, and nothing is left of them here', async () => {
    const market = await marketCopy()
    const leavings = ownLeavings()
    const { client } = await opened(market.dir)
    for (const format of ['jsonl', 'csv', 'hledger', 'beancount'] as const) {
      const file = join(folder(), format)
      await ok(cli(market.dir, ['export', format, file]))
      expect((await exported(client, format)).equals(readFileSync(file)), format).toBe(true)
    }
    await expect.poll(leavings, { timeout: 30_000 }).toEqual([])
  })

  it('of tiles are an archive, which the system unpacks into a log that verifies', async () => {
    const market = await marketCopy()
    const { client } = await opened(market.dir)
    const archive = await exported(client, 'tiles')
    expect((await exported(client, 'tiles')).equals(archive)).toBe(true)
    const unpacked = mkdtempSync(join(folder(), 'tiles-'))
    const file = join(folder(), 'tiles.tar')
    writeFileSync(file, archive)
    execFileSync('tar', ['-xf', file, '-C', unpacked])
    const { size } = await client.log.checkpoint.query()
    expect(await openTileFolder(unpacked).size()).toBe(size)
    expect(await ok(cli('', ['verify', unpacked, '--vkey', market.vkey]))).toMatchObject({ ok: true, entries: size })
  })

  it('end when nobody waits for them any more', async () => {
    const { client } = await opened((await marketCopy()).dir)
    const leavings = ownLeavings()
    const { unsubscribe } = client.log.export.subscribe({ format: 'jsonl' }, {})
    await expect.poll(() => leavings().length, { timeout: 30_000, interval: 5 }).toBe(1)
    unsubscribe()
    await expect.poll(leavings, { timeout: 30_000 }).toEqual([])
  })

  it('end where they grow beyond their bound, or where two are under way already', async () => {
    async function* parts() {
      yield 'four'
      yield new Uint8Array(5)
    }
    const collected: Uint8Array[] = []
    for await (const part of bounded(parts(), 9)) collected.push(part)
    expect(Buffer.concat(collected).length).toBe(9)
    const longer = async () => {
      for await (const _part of bounded(parts(), 8));
    }
    await expect(longer()).rejects.toMatchObject({ code: 'usage', message: /more than 8 bytes: nimledger export/ })
    const { desk } = await opened((await marketCopy()).dir)
    const end = new AbortController()
    const [one, other] = [1, 2].map(() => desk.files.exportLog('csv', end.signal, () => {}))
    await expect(desk.files.exportLog('csv', end.signal, () => {})).rejects.toMatchObject({ code: 'busy' })
    await Promise.all([one, other])
    end.abort()
  })

  it('end with the keys: what was begun is not handed out any more', async () => {
    const leavings = ownLeavings()
    const { client, desk } = await opened((await marketCopy()).dir)
    const file = await new Promise<{ id: string }>((resolve) => {
      client.log.export.subscribe({ format: 'csv' }, { onData: (event) => event.what === 'file' && resolve(event) })
    })
    await desk.lock()
    await expect.poll(leavings, { timeout: 30_000 }).toEqual([])
    expect(await failureOf(client.log.exportPart.query({ id: file.id, from: 0 }))).toMatchObject({ code: 'locked' })
    await desk.unlock(PASSPHRASE)
    expect(await failureOf(client.log.exportPart.query({ id: file.id, from: 0 }))).toMatchObject({ code: 'usage' })
  })
})
