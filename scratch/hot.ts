// CPU of a purchase beside its signature: node scratch/hot.ts [count] [per batch]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSqliteLedger } from '../core/drivers/sqlite/store.ts'
import { ADA, folderHome, TestLedger, person, OPERATOR } from '../test/ledger/support.ts'
const count = Number(process.argv[2] ?? 40000)
const per = Number(process.argv[3] ?? 4000)
const dir = mkdtempSync(join(tmpdir(), 'hot-'))
await createSqliteLedger(join(dir, 'l'))
const yes = { verify: async (checks: readonly unknown[]) => checks.map(() => true), close: async () => {} }
const test = await TestLedger.found(folderHome(join(dir, 'l')), { verifier: yes as never })
const fake = (who: any) => ({ ...who, signer: { ...who.signer, sign: () => new Uint8Array(64).fill(7) } })
const payers = Array.from({ length: 1000 }, (_, i) => fake(person(`payer ${i}`)))
const creators = Array.from({ length: 20 }, (_, i) => fake(person(`creator ${i}`)))
const subm = async (notes: Uint8Array[]) => { for (let i = 0; i < notes.length; i += per) { const a = await Promise.all(notes.slice(i, i + per).map((n) => test.ledger.submit(n))); for (const x of a) if (x.status !== 'accepted') throw new Error((x as any).message); globalThis.last = a } }
await subm([...payers, ...creators].map((p) => test.sign(p, 'account.open', { publicKey: p.publicKey, name: p.name })))
await subm(payers.map((p) => test.sign(fake(OPERATOR), 'credit.topup', { account: p.account, amount: '100000', provider: 'bank', reference: p.name })))
await subm(creators.map((c) => test.sign(c, 'plan.subscribe', { plan: 'starter', price: '19' })).slice(0, 0))
const listings: string[] = []
for (const c of creators) await subm([test.sign(fake(OPERATOR), 'credit.topup', { account: c.account, amount: '100', provider: 'bank', reference: c.name }), test.sign(c, 'plan.subscribe', { plan: 'starter', price: '19' })])
for (let j = 0; j < Math.ceil(count / 1000 / 20); j++) {
  await subm(creators.map((c) => test.sign(c, 'listing.publish', { kind: 'dataset', title: `Data ${j}`, description: 'd', content: { sha256: 'b'.repeat(64), bytes: 48113664 }, purchase: '2.5' })))
  for (const a of (globalThis as any).last) listings.push(a.outcome.created)
}
const notes: Uint8Array[] = []
outer: for (const listing of listings) for (const p of payers) { notes.push(test.sign(p, 'dataset.purchase', { listing, terms: 1, price: '2.5' })); if (notes.length === count) break outer }
const warm = notes.splice(0, count / 4)
await subm(warm)
const c0 = process.cpuUsage(), t0 = performance.now()
await subm(notes)
const c = process.cpuUsage(c0)
console.log(`${notes.length} purchases: cpu ${((c.user + c.system) / notes.length).toFixed(1)} µs, wall ${((performance.now() - t0) * 1000 / notes.length).toFixed(1)} µs; note ${notes[0]!.length} bytes`)
await test.close(); rmSync(dir, { recursive: true })
