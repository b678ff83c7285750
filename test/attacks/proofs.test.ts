/**
 * Attacks on closings and balance proofs: a root of another ledger or another day, a leaf, a path or a number that is not the
 * account's, a proof put together from parts of true ones. Whoever checks has nothing but the log's key.
 */

import { expect, test } from 'vitest'
import { utf8 } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { canonicalize, type Json } from '../../core/domain/canonical.ts'
import { formatSeconds, wholeSeconds } from '../../core/domain/time.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { chooseVerifier } from '../../core/drivers/sodium/ed25519.ts'
import { balanceProofOf, checkProof, type ProvenBalance, receiptOf } from '../../core/ledger/receipt.ts'
import { stateAt } from '../../core/ledger/replay.ts'
import { noteVerifier } from '../../core/log/checkpoint.ts'
import { formatProof, type LogProof, parseProof } from '../../core/log/proof.ts'
import { homes } from '../ledger/homes.ts'
import { openMarketplace } from '../ledger/marketplace.ts'
import { ADA, accepted, BOB, DAY, LOG_KEY, OPERATOR, ORIGIN, TestLedger } from '../ledger/support.ts'

const TOOLS = { rules, sha256 }
const TRUST = { origin: ORIGIN, logKeys: [noteVerifier(chooseVerifier(), LOG_KEY)], witnesses: [], quorum: 0 }

type Fields = { readonly [field: string]: Json }

async function market(): Promise<TestLedger> {
  const test = await TestLedger.found(await homes[0]!.make())
  await openMarketplace(test)
  return test
}

async function closing(test: TestLedger): Promise<Fields> {
  const now = wholeSeconds(test.time)
  return { end: formatSeconds(now), size: test.ledger.size, ...(await test.ledger.summary(now)) }
}

async function close(test: TestLedger): Promise<number> {
  return accepted(await test.submit(OPERATOR, 'period.close', await closing(test))).index
}

async function proofOf(test: TestLedger, index: number, number: number): Promise<Uint8Array> {
  const { leaves } = (await stateAt(TOOLS, test.store, index)).leaves(test.time)
  return (await balanceProofOf(sha256, test.store, index, leaves, number))!
}

function proofIn(file: Uint8Array): LogProof {
  return parseProof(file, 1_000_000) as LogProof
}

function parts(file: Uint8Array): { readonly proof: LogProof; readonly extra: Fields } {
  const proof = proofIn(file)
  return { proof, extra: JSON.parse(new TextDecoder().decode(proof.extra)) as Fields }
}

function assembled(proof: LogProof, extra: Fields): Uint8Array {
  return formatProof({ ...proof, extra: utf8(canonicalize(extra)) })
}

test('a closing with the root of another ledger, of an hour ago, or of a state that is to come', async () => {
  // The machine compares a closing with its own state after exactly the entries before it.
  const [here, there] = [await market(), await market()]
  accepted(await here.ledger.submit(here.topup(ADA, '1')))
  accepted(await there.ledger.submit(there.topup(BOB, '1')))
  const [own, foreign] = [await closing(here), await closing(there)]
  expect(foreign.size).toBe(own.size)
  expect(foreign.totals).toEqual(own.totals)
  expect(await here.submit(OPERATOR, 'period.close', foreign)).toMatchObject({ code: 'wrong_state' })
  accepted(await here.ledger.submit(here.model(ADA)))
  expect(await here.submit(OPERATOR, 'period.close', own)).toMatchObject({ code: 'stale_size' })
  const renumbered = { ...own, size: here.ledger.size }
  expect(await here.submit(OPERATOR, 'period.close', renumbered)).toMatchObject({ code: 'wrong_state' })
  expect(await here.submit(OPERATOR, 'period.close', { ...renumbered, size: 999 })).toMatchObject({ code: 'stale_size' })
  await close(here)
})

test("a balance proven with another's leaf, path or number, or with an inner node as a leaf", async () => {
  // The leaf's own number says where its path begins, and leaves and inner nodes are hashed apart.
  const ledger = await market()
  const index = await close(ledger)
  const ada = parts(await proofOf(ledger, index, 1))
  const bob = parts(await proofOf(ledger, index, 2))
  const leaf = ada.extra.leaf as string
  const path = ada.extra.path as string[]
  const forged: Fields[] = [
    { ...ada.extra, leaf: bob.extra.leaf! },
    { ...ada.extra, path: bob.extra.path! },
    { ...ada.extra, leaf: leaf.replace('"number":1', '"number":2') },
    { ...ada.extra, leaf: leaf.replace(ADA.account, BOB.account) },
    { ...ada.extra, leaf: leaf.replace('"receivable":"0"', '"receivable":"-1"') },
    { ...ada.extra, leaf: leaf.replace('"number":1', '"number":-1') },
    { ...ada.extra, leaf: leaf.replace('"number":1', '"number":4') },
    { ...ada.extra, path: path.slice(1) },
    { ...ada.extra, path: [...path, path[0]!] },
    { ...ada.extra, path: path.toReversed() },
    { ...ada.extra, leaf: Buffer.from(path.join(''), 'base64').toString('latin1') },
    { ...ada.extra, note: 'and more' },
  ]
  for (const extra of forged) expect(checkProof(TOOLS, assembled(ada.proof, extra), TRUST)).toBeInstanceOf(Malformed)
  expect((checkProof(TOOLS, assembled(ada.proof, ada.extra), TRUST) as ProvenBalance).leaf.account).toBe(ADA.account)
})

test("a balance of yesterday proven by today's closing, or by an entry that closes nothing", async () => {
  // The proof carries the closing's own bytes, whose place in the log is proven with them.
  const ledger = await market()
  const before = await close(ledger)
  const rich = parts(await proofOf(ledger, before, 2))
  ledger.time += DAY
  await ledger.accept(BOB, 'plan.subscribe', { plan: 'starter', price: '19' })
  const after = await close(ledger)
  const poor = parts(await proofOf(ledger, after, 2))
  const swapped = { ...poor.extra, leaf: rich.extra.leaf!, path: rich.extra.path! }
  expect(checkProof(TOOLS, assembled(poor.proof, swapped), TRUST)).toBeInstanceOf(Malformed)
  expect(checkProof(TOOLS, assembled(poor.proof, rich.extra), TRUST)).toBeInstanceOf(Malformed)
  const { file, entry } = (await receiptOf(sha256, ledger.store, after - 1))!
  const other = { ...poor.extra, closing: Buffer.from(entry).toString('base64') }
  expect(checkProof(TOOLS, assembled(proofIn(file), other), TRUST)).toBeInstanceOf(Malformed)
})

test('a proof from a ledger of the same name under another key', async () => {
  // The checkpoint is opened with the key that the checker has.
  const ledger = await market()
  const file = await proofOf(ledger, await close(ledger), 1)
  const foreign = { ...TRUST, logKeys: [noteVerifier(chooseVerifier(), { ...LOG_KEY, publicKey: ADA.pair.publicKey })] }
  expect(checkProof(TOOLS, file, foreign)).toBeInstanceOf(Malformed)
  expect(checkProof(TOOLS, file, { ...TRUST, logKeys: [] })).toBeInstanceOf(Malformed)
  expect(checkProof(TOOLS, file, { ...TRUST, quorum: 1 })).toBeInstanceOf(Malformed)
  expect(checkProof(TOOLS, file, TRUST)).not.toBeInstanceOf(Malformed)
})
