/** Witnesses as their operators meet them: the command, a hub that asks them, and readers who demand their cosignatures. */

import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { readHubAnswer } from '../../core/api/hub-view.ts'
import { formatAddCheckpoint } from '../../core/log/add-checkpoint.ts'
import { readCheckpoint, signCheckpoint } from '../../core/log/checkpoint.ts'
import { ED25519, formatVerifierKey, type NoteSigner } from '../../core/log/note.ts'
import { printed, type Running, runProgram } from '../console/process.ts'
import { leafHashes, NaiveTree, namedKey } from '../log/support.ts'
import { found } from './market.ts'
import { cli, expectFailed, folder, ok, PASSPHRASE, ROOT } from './run.ts'

interface WitnessFacts {
  readonly listening: string
  readonly name: string
  readonly vkey: string
  readonly logs: readonly string[]
}

interface HubFacts {
  readonly listening: string
  readonly vkey: string
  readonly size: number
}

/** Without the launcher, which would outlive a kill -9. */
async function startProgram<Facts>(dir: string, args: readonly string[]): Promise<{ running: Running; facts: Facts }> {
  const argv = [join(ROOT, 'core/bin/cli.ts'), '--dir', dir, ...args]
  const env = { ...process.env, NIMLEDGER_PASSPHRASE: PASSPHRASE }
  const running = runProgram(spawn(process.execPath, argv, { env, stdio: ['ignore', 'pipe', 'pipe'] }))
  const [line] = await printed(running, /^.*\n/)
  return { running, facts: JSON.parse(line) as Facts }
}

const startWitness = (dir: string, name: string, ...more: string[]) =>
  startProgram<WitnessFacts>(dir, ['witness', '--name', name, '--listen', '127.0.0.1:0', ...more])

const startHub = (dir: string, ...more: string[]) =>
  startProgram<HubFacts>(dir, ['hub', '--listen', '127.0.0.1:0', '--schedule', 'off', ...more])

const ORIGIN = 'ledger.example/credits'
const log = namedKey(ORIGIN, ED25519, 1)
const LOG_VKEY = formatVerifierKey(log.key)
const tree = new NaiveTree(leafHashes(40))
const other = new NaiveTree(leafHashes(40).reverse())
const signer: NoteSigner = { ...log.key, sign: log.sign }

function request(oldSize: number, size: number, of = tree): Buffer<ArrayBuffer> {
  const checkpoint = signCheckpoint({ origin: ORIGIN, size, root: of.hash(0, size), extensions: [] }, [signer])
  const proof = oldSize === 0 ? [] : of.subtreeProof(0, oldSize, size)
  return Buffer.from(formatAddCheckpoint({ oldSize, proof, checkpoint }))
}

const post = (url: string, body: Buffer<ArrayBuffer>) => fetch(`${url}/add-checkpoint`, { method: 'POST', body })

describe('witness', () => {
  it('makes its key the first time, and remembers over kill -9 what it cosigned', async () => {
    const dir = join(folder(), 'witness')
    const first = await startWitness(dir, 'witness.example/w1', '--log', LOG_VKEY)
    expect(first.facts).toMatchObject({ name: 'witness.example/w1', logs: [ORIGIN] })
    expect(first.facts.vkey).toMatch(/^witness\.example\/w1\+[0-9a-f]{8}\+B/)
    let size = 0
    for (let next = 1; next <= 10; next++) {
      const answer = await post(first.facts.listening, request(size, next))
      expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('— witness.example/w1 ')])
      size = next
    }
    await first.running.end('SIGKILL')
    // The name is the key's, and need not be told again.
    const second = await startProgram<WitnessFacts>(dir, ['witness', '--listen', '127.0.0.1:0', '--log', LOG_VKEY])
    expect(second.facts.vkey).toBe(first.facts.vkey)
    const again = await post(second.facts.listening, request(0, 20, other))
    expect([again.status, await again.text()]).toEqual([409, '10\n'])
    expect(await second.running.end()).toBe(0)
  })

  it('keeps evidence of a log that signs two histories, which check confirms', async () => {
    const dir = join(folder(), 'witness')
    const { running, facts } = await startWitness(dir, 'witness.example/w1', '--log', LOG_VKEY)
    expect((await post(facts.listening, request(0, 7))).status).toBe(200)
    expect((await post(facts.listening, request(7, 7, other))).status).toBe(422)
    expect((await post(facts.listening, request(7, 7, other))).status).toBe(422)
    const found = readdirSync(dir).filter((name) => name.startsWith('evidence-'))
    expect(found).toHaveLength(1)
    const checked = await ok(cli('', ['check', join(dir, found[0]!), '--vkey', LOG_VKEY]))
    expect(checked).toMatchObject({ ok: true, what: 'evidence', kind: 'fork', proof: true, size: 7 })
    expect(running.errors()).toContain('signed two different trees of 7 entries')
    await running.end()
  })

  it('says what is wrong with what it is told', async () => {
    const dir = join(folder(), 'witness')
    const told = (...args: string[]) => cli(dir, ['witness', '--listen', '127.0.0.1:0', ...args])
    expect((await told()).code).toBe(2)
    expectFailed(await told('--log', 'nonsense', '--name', 'w'), 'usage')
    expectFailed(await told('--log', LOG_VKEY), 'usage')
    expectFailed(await told('--log', LOG_VKEY, '--name', 'a name'), 'usage')
    const { running, facts } = await startWitness(dir, 'w1', '--log', LOG_VKEY)
    expectFailed(await told('--log', facts.vkey), 'usage')
    expectFailed(await told('--log', LOG_VKEY, '--name', 'w2'), 'usage')
    expectFailed(await told('--log', LOG_VKEY), 'locked')
    await running.end()
    // Without its memory it could be made to cosign a second history.
    for (const name of readdirSync(dir)) if (name.startsWith('witness.db')) rmSync(join(dir, name))
    expectFailed(await told('--log', LOG_VKEY), 'damaged')
    const ledger = folder()
    await found(ledger, ORIGIN)
    expectFailed(await cli(ledger, ['witness', '--log', LOG_VKEY, '--name', 'w3']), 'usage')
  })
})

