/** A ledger with entries of every type, made in this process through the same desk that the commands use. */

import { randomBytes, scryptSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import nacl from 'tweetnacl'
import { concatBytes, toHex, utf8 } from '../../core/base/bytes.ts'
import { type Desk, publicKeyHex, writing } from '../../core/bin/desk.ts'
import { foundLedger, newKeyPair } from '../../core/bin/founding.ts'
import { SEQUENCER } from '../../core/bin/local-keys.ts'
import { OPERATOR, type Place } from '../../core/bin/place.ts'
import type { Json } from '../../core/domain/canonical.ts'
import { Vault, vaultPath } from '../../core/drivers/vault.ts'
import { folder, PASSPHRASE } from './run.ts'

export const ORIGIN = 'test.example/credits'
export const START = '2026-01-01T00:00:00Z'

export interface Market {
  readonly dir: string
  readonly vkey: string
  readonly operator: string
  readonly accounts: Record<string, string>
  /** Things by what they are: model, listing, dataset, feature. */
  readonly things: Record<string, string>
}

export function placeOf(dir: string, at?: string): Place {
  return { dir, passphrase: { environment: PASSPHRASE }, at: at === undefined ? undefined : Date.parse(at) }
}

const QUERY = { perRequest: '0.0001', perMInput: '0.5', perMOutput: '1.5', perSecond: '0' }

export const LISTING = {
  kind: 'model',
  title: 'Law 7B',
  description: 'Answers questions of contract law.',
  subscription: { week: '3', month: '10' },
  query: QUERY,
  included: { requests: 2, inputTokens: 0, outputTokens: 0, milliseconds: 0 },
  access: 'open',
}
export const DATASET = {
  kind: 'dataset',
  title: 'Contracts, annotated',
  description: '12 000 clauses.',
  content: { sha256: 'b'.repeat(64), bytes: 48_113_664 },
  purchase: '25',
  licences: [{ price: '9', days: 365, seats: 5, redistribution: false }],
}
export const FEATURE = { kind: 'feature', title: 'Priority', description: 'Calls go first.', price: '4', days: 30 }
export const modelBody = (name: string) => ({ name, base: 'llama-3-8b', artifact: 'a'.repeat(64), description: 'A model.' })
export const mandateBody = (listing: string) => ({
  listing,
  terms: 1,
  limit: { amount: '100', per: 'month' },
  reserve: '0',
  expires: '2026-12-01T00:00:00Z',
})

/** Ada sells, Bob and Chiara buy. With `size` entries, of which those after the story are top-ups. */
export async function foundMarket(size = 0): Promise<Market> {
  const dir = join(folder(), 'ledger')
  const founding = { origin: ORIGIN, name: 'Test', clock: 'manual', at: Date.parse(START) } as const
  const { vkey, operator } = await founded(dir, founding)
  return writing(placeOf(dir, '2026-01-02T10:00:00.250Z'), async (desk) => {
    const things = await tell(desk)
    for (let number = desk.ledger.size; number < size; number++) {
      const reference = `entry ${number}`
      await act(desk, OPERATOR, 'credit.topup', { account: desk.account('Bob'), amount: '0.000001', provider: 'bank', reference })
    }
    const accounts = Object.fromEntries(['Ada', 'Bob', 'Chiara'].map((name) => [name, desk.account(name)]))
    return { dir, vkey, operator, accounts, things }
  })
}

/** A ledger whose keys are sealed cheaply, as `init` founds it otherwise. */
export async function found(dir: string, origin: string): Promise<{ readonly vkey: string; readonly operator: string }> {
  return founded(dir, { origin, name: 'Test', clock: 'system' })
}

async function founded(dir: string, founding: Parameters<typeof foundLedger>[2]) {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  // A founding takes up the keys of an earlier attempt.
  writeCheaply(
    vaultPath(dir),
    [OPERATOR, SEQUENCER].map((label) => ({ label, pair: newKeyPair() })),
  )
  const answer = await foundLedger(dir, PASSPHRASE, founding)
  if ('status' in answer) throw new Error(answer.message)
  return answer
}

/** Seals the keys of a folder anew at the least cost that a vault may have: each command that signs would derive the full one. */
export function sealCheaply(dir: string): void {
  sealFileCheaply(vaultPath(dir))
}

/** The same of exported keys. */
export function sealFileCheaply(path: string): void {
  writeCheaply(path, Vault.openFile(path, PASSPHRASE).all())
}

/** A key that nothing uses, so that those that are added to it are sealed at the same small cost. */
export function beginCheaply(dir: string): void {
  writeCheaply(vaultPath(dir), [{ label: 'spare', pair: newKeyPair() }])
}

function writeCheaply(path: string, keys: ReturnType<Vault['all']>): void {
  const kdf = { name: 'scrypt', cost: 2, blockSize: 8, parallelization: 1, salt: randomBytes(16).toString('hex') }
  const secret = scryptSync(PASSPHRASE, Buffer.from(kdf.salt, 'hex'), nacl.secretbox.keyLength, { cost: 2, blockSize: 8 })
  const entries = keys.map(({ label, account, pair }) => {
    const nonce = randomBytes(nacl.secretbox.nonceLength)
    const name = utf8(account === undefined ? label : `${label}\n${account}`)
    const sealed = nacl.secretbox(concatBytes(pair.seed, name), nonce, secret)
    return { label, account, publicKey: publicKeyHex(pair), nonce: toHex(nonce), sealed: toHex(sealed) }
  })
  writeFileSync(path, JSON.stringify({ version: 1, kdf, keys: entries }), { mode: 0o600 })
}

async function act(desk: Desk, signer: string, type: string, body: Json): Promise<string> {
  const answer = await desk.submit({ signer, type, body })
  if (answer.status === 'refused') throw new Error(`${type}: ${answer.message}`)
  return answer.outcome.created ?? ''
}

async function tell(desk: Desk): Promise<Record<string, string>> {
  const people = ['Ada', 'Bob', 'Chiara']
  desk.vault.add(people.map((label) => ({ label, pair: newKeyPair() })))
  for (const name of people) {
    await act(desk, name, 'account.open', { name, publicKey: publicKeyHex(desk.vault.key(name)!) })
    const account = desk.account(name)
    await act(desk, OPERATOR, 'credit.topup', { account, amount: '250', provider: 'bank', reference: name })
  }
  await act(desk, 'Ada', 'plan.subscribe', { plan: 'starter', price: '19' })
  const model = await act(desk, 'Ada', 'model.create', modelBody('law-7b'))
  const spare = await act(desk, 'Ada', 'model.create', modelBody('spare-1b'))
  for (const one of [model, spare]) await act(desk, 'Ada', 'model.deploy', { model: one })
  await act(desk, 'Ada', 'model.undeploy', { model: spare })
  const listing = await act(desk, 'Ada', 'listing.publish', { ...LISTING, model })
  const dataset = await act(desk, 'Ada', 'listing.publish', DATASET)
  const feature = await act(desk, 'Ada', 'listing.publish', { ...FEATURE, model })
  await act(desk, 'Chiara', 'subscription.start', { listing, terms: 1, period: 'month', price: '10' })
  await act(desk, 'Chiara', 'dataset.purchase', { listing: dataset, terms: 1, price: '25' })
  await act(desk, 'Bob', 'dataset.license', { listing: dataset, terms: 1, licence: 0, price: '9' })
  await act(desk, 'Bob', 'feature.purchase', { listing: feature, terms: 1, price: '4' })
  await act(desk, 'Bob', 'usage.mandate', mandateBody(listing))
  const lines = [
    [0, 0, 1, 374, 44, 0],
    [0, 1_250, 1, 396, 109, 0, 'call-2'],
  ] as const
  const batch = { listing, stream: 'gateway', first: 1, start: START, payers: [desk.account('Bob')], lines }
  await act(desk, 'Ada', 'usage.batch', batch)
  // One refusal that the guard remembers.
  await desk.submit({ signer: 'Chiara', type: 'dataset.purchase', body: { listing: dataset, terms: 1, price: '25' } })
  return { model, spare, listing, dataset, feature }
}
