/** An account shows that it has its key: what it signs, who gets a token for it, and when the token ends. */

import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { MAX_SIGN_IN_BYTES, parseChallenge, SignIn } from '../../core/api/hub/sign-in.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { parseTransaction } from '../../core/domain/envelope.ts'
import { accountId } from '../../core/domain/ids.ts'
import type { Key } from '../../core/domain/state.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { chooseVerifier } from '../../core/drivers/sodium/ed25519.ts'
import { keyPair } from '../../core/drivers/sodium/signer.ts'
import { isOrigin, parseCheckpoint } from '../../core/log/checkpoint.ts'
import { ED25519, keyId, type NoteSigner, signNote } from '../../core/log/note.ts'

const ORIGIN = 'hub.example/credits'
const HUB = 'hub.example'
const NOON = Date.UTC(2026, 10, 22, 12)
const verify = chooseVerifier()

/** Somebody with a key, under the name of an account. */
function person(seed: number, account?: string) {
  const pair = keyPair(new Uint8Array(32).fill(seed))
  const name = account ?? accountId(sha256, pair.publicKey)
  const signer: NoteSigner = { name, keyId: keyId(sha256, name, ED25519, pair.publicKey), sign: pair.sign }
  return { account: name, signer, publicKey: Buffer.from(pair.publicKey).toString('hex') }
}

const ada = person(1)
const bob = person(2)

/** A hub at noon that knows Ada and Bob. */
function desk({ origin = ORIGIN, seed = 0 } = {}) {
  let now = NOON
  let counter = seed
  const keys = new Map<string, Key>()
  const enrol = ({ account, signer, publicKey }: typeof ada, more: Partial<Key> = {}) =>
    keys.set(`${account}/${signer.keyId}`, { publicKey, scopes: ['all'], addedAt: 0, ...more })
  enrol(ada)
  enrol(bob)
  const random = (bytes: number) =>
    new Uint8Array(createHash('sha512').update(`${origin} ${counter++}`).digest().subarray(0, bytes))
  const livingKey = async (account: string, id: string) => keys.get(`${account}/${id}`)
  const signIn = new SignIn({ sha256, verify, origin, now: () => now, random, livingKey })
  return { signIn, keys, enrol, pass: (seconds: number) => (now += seconds * 1_000) }
}

function challenge(signIn: SignIn, account = ada.account, hub = HUB): string {
  const text = signIn.challenge(account, hub)
  if (text instanceof Malformed) throw new Error(text.reason)
  return text
}

async function enter(signIn: SignIn, who = ada): Promise<string> {
  const pass = await signIn.prove(signNote(challenge(signIn, who.account), [who.signer]), HUB)
  if (pass instanceof Malformed) throw new Error(pass.reason)
  return pass.token
}

describe('the text', () => {
  test('says who asks whom for what ledger, and until when', () => {
    const text = challenge(desk().signIn)
    expect(text.split('\n').slice(0, 5)).toEqual([
      'nimledger sign-in v1',
      'ledger hub.example/credits',
      'hub hub.example',
      `account ${ada.account}`,
      'expires 2026-11-22T12:02:00Z',
    ])
    expect(parseChallenge(text)).toMatchObject({ ledger: ORIGIN, hub: HUB, account: ada.account, expires: NOON / 1_000 + 120 })
    expect(signNote(text, [ada.signer]).length).toBeLessThan(MAX_SIGN_IN_BYTES)
  })

  test('is no transaction and no checkpoint, whatever it names', () => {
    const text = challenge(desk().signIn)
    expect(parseTransaction(rules, sha256, text)).toBeInstanceOf(Malformed)
    expect(parseCheckpoint(text)).toBeInstanceOf(Malformed)
    expect(isOrigin(text.split('\n')[0]!)).toBe(false)
  })

  test('has one form', () => {
    const text = challenge(desk().signIn)
    const others = [
      '',
      text.slice(0, -1),
      `${text}\n`,
      `\n${text}`,
      text.replace('v1', 'v2'),
      text.replaceAll('\n', '\r\n'),
      text.replace('hub ', 'hub  '),
      text.replace('hub hub.example\n', ''),
      text.replace('hub hub.example\n', 'hub hub.example\nhub evil.example\n'),
      text.replace('2026-11-22', '2026-11-31'),
      text.replace(/nonce .*/, 'nonce x'),
      '{"type":"account.open"}\n',
    ]
    expect(others.filter((other) => !(parseChallenge(other) instanceof Malformed))).toEqual([])
  })

  test.each(['', 'hub.example\nseal x', 'a b', 'HUB', 'x'.repeat(300)])('is not made for a host like %j', (host) => {
    expect(desk().signIn.challenge(ada.account, host)).toBeInstanceOf(Malformed)
  })

  test('is another one each time', () => {
    const { signIn } = desk()
    expect(challenge(signIn)).not.toBe(challenge(signIn))
  })
})

