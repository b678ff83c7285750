/** Keys that come and go while others sign: those of accounts from one entry to the next, those of the log for 30 days. */

import { describe, expect, test } from 'vitest'
import { toHex, utf8 } from '../../core/base/bytes.ts'
import type { Json } from '../../core/domain/canonical.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { keyPair } from '../../core/drivers/sodium/signer.ts'
import { exportTiles, openTileFolder } from '../../core/drivers/tile-folder.ts'
import { audit } from '../../core/ledger/audit.ts'
import type { SequencerKey } from '../../core/ledger/log-keys.ts'
import type { StoreWriter } from '../../core/ledger/store.ts'
import { signCheckpoint } from '../../core/log/checkpoint.ts'
import { ED25519, formatVerifierKey, type Note, parseNote, signNote, type VerifierKey, verifierKey } from '../../core/log/note.ts'
import { homes, type RestorableHome, temporaryFolder } from './homes.ts'
import {
  ADA,
  type Answer,
  accepted,
  BOB,
  codes,
  DAY,
  FOUNDED,
  holding,
  interpose,
  LOG_KEY,
  MODEL,
  OPERATOR,
  ORIGIN,
  openedCheckpoint,
  type Person,
  SECOND,
  SEQUENCER,
  signerAs,
  submitAll,
  TestLedger,
  turns,
  VERIFIER,
  withAda,
} from './support.ts'

/** Another key of somebody's. */
function another(owner: Person, label: string) {
  const signer = signerAs(keyPair(sha256(utf8(`${owner.name}'s ${label}`))), owner.account)
  const publicKey = toHex(signer.publicKey)
  const add = { publicKey, scopes: ['all'], label } satisfies Json
  const sign = (test: TestLedger, type: string, body: Json) => signNote(test.compose(owner, type, body), [signer])
  return { keyId: signer.keyId, add, sign }
}

function nextSequencer(name: string): { readonly signer: SequencerKey; readonly key: VerifierKey; readonly body: Json } {
  const pair = keyPair(sha256(utf8(`sequencer ${name}`)))
  const key = verifierKey(sha256, ORIGIN, ED25519, pair.publicKey)
  return { signer: signerAs(pair, ORIGIN), key, body: { sequencerKey: toHex(pair.publicKey) } }
}

const SECOND_KEY = nextSequencer('2')
const THIRD_KEY = nextSequencer('3')
const ALL = [SEQUENCER, SECOND_KEY.signer, THIRD_KEY.signer]

function signedBy(checkpoint: Uint8Array | undefined): string[] {
  const note = parseNote(checkpoint!, 10_000) as Note
  return note.signatures.map(({ keyId }) => keyId)
}

function rotate(test: TestLedger, to = SECOND_KEY): Promise<Answer> {
  return test.submit(OPERATOR, 'sequencer.rotate', to.body)
}