interface Scene {
  readonly dir: string
  readonly vkey: string
  readonly url: string
  readonly hub: Running
  readonly witnesses: readonly Running[]
  /** Two of three have to have cosigned; all three have to, which they cannot. */
  readonly policy: string
  readonly strict: string
}

const NAMES = ['witness.example/w1', 'witness.example/w2', 'witness.example/w3']

/** Who cosigned, as commands tell it. */
const BY_TWO = NAMES.slice(0, 2).map((name) => ({ name, time: expect.stringMatching(/Z$/) }))

/** A hub that holds back what two of its three witnesses have not cosigned; the third is away. */
async function openScene(): Promise<Scene> {
  const dir = join(folder(), 'ledger')
  const { vkey } = await found(dir, ORIGIN)
  const witnesses = await Promise.all(NAMES.map((name) => startWitness(join(folder(), 'witness'), name, '--log', vkey)))
  const lines = witnesses.map(({ facts }, i) => `witness w${i + 1} ${facts.vkey} ${facts.listening}`)
  const [policy, strict] = [join(folder(), 'policy'), join(folder(), 'policy')]
  writeFileSync(policy, [`log ${vkey}`, ...lines, 'group any-two 2 w1 w2 w3', 'quorum any-two', ''].join('\n'))
  writeFileSync(strict, [...lines, 'group everybody all w1 w2 w3', 'quorum everybody', ''].join('\n'))
  await witnesses[2]!.running.end()
  const hub = await startHub(dir, '--witness-policy', policy, '--unwitnessed', 'hold')
  const url = hub.facts.listening
  return { ...{ dir, vkey, url, policy, strict }, hub: hub.running, witnesses: witnesses.map(({ running }) => running) }
}

const published = async (url: string) => Buffer.from(await (await fetch(`${url}/checkpoint`)).arrayBuffer())

/** verify shows who cosigned, and refuses what too few have. */
async function expectVerified({ dir, url, vkey, policy, strict }: Scene): Promise<void> {
  const cosigned = { size: 2, cosigners: BY_TWO }
  expect(await ok(cli('', ['verify', url, '--witness-policy', policy]))).toMatchObject({ vkeySource: 'given', cosigned })
  expect(await ok(cli(dir, ['verify', '--witness-policy', policy]))).toMatchObject({ cosigned })
  const denied = await cli('', ['verify', url, '--vkey', vkey, '--witness-policy', strict])
  const message = expect.stringContaining('2 of 3')
  expect([denied.code, denied.json]).toMatchObject([
    3,
    { ok: false, defects: [{ table: 'checkpoint', what: 'witnesses', message }] },
  ])
}

/** Receipts carry the cosignatures, and check demands them. */
async function expectReceipts({ dir, vkey, policy, strict }: Scene): Promise<void> {
  const file = join(folder(), 'ada.tlog-proof')
  await ok(cli(dir, ['prove', '1', '-o', file]))
  expect(await ok(cli('', ['check', file, '--witness-policy', policy]))).toMatchObject({ index: 1, cosigners: BY_TWO })
  const denied = await cli('', ['check', file, '--vkey', vkey, '--witness-policy', strict])
  expect([denied.code, denied.json]).toMatchObject([3, { ok: false, message: expect.stringContaining('2 of 3') }])
  expect(await ok(cli('', ['check', file, '--vkey', vkey]))).not.toHaveProperty('cosigners')
  expectFailed(await cli('', ['check', file, '--witness-policy', strict]), 'usage')
  expectFailed(await cli('', ['check', file]), 'usage')
}