describe('a token', () => {
  test('is for whoever signed, and good for an hour', async () => {
    const { signIn, pass } = desk()
    const note = signNote(challenge(signIn), [ada.signer])
    const got = await signIn.prove(note, HUB)
    expect(got).toMatchObject({ account: ada.account, expires: NOON / 1_000 + 3_600 })
    const { token } = got as { token: string }
    expect(token).toMatch(/^nim_own_[0-9a-f]{16}_[A-Za-z0-9_-]{43}$/)
    expect(await signIn.find(token)).toBe(ada.account)
    pass(3_599)
    expect(await signIn.find(token)).toBe(ada.account)
    pass(1)
    expect(await signIn.find(token)).toBeUndefined()
  })

  test('is one for each text, also for those who come at the same time', async () => {
    const { signIn } = desk()
    const note = signNote(challenge(signIn), [ada.signer])
    const got = await Promise.all([signIn.prove(note, HUB), signIn.prove(note, HUB), signIn.prove(note, HUB)])
    expect(got.filter((one) => !(one instanceof Malformed))).toHaveLength(1)
    expect(got.filter((one) => one instanceof Malformed).map(({ reason }) => reason)).toEqual(
      Array.from({ length: 2 }, () => 'the text was used already: ask for another one'),
    )
  })

  test('is not given later', async () => {
    const { signIn, pass } = desk()
    const note = signNote(challenge(signIn), [ada.signer])
    pass(120)
    expect(await signIn.prove(note, HUB)).toMatchObject({ reason: expect.stringContaining('expired') })
  })

  test('ends with the key', async () => {
    const { signIn, keys } = desk()
    const token = await enter(signIn)
    keys.delete(`${ada.account}/${ada.signer.keyId}`)
    expect(await signIn.find(token)).toBeUndefined()
    // For good: it does not come back with the key.
    keys.set(`${ada.account}/${ada.signer.keyId}`, { publicKey: ada.publicKey, scopes: ['all'], addedAt: 0 })
    expect(await signIn.find(token)).toBeUndefined()
  })

  test('ends with the hub', async () => {
    const token = await enter(desk().signIn)
    expect(await desk({ seed: 100 }).signIn.find(token)).toBeUndefined()
  })

  test('is known whole alone', async () => {
    const { signIn } = desk()
    const token = await enter(signIn)
    const others = [
      '',
      token.slice(0, -1),
      `${token}A`,
      `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
      token.toUpperCase(),
      token.replace('nim_own', 'nim_read'),
      token.replace(/_[0-9a-f]{16}_/, '_0000000000000000_'),
      ` ${token}`,
    ]
    for (const other of others) expect(await signIn.find(other), other).toBeUndefined()
    expect(await signIn.find(token)).toBe(ada.account)
  })

  test('of an account are few: the first ends with the seventeenth; another account has its own', async () => {
    const { signIn } = desk()
    const other = await enter(signIn, bob)
    const tokens: string[] = []
    for (let i = 0; i < 17; i++) tokens.push(await enter(signIn))
    const found = await Promise.all(tokens.map((token) => signIn.find(token)))
    expect(found).toEqual([undefined, ...Array.from({ length: 16 }, () => ada.account)])
    expect(await signIn.find(other)).toBe(bob.account)
  })
})

describe('nobody gets a token for', () => {
  const mallory = person(3)
  /** Signs as Ada, with another key. */
  const impostor = person(3, ada.account)

  async function refusedFor(make: (given: ReturnType<typeof desk>) => Uint8Array, hub = HUB): Promise<string> {
    const given = desk()
    const got = await given.signIn.prove(make(given), hub)
    expect(got).toBeInstanceOf(Malformed)
    return (got as Malformed).reason
  }

  test('a text that another hub made, or this one before it was restarted', async () => {
    const others = [desk({ seed: 50 }), desk({ origin: 'other.example/credits' })]
    for (const { signIn } of others)
      expect(await refusedFor(() => signNote(challenge(signIn), [ada.signer]))).toContain('not from this hub')
  })

  test('a text that was made for another host: one who passes it on gets nothing', async () => {
    expect(await refusedFor(({ signIn }) => signNote(challenge(signIn, ada.account, 'evil.example'), [ada.signer]))).toContain(
      'not from this hub',
    )
  })

  test('a text that was altered', async () => {
    const altered = [
      (text: string) => text.replace('expires 2026', 'expires 2027'),
      (text: string) => text.replace(ada.account, bob.account),
      (text: string) => text.replace(ORIGIN, 'other.example'),
    ]
    for (const alter of altered)
      expect(await refusedFor(({ signIn }) => signNote(alter(challenge(signIn)), [ada.signer, bob.signer]))).not.toBe('')
    const swapped = ({ signIn }: ReturnType<typeof desk>) =>
      signNote(challenge(signIn).replace(ada.account, bob.account), [bob.signer])
    expect(await refusedFor(swapped)).toContain('not from this hub')
  })

  test('a signature of somebody else, of nobody, or of two', async () => {
    const by = (signers: NoteSigner[]) => refusedFor(({ signIn }) => signNote(challenge(signIn), signers))
    expect(await by([bob.signer])).toContain('signed by its account')
    expect(await by([ada.signer, bob.signer])).toContain('signed by its account')
    expect(await by([impostor.signer])).toContain('does not sign for the account')
    const forged = { ...ada.signer, sign: impostor.signer.sign }
    expect(await by([forged])).toBe('the signature is not valid')
    const zero = { ...ada.signer, sign: () => new Uint8Array(64) }
    expect(await by([zero])).toBe('the signature is not valid')
  })

  test('an account that does not exist: told in the words for a wrong key', async () => {
    const stranger = await refusedFor(({ signIn }) => signNote(challenge(signIn, mallory.account), [mallory.signer]))
    expect(stranger).toBe(await refusedFor(({ signIn }) => signNote(challenge(signIn), [impostor.signer])))
  })

  test('a key that is for one thing alone', async () => {
    for (const scope of ['meter', 'issue', 'schedule']) {
      const reason = await refusedFor((given) => {
        given.enrol(impostor, { scopes: [scope] })
        return signNote(challenge(given.signIn), [impostor.signer])
      })
      expect(reason).toContain(scope)
    }
    const { signIn, enrol } = desk()
    enrol(impostor, { scopes: ['meter', 'spend'] })
    expect(await signIn.prove(signNote(challenge(signIn), [impostor.signer]), HUB)).toMatchObject({ account: ada.account })
  })

  test('what is no note, or too long', async () => {
    expect(await refusedFor(() => Buffer.from('hello'))).not.toBe('')
    expect(await refusedFor(() => new Uint8Array())).not.toBe('')
    expect(await refusedFor(() => Buffer.alloc(MAX_SIGN_IN_BYTES + 1, 65))).toContain('more than')
    expect(await refusedFor(() => signNote('{"a":1}\n', [ada.signer]))).toContain('not one to sign in with')
  })
})