describe.each(homes)('keys on a ledger on $kind', ({ make }) => {
  const home: () => Promise<RestorableHome> = make

  async function rotating(): Promise<TestLedger<RestorableHome>> {
    const test = await TestLedger.found(await home(), { sequencerKeys: ALL })
    accepted(await test.ledger.submit(test.opening(ADA)))
    return test
  }

  describe('of accounts', () => {
    test('sign from the entry after the one that adds them on, in the same turn', async () => {
      const test = await withAda(await home())
      const phone = another(ADA, 'phone')
      const answers = await submitAll(test, [
        phone.sign(test, 'model.create', MODEL),
        test.sign(ADA, 'key.add', phone.add),
        phone.sign(test, 'model.create', MODEL),
        test.model(ADA),
      ])
      expect(codes(answers)).toEqual(['bad_signature', 'accepted', 'accepted', 'accepted'])
      expect((await test.audit()).defects).toEqual([])
    })

    test('sign nothing from the entry after the one that revokes them on, in the same turn', async () => {
      const test = await withAda(await home())
      const phone = another(ADA, 'phone')
      accepted(await test.submit(ADA, 'key.add', phone.add))
      const answers = await submitAll(test, [
        phone.sign(test, 'model.create', MODEL),
        test.sign(ADA, 'key.revoke', { key: phone.keyId, reason: 'lost' }),
        phone.sign(test, 'model.create', MODEL),
        phone.sign(test, 'key.revoke', { key: ADA.signer.keyId, reason: 'revenge' }),
        test.model(ADA),
      ])
      expect(codes(answers)).toEqual(['accepted', 'accepted', 'bad_signature', 'bad_signature', 'accepted'])
      await test.reopen()
      expect(codes([await test.ledger.submit(phone.sign(test, 'model.create', MODEL))])).toEqual(['bad_signature'])
      expect((await test.audit()).defects).toEqual([])
    })

    test('come, sign and go in one turn, whatever others sign meanwhile', async () => {
      const test = await withAda(await home())
      const phone = another(ADA, 'phone')
      const answers = await submitAll(test, [
        test.opening(BOB),
        test.sign(ADA, 'key.add', phone.add),
        test.model(BOB),
        phone.sign(test, 'key.revoke', { key: ADA.signer.keyId, reason: 'the phone is enough' }),
        test.model(ADA),
        test.model(BOB),
        phone.sign(test, 'key.revoke', { key: phone.keyId, reason: 'too much' }),
      ])
      const expected = ['accepted', 'accepted', 'accepted', 'accepted', 'bad_signature', 'accepted', 'last_key']
      expect(codes(answers)).toEqual(expected)
      expect((await test.audit()).defects).toEqual([])
    })

    test('freezing holds from the next entry on, within one batch', async () => {
      const test = await withAda(await home())
      const freeze = { account: ADA.account, reason: 'r' }
      const answers = await submitAll(test, [
        test.model(ADA),
        test.sign(OPERATOR, 'account.freeze', freeze),
        test.model(ADA),
        test.sign(OPERATOR, 'account.unfreeze', freeze),
        test.model(ADA),
      ])
      expect(codes(answers)).toEqual(['accepted', 'accepted', 'frozen', 'accepted', 'accepted'])
      expect((await test.audit()).defects).toEqual([])
    })

    test('a budget counts what came before it in the batch', async () => {
      const test = await withAda(await home())
      accepted(await test.ledger.submit(test.opening(BOB)))
      accepted(await test.ledger.submit(test.topup(BOB, '100')))
      const feature = { kind: 'feature', title: 'F', description: '', price: '4', days: 30 }
      const listing = accepted(await test.submit(ADA, 'listing.publish', feature)).outcome.created!
      const phone = another(BOB, 'phone')
      const budget = { amount: '8', per: 'day' }
      accepted(await test.submit(BOB, 'key.add', { ...phone.add, scopes: ['spend'], budget }))
      const buy = () => phone.sign(test, 'feature.purchase', { listing, terms: 1, price: '4' })
      expect(codes(await submitAll(test, [buy(), buy(), buy()]))).toEqual(['accepted', 'accepted', 'exceeds_budget'])
      test.time += DAY
      expect(codes([await test.ledger.submit(buy())])).toEqual(['accepted'])
      expect((await test.audit()).defects).toEqual([])
    })
  })

  describe('of the log', () => {
    test('the new key signs from the rotation on, and the old one besides for 30 days of the log', async () => {
      const test = await rotating()
      expect(signedBy(test.ledger.checkpoint)).toEqual([LOG_KEY.keyId])
      accepted(await rotate(test))
      expect(signedBy(test.ledger.checkpoint)).toEqual([SECOND_KEY.key.keyId, LOG_KEY.keyId])
      expect(openedCheckpoint(test.ledger.checkpoint, LOG_KEY)).toEqual(openedCheckpoint(test.ledger.checkpoint, SECOND_KEY.key))
      test.time = FOUNDED + 30 * DAY - 1
      accepted(await test.ledger.submit(test.model(ADA)))
      expect(signedBy(test.ledger.checkpoint)).toEqual([SECOND_KEY.key.keyId, LOG_KEY.keyId])
      test.time = FOUNDED + 30 * DAY
      accepted(await test.ledger.submit(test.model(ADA)))
      expect(signedBy(test.ledger.checkpoint)).toEqual([SECOND_KEY.key.keyId])
      // What was signed is signed: no clock makes another checkpoint of the same tree.
      const before = test.ledger.checkpoint
      await test.reopen({ sequencerKeys: ALL })
      expect(test.ledger.checkpoint).toEqual(before)
    })

    test('a rotation in the middle of a batch counts for the whole of its checkpoint', async () => {
      const test = await rotating()
      const rotation = test.sign(OPERATOR, 'sequencer.rotate', SECOND_KEY.body)
      const again = test.sign(OPERATOR, 'sequencer.rotate', THIRD_KEY.body)
      expect(codes(await submitAll(test, [test.model(ADA), rotation, test.model(ADA), again]))).toEqual(Array(4).fill('accepted'))
      expect(signedBy(test.ledger.checkpoint)).toEqual([THIRD_KEY.key.keyId, LOG_KEY.keyId, SECOND_KEY.key.keyId])
      expect((await test.audit()).defects).toEqual([])
    })

    test('a rotation does not sign for what was executed before it, though that is not durable yet', async () => {
      const test = await rotating()
      const { held, wrap } = holding('before')
      const signed: string[][] = []
      const watched = (store: StoreWriter) =>
        interpose(store, async (method, call, given) => {
          if (method === 'replaceCheckpoint') signed.push(signedBy(given[1] as Uint8Array))
          return call()
        })
      await test.reopen({ sequencerKeys: ALL, wrap: (store) => watched(wrap(store)) })
      held.isNext = true
      const first = test.ledger.submit(test.model(ADA))
      await held.reached.promise
      const second = rotate(test)
      await turns(20)
      held.released.resolve()
      expect(codes(await Promise.all([first, second]))).toEqual(['accepted', 'accepted'])
      expect(signed).toEqual([[LOG_KEY.keyId], [SECOND_KEY.key.keyId, LOG_KEY.keyId]])
    })

    test('a key that the sequencer does not hold is not taken, and the ledger goes on', async () => {
      const test = await TestLedger.found(await home())
      const size = test.ledger.size
      await expect(rotate(test)).rejects.toMatchObject({ name: 'StoreError', code: 'missing', message: /does not hold the key/ })
      accepted(await test.ledger.submit(test.opening(ADA)))
      expect(test.ledger.size).toBe(size + 1)
    })

    test('opens with the keys that it needs, and with no other', async () => {
      const test = await rotating()
      accepted(await rotate(test))
      await expect(test.reopen({ sequencerKeys: [SEQUENCER] })).rejects.toMatchObject({
        message: 'The sequencer key at hand is not the one that the log names.',
      })
      // Whoever lost the old key goes on with the new one alone.
      await test.reopen({ sequencerKeys: [SECOND_KEY.signer] })
      expect(signedBy(test.ledger.checkpoint)).toEqual([SECOND_KEY.key.keyId])
      accepted(await test.ledger.submit(test.model(ADA)))
      expect((await test.audit()).defects).toEqual([])
    })

    test('stopped between a rotation and its checkpoint, it opens with the checkpoint of the old key', async () => {
      const test = await rotating()
      const { settings } = test
      const wrap: typeof settings.wrap = (store) =>
        interpose(store, (method, call) => {
          if (method === 'replaceCheckpoint') throw new Error('the power failed')
          return call()
        })
      await test.reopen({ ...settings, wrap })
      await expect(Promise.all([rotate(test), rotate(test, THIRD_KEY)])).rejects.toThrow('the power failed')
      expect(await test.store.size()).toBe(4)
      await test.reopen(settings)
      expect(signedBy(test.ledger.checkpoint)[0]).toBe(THIRD_KEY.key.keyId)
      expect((await test.audit()).defects).toEqual([])
    })

    test('a checkpoint signed by a key that was not yet, or no more, in force does not open', async () => {
      const test = await rotating()
      const early = {
        origin: ORIGIN,
        size: test.ledger.size,
        root: openedCheckpoint(test.ledger.checkpoint).root,
        extensions: [],
      }
      accepted(await rotate(test))
      const late = openedCheckpoint(test.ledger.checkpoint)
      for (const [head, signer] of [[early, SECOND_KEY.signer] as const, [late, SEQUENCER] as const]) {
        const good = await test.store.checkpoint()
        await test.store.replaceCheckpoint(good, signCheckpoint(head, [signer]))
        await expect(test.reopen({ sequencerKeys: ALL })).rejects.toMatchObject({
          message: 'The last checkpoint in the guard is not one that this sequencer signed.',
        })
        expect((await test.audit()).defects).toMatchObject([{ table: 'checkpoint', what: 'checkpoint' }])
        const store = await test.home.openWriter()
        await store.replaceCheckpoint(await store.checkpoint(), good!)
        await store.close()
        await test.reopen({ sequencerKeys: ALL })
      }
    })

    test('an audit takes the old key while it signs, and then says which entry took it out of service', async () => {
      const test = await rotating()
      const older = test.ledger.checkpoint!
      const { index } = accepted(await rotate(test))
      const rotation = { vkey: formatVerifierKey(SECOND_KEY.key), until: '2026-01-31T00:00:00Z' }
      expect(await test.audit({ trusted: LOG_KEY, older })).toMatchObject({ ok: true, rotation })
      expect(await test.audit({ trusted: SECOND_KEY.key, older })).toMatchObject({ ok: true, vkey: rotation.vkey })
      expect((await test.audit({ trusted: SECOND_KEY.key })).rotation).toBeUndefined()
      expect(await test.audit({ older })).toMatchObject({ ok: true, vkey: rotation.vkey, vkeySource: 'folder' })
      test.time += 30 * DAY
      accepted(await rotate(test, THIRD_KEY))
      test.time += SECOND
      const report = await test.audit({ trusted: LOG_KEY })
      expect(report).toMatchObject({ ok: false, defects: [{ index, what: 'rotated_key' }] })
      expect(report.defects[0]!.message).toContain(formatVerifierKey(THIRD_KEY.key))
      expect(await test.audit({ trusted: SECOND_KEY.key, older })).toMatchObject({ ok: true })
      const stranger = nextSequencer('of nobody').key
      expect(await test.audit({ trusted: stranger })).toMatchObject({ ok: false, defects: [{ what: 'wrong_key' }] })
    })

    test('exported tiles verify with the new key, and with the old one while it signs', async () => {
      const test = await rotating()
      accepted(await rotate(test))
      const folder = temporaryFolder()
      const options = { rules, sha256, verifier: VERIFIER }
      const exported = async (trusted: VerifierKey) => {
        const reader = await test.home.openReader()
        await exportTiles(reader, folder)
        await reader.close()
        return audit(openTileFolder(folder), undefined, { ...options, trusted })
      }
      expect(await exported(LOG_KEY)).toMatchObject({ ok: true, rotation: { vkey: formatVerifierKey(SECOND_KEY.key) } })
      expect(await exported(SECOND_KEY.key)).toMatchObject({ ok: true })
      test.time += 30 * DAY
      accepted(await test.ledger.submit(test.model(ADA)))
      expect(await exported(LOG_KEY)).toMatchObject({ ok: false, defects: [{ index: 2, what: 'rotated_key' }] })
      expect(await exported(SECOND_KEY.key)).toMatchObject({ ok: true })
    })
  })
})