/** A mirror takes what its policy is content with, and waits for the rest. */
async function expectMirrored({ url, vkey, policy, strict }: Scene): Promise<void> {
  const mirror = join(folder(), 'mirror')
  const sync = (...more: string[]) => cli(mirror, ['sync', '--hub', url, '--vkey', vkey, ...more])
  const waiting = await sync('--witness-policy', strict)
  expectFailed(waiting, 'offline')
  expect(waiting.json.message).toContain('is not witnessed yet: 2 of 3')
  expectFailed(await sync(), 'offline')
  expect(await ok(sync('--witness-policy', policy))).toMatchObject({ size: 2, applied: 2 })
  expect(await ok(cli(mirror, ['verify', '--witness-policy', policy]))).toMatchObject({ cosigned: { size: 2 } })
  // What the hub accepts it publishes a moment later, and the mirror waits for that.
  expect(await ok(cli(mirror, ['account', 'new', 'Eve']))).toMatchObject({ name: 'Eve' })
  expect(await ok(cli(mirror, ['status']))).toMatchObject({ size: 3, outbox: { accepted: 1 } })
}

/** The operator sees what each witness cosigned, and why one does not. */
async function expectShown({ dir, url }: Scene): Promise<void> {
  const { token } = await ok(cli(dir, ['access', 'issue', 'office', '--scope', 'metrics']))
  const answer = await fetch(`${url}/trpc/status.show`, { headers: { authorization: `Bearer ${token}` } })
  const { witnesses, log } = readHubAnswer(await answer.text())!
  expect(log).toMatchObject({ entries: 3, published: 3, cosigned: 3 })
  const cosigned = expect.stringMatching(/Z$/)
  const away = { message: expect.stringContaining('does not answer'), time: cosigned }
  expect(witnesses).toEqual([
    { name: NAMES[0], size: 3, cosigned },
    { name: NAMES[1], size: 3, cosigned },
    { name: NAMES[2], size: 0, failure: away },
  ])
}

describe('a hub with witnesses', () => {
  it('publishes what they cosigned; verify, check, sync and export demand and show it', async () => {
    const scene = await openScene()
    const { dir, url, policy, hub, witnesses } = scene
    await ok(cli(dir, ['account', 'new', 'Ada']))
    await vi.waitFor(async () => expect(readCheckpoint(await published(url))).toMatchObject({ size: 2 }), { timeout: 20_000 })
    expect(await ok(cli(dir, ['status']))).toMatchObject({ size: 2, cosignedSize: 2 })
    const tiles = join(folder(), 'tiles')
    await ok(cli(dir, ['export', 'tiles', tiles]))
    expect(readFileSync(join(tiles, 'checkpoint'))).toEqual(await published(url))
    await expectVerified(scene)
    await expectReceipts(scene)
    await expectMirrored(scene)

    const metrics = await (await fetch(`${url}/metrics`)).text()
    expect(metrics).toContain('nimledger_cosigned_entries 3')
    expect(metrics).toContain('nimledger_witness_up{witness="witness.example/w3"} 0')
    await expectShown(scene)
    expect(metrics).toMatch(/nimledger_witness_requests_total\{witness="witness.example\/w1",outcome="cosigned"\} [1-9]/)
    expect(await hub.end()).toBe(0)
    for (const running of witnesses) await running.end()

    // Nobody cosigns any more, and what was published is published still.
    const later = await startHub(dir, '--witness-policy', policy, '--unwitnessed', 'hold')
    await ok(cli(dir, ['account', 'new', 'Bob']))
    expect(readCheckpoint(await published(later.facts.listening))).toMatchObject({ size: 3 })
    expect(await later.running.end()).toBe(0)
  })

  it('says what is wrong with its policy, and that what it published before is not of its ledger', async () => {
    const dir = join(folder(), 'ledger')
    await found(dir, ORIGIN)
    const policy = join(dir, 'policy')
    const hub = (...more: string[]) => cli(dir, ['hub', '--listen', '127.0.0.1:0', '--witness-policy', policy, ...more])
    expectFailed(await hub(), 'usage')
    const witness = formatVerifierKey(namedKey('w1', 4, 9).key)
    for (const text of [
      'nonsense\n',
      `witness w1 ${witness}\nquorum w1\n`,
      `witness w1 ${witness} http://w1.example\nquorum w1\n`,
    ]) {
      writeFileSync(policy, text)
      expectFailed(await hub(), 'usage')
    }
    const foreign = formatVerifierKey(namedKey('other.example/log', ED25519, 9).key)
    writeFileSync(policy, `log ${foreign}\nquorum none\n`)
    expectFailed(await hub(), 'usage')
    writeFileSync(policy, `witness w1 ${witness} https://w1.example\nquorum w1\n`)
    writeFileSync(
      join(dir, 'cosigned-checkpoint'),
      signCheckpoint({ origin: ORIGIN, size: 1, root: tree.hash(0, 1), extensions: [] }, [signer]),
    )
    expectFailed(await hub(), 'damaged')
    expect(existsSync(join(dir, 'published-checkpoint'))).toBe(false)
  })
})
